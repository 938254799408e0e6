import { afterEach, describe, expect, it, vi } from "vitest";
import { fetchSource, MAX_SOURCE, sourceOf } from "./source.ts";

const PAGE = "https://kubehop.example/play/?src=x#v1.abc";

describe("what ?src= may name", () => {
  it.each([
    ["https://raw.githubusercontent.com/a/b/main/web.yaml", "raw.githubusercontent.com", "web.yaml"],
    ["https://gist.githubusercontent.com/a/1/raw/x%20y.yaml", "gist.githubusercontent.com", "x y.yaml"],
    ["scenarios/web.yaml", "this site", "web.yaml"],
    ["/web.yaml", "this site", "web.yaml"],
  ])("%s", (written, host, name) => {
    expect(sourceOf(written, PAGE)).toMatchObject({ ok: true, host, name });
  });

  it.each([
    ["https://github.com/a/b/blob/main/web.yaml", "Raw"],
    ["https://gist.github.com/a/1", "Raw"],
    ["https://evil.example/web.yaml", "not from evil.example"],
    ["http://raw.githubusercontent.com/a/b/main/web.yaml", "only"],
    ["https://raw.githubusercontent.com:8443/a", "only"],
    ["https://raw.githubusercontent.com.evil.example/a", "evil.example"],
    ["https://me:pw@raw.githubusercontent.com/a", "password"],
    ["javascript:alert(1)", "not from javascript:"],
    ["data:text/plain,a: b", "not from data:"],
    ["//evil.example/x", "evil.example"],
    ["https://", "not an address"],
  ])("not %s", (written, why) => {
    const source = sourceOf(written, PAGE);
    expect(source).toMatchObject({ ok: false });
    expect(source.ok ? "" : source.why).toContain(why);
  });
});

describe("what it brings", () => {
  afterEach(() => vi.unstubAllGlobals());
  const answers = (body: BodyInit | null, init: ResponseInit = {}): void => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, init)));
  };

  it("is the text", async () => {
    answers("kind: Service\n---\nkind: Pod\n");
    expect(await fetchSource("x")).toEqual({ ok: true, text: "kind: Service\n---\nkind: Pod\n" });
  });

  it.each([
    ["a web page", "<!DOCTYPE html><html>", "web page"],
    ["no mapping", "just words", "not YAML with Kubernetes objects"],
    ["broken", "a: [1, 2", "not YAML"],
    ["empty", " \n", "empty"],
  ])("refused when it is %s", async (_, body, why) => {
    answers(body);
    expect(await fetchSource("x")).toMatchObject({ ok: false, why: expect.stringContaining(why) as string });
  });

  it("refused when it is larger than it said, or says so", async () => {
    answers(`a: ${"x".repeat(MAX_SOURCE)}`);
    expect(await fetchSource("x")).toMatchObject({
      ok: false,
      why: expect.stringContaining("larger than 1 MB") as string,
    });
    answers("a: b", { headers: { "content-length": String(MAX_SOURCE + 1) } });
    expect(await fetchSource("x")).toMatchObject({
      ok: false,
      why: expect.stringContaining("larger than 1 MB") as string,
    });
  });

  it("refused when it is not text, not there, or nobody answers", async () => {
    answers(new Uint8Array([0xff, 0xfe, 0x00]));
    expect(await fetchSource("x")).toMatchObject({ ok: false, why: expect.stringContaining("not text") as string });
    answers("no", { status: 404 });
    expect(await fetchSource("x")).toMatchObject({ ok: false, why: expect.stringContaining("404") as string });
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    expect(await fetchSource("x")).toMatchObject({ ok: false, why: expect.stringContaining("no network") as string });
  });
});
