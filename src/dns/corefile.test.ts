import { describe, expect, it } from "vitest";
import { SECOND } from "../base/time.ts";
import type { DnsQuestion, DnsResponse } from "../model/trace/message.ts";
import { parseCorefile } from "./corefile.ts";
import { addressOf, dashed, reverseName } from "./names.ts";
import { type Cache, serve } from "./server.ts";

describe("Corefile", () => {
  it("reads what kubeadm writes, comments and quotes", () => {
    const parsed = parseCorefile(
      '.:53 { # all\n errors\n health {\n  lameduck 5s\n }\n kubernetes cluster.local in-addr.arpa {\n  pods insecure\n  ttl 30\n  fallthrough in-addr.arpa\n }\n rewrite name a.b "c.d"\n forward . /etc/resolv.conf {\n  max_concurrent 1000\n }\n cache 30 {\n  disable success cluster.local\n  disable denial cluster.local\n }\n loadbalance\n}\n',
    );
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        servers: [
          {
            zones: ["."],
            port: 53,
            kubernetes: {
              zones: ["cluster.local.", "in-addr.arpa."],
              pods: "insecure",
              ttl: 30,
              fallthrough: ["in-addr.arpa."],
            },
            forward: [{ from: ".", to: ["/etc/resolv.conf"] }],
            cache: { success: 30, denial: 30, uncached: { success: ["cluster.local."], denial: ["cluster.local."] } },
            loadbalance: true,
            idle: ["rewrite"],
          },
        ],
      },
    });
  });

  it.each([
    [
      ".:53 {\n kubernets cluster.local\n}",
      "/etc/coredns/Corefile:2 - Error during parsing: Unknown directive 'kubernets'",
    ],
    [".:53 {\n errors\n", "/etc/coredns/Corefile:2 - Error during parsing: Unexpected end of file"],
    [
      ".:53 {\n kubernetes {\n  pods all\n }\n}",
      "/etc/coredns/Corefile:1 - Error during parsing: wrong value for pods: all,  must be one of: disabled, verified, insecure",
    ],
    [
      ".:53 {\n kubernetes {\n  ttl 9999\n }\n}",
      "/etc/coredns/Corefile:1 - Error during parsing: ttl must be in range [0, 3600]: 9999",
    ],
  ])("refuses %j", (text, error) => {
    expect(parseCorefile(text)).toEqual({ ok: false, error });
  });
});

it("names of addresses", () => {
  expect(reverseName("10.244.1.5")).toBe("5.1.244.10.in-addr.arpa.");
  expect(addressOf("5.1.244.10.in-addr.arpa.")).toBe("10.244.1.5");
  expect(addressOf("244.10.in-addr.arpa.")).toBeNull();
  expect(addressOf(reverseName("fd00:10::a") ?? "")).toBe("fd00:10::a");
  expect([dashed("10.244.1.5"), dashed("fd00::5"), dashed("fd00::")]).toEqual(["10-244-1-5", "fd00--5", "fd00--0"]);
});

describe("cache", () => {
  const question: DnsQuestion = { kind: "dns", name: "a.example.", type: "A" };
  const answer = (rcode: DnsResponse["rcode"], ttl: number): DnsResponse => ({
    question,
    rcode,
    flags: ["qr", "rd", "ra"],
    answer: rcode === "NOERROR" ? [{ name: "a.example.", ttl, type: "A", data: "192.0.2.1" }] : [],
    authority: rcode === "NOERROR" ? [] : [{ name: "example.", ttl, type: "SOA", data: "a. b. 1 2 3 4 30" }],
    additional: [],
    took: 0,
  });

  function ask(now: number, cache: Cache, upstream: DnsResponse, plugin = "cache 30") {
    const parsed = parseCorefile(`.:53 {\n forward . 192.0.2.53\n ${plugin}\n}`);
    if (!parsed.ok) throw new Error(parsed.error);
    const reader = { get: () => undefined, list: () => [], slicesOf: () => [], podByIP: () => undefined };
    return serve(
      {
        reader,
        corefile: parsed.value,
        now,
        serial: 0,
        own: [],
        port: 53,
        upstream: () => upstream,
        sample: () => 0,
        cache,
      },
      question,
    );
  }

  it("counts down, and asks again when the time is over", () => {
    const first = ask(0, {}, answer("NOERROR", 300));
    expect(first.by).toBe("forward");
    const later = ask(10 * SECOND, first.cache, answer("NXDOMAIN", 30));
    expect([later.by, later.response.rcode, later.response.answer[0]?.ttl]).toEqual(["cache", "NOERROR", 20]);
    expect(ask(30 * SECOND, first.cache, answer("NXDOMAIN", 30)).response.rcode).toBe("NXDOMAIN");
  });

  it("keeps denials: a name that was asked for too early stays away for a while", () => {
    const early = ask(0, {}, answer("NXDOMAIN", 30));
    expect(ask(29 * SECOND, early.cache, answer("NOERROR", 300)).response.rcode).toBe("NXDOMAIN");
    expect(ask(30 * SECOND, early.cache, answer("NOERROR", 300)).response.rcode).toBe("NOERROR");
  });

  it("keeps nothing of zones for which it is disabled, and no failures", () => {
    const plugin = "cache 30 {\n  disable success example\n }";
    expect(ask(0, {}, answer("NOERROR", 300), plugin).cache).toEqual({});
    expect(ask(0, {}, answer("SERVFAIL", 0)).cache).toEqual({});
  });
});
