import { expect, test } from "vitest";
import type { ClusterDiagnosis, Diagnosis } from "../model/trace/finding.ts";
import { runCli } from "../kubectl/cli.ts";
import { manifest, deployment, pod, service } from "./findings/yaml-testing.ts";
import { createWorld } from "./world.ts";

const WEB = service("web", "{ selector: { app: wbe }, ports: [{ port: 80 }] }");
const BAD = service("bad", "{ selector: { app: bad }, ports: [{ port: 800000 }] }");
const TEXT = manifest(BAD, WEB, "foo: [bar\n", deployment("web"), pod("curl", { image: "curlimages/curl" }));
const ASK = { from: "pod/default/curl", to: "service/default/web:80", protocol: "tcp" } as const;

function worldOf(text: string) {
  const world = createWorld({ seed: null });
  world.dispatch({ type: "text", text });
  expect(world.report.accepted).toBe(false);
  return world;
}
const whyOf = (text: string, request: Parameters<ReturnType<typeof worldOf>["why"]>[0] = ASK): Diagnosis => {
  const found = worldOf(text).why(request);
  if ("message" in found) throw new Error(found.message);
  return found;
};
const allOf = (text: string): ClusterDiagnosis => {
  const found = worldOf(text).whyAll();
  if ("message" in found) throw new Error(found.message);
  return found;
};

test("what is left of a text is looked at, with its places in the whole of it", () => {
  const { findings, refused, outcome } = whyOf(TEXT);
  expect(outcome).toBe("refused");
  expect(findings[0]?.fix?.edits).toEqual([{ document: 1, path: "spec.selector.app", from: "wbe", to: "web" }]);
  const [clue] = findings[0]?.evidence ?? [];
  const line = TEXT.split("\n").findIndex((one) => one.includes("app: wbe")) + 1;
  expect(clue?.kind === "object" ? clue.range?.startLine : null).toBe(line);
  expect(refused?.map(({ document, object, messages }) => [document, object, messages[0]])).toEqual([
    [0, "Service/default/bad", expect.stringMatching(/^spec.ports\[0\].port: Invalid value: 800000/)],
    [2, null, expect.stringContaining("yaml: line")],
  ]);
  expect(refused?.map(({ range }) => TEXT.split("\n")[range.startLine - 1])).toEqual(["kind: Service", "foo: [bar"]);
  expect(allOf(TEXT)).toMatchObject({ outcome: "refused", refused, findings: [{ id: "SVC-SELECTOR-NO-MATCH" }] });
});

test("an item of a List, and what stood on an object that was refused", () => {
  const list = `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Namespace
    metadata: { name: Not_A_Name }
  - apiVersion: v1
    kind: Service
    metadata: { name: lost, namespace: Not_A_Name }
    spec: { ports: [{ port: 80 }] }
  - apiVersion: v1
    kind: Service
    metadata: { name: web, namespace: default }
    spec: { selector: { app: wbe }, ports: [{ port: 80 }] }
`;
  const { refused, findings } = whyOf(manifest(list, deployment("web"), pod("curl")));
  expect(refused?.map(({ document }) => document)).toEqual([0, 1]);
  expect(findings[0]?.fix?.edits).toMatchObject([{ document: 2, path: "spec.selector.app" }]);
});

test("items of a List in JSON", () => {
  const item = (name: string, port: number): string =>
    `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "${name}"}, "spec": {"selector": {"app": "wbe"}, "ports": [{"port": ${String(port)}}]}}`;
  for (const items of [
    [item("bad", 0), item("web", 80)],
    [item("web", 80), item("bad", 0)],
  ]) {
    const text = manifest(
      `{"apiVersion": "v1", "kind": "List", "items": [${items.join(", ")}]}`,
      deployment("web"),
      pod("curl"),
    );
    expect(whyOf(text)).toMatchObject({
      refused: [{ object: "Service/default/bad" }],
      findings: [{ fix: { edits: [{ document: items.indexOf(item("web", 80)) }] } }],
    });
  }
});

test("the request that dials what was refused is told of the refusal, and nothing else", () => {
  expect(worldOf(TEXT).why({ ...ASK, to: "service/default/bad:80" })).toMatchObject({
    message: expect.stringContaining("The text is refused"),
  });
  expect(worldOf(TEXT).why({ ...ASK, to: "http://bad.default/" })).toHaveProperty("message");
});

test("a node port that is refused comes before what is wrong with the rest", () => {
  const port = service("np", "{ type: NodePort, selector: { app: web }, ports: [{ port: 80, nodePort: 80 }] }");
  const text = manifest(port, WEB, deployment("web"), pod("curl"));
  expect(allOf(text)).toMatchObject({
    outcome: "not-sent",
    findings: [{ id: "NODEPORT-REJECTED" }, { id: "SVC-SELECTOR-NO-MATCH", fix: { edits: [{ document: 1 }] } }],
    refused: [{ document: 0, object: "Service/default/np" }],
  });
  expect(whyOf(text, { ...ASK, to: "node/worker-1:80" }).findings.map(({ id }) => id)).toEqual(["NODEPORT-REJECTED"]);
});

test("a text of which nothing is left is refused", () => {
  expect(worldOf(BAD).whyAll()).toMatchObject({ message: expect.stringContaining("The text is refused") });
});

test("the command line names what was left out, and ends well", () => {
  const { stdout, stderr, code } = runCli(["why", "shop.yaml"], () => TEXT);
  expect(stdout).toMatch(/^refused, and left out: Service\/default\/bad: spec.ports\[0\].port: Invalid value/);
  expect(stdout).toMatch(/^error {2}SVC-SELECTOR-NO-MATCH/m);
  expect(stderr).toMatch(/^shop.yaml:\d+: error: error converting YAML to JSON/m);
  expect(stderr).toMatch(/^shop.yaml:2: error: spec.ports\[0\].port: Invalid value: 800000/m);
  expect(code).toBe(0);
  expect(runCli(["why", "shop.yaml"], () => BAD).code).toBe(1);
});
