import { expect, test } from "vitest";
import { objectKey } from "../model/meta/types.ts";
import { createHost } from "../wire/host.ts";
import type { FromWorker, Queries, QueryName, ToWorker, Transport } from "../wire/protocol.ts";
import { createWorld } from "./world.ts";

const TEXT = `apiVersion: v1
kind: Service
metadata: {name: dns}
spec:
  selector: {app: dns}
  ports:
    - {name: dns, port: 53, protocol: UDP}
    - {name: dns-tcp, port: 53, protocol: TCP}
---
apiVersion: v1
kind: Pod
metadata: {name: dns, labels: {app: dns}}
spec:
  nodeName: worker-1
  containers: [{name: c, image: registry.example/dns, ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53, protocol: TCP}]}]
`;

/** A world behind its wire, asked as the page asks it. */
function asked() {
  const world = createWorld({ seed: 1 });
  const answers: unknown[] = [];
  let handler: (message: ToWorker) => void = () => undefined;
  const transport: Transport<FromWorker, ToWorker> = {
    post: (message) => message.kind === "answer" && answers.push(structuredClone(message.answer)),
    listen: (to) => (handler = to),
    close: () => undefined,
  };
  createHost(transport, world);
  expect(world.dispatch({ type: "text", text: TEXT }).refusal).toBeNull();
  const query = <N extends QueryName>(name: N, params: Queries[N]["params"]): Queries[N]["answer"] => {
    handler({ kind: "query", id: 1, name, params });
    return answers.at(-1) as Queries[N]["answer"];
  };
  return { world, query };
}

test("a port of both UDP and TCP is two choices, told apart by what they speak", () => {
  const { query } = asked();
  const { to } = query("choices", {});
  for (const value of ["service/default/dns:53", "pod/default/dns:53", "dns.default:53"]) {
    expect(to.filter((choice) => choice.value === value).map(({ protocol }) => protocol)).toEqual(["udp", "tcp"]);
  }
  const keys = to.map(({ value, protocol }) => `${value} ${protocol ?? ""}`);
  expect(new Set(keys).size).toBe(keys.length);
});

test("a node's connection table and its rules' counters tell of the request that went through", () => {
  const { world, query } = asked();
  expect(query("conntrack", { host: "node/worker-1" })).toEqual([]);
  const request = { from: "node/worker-1", to: "service/default/dns:53", protocol: "udp" } as const;
  const { walk } = world.dispatch({ type: "send", request });
  const first = walk?.hops[0]?.before;
  const [entry] = query("conntrack", { host: "node/worker-1" });
  expect(entry).toMatchObject({
    protocol: "udp",
    dnat: true,
    original: { dst: first?.dst, dport: 53 },
    reply: { src: walk?.backend?.ip, sport: 53 },
  });
  expect(entry?.expiresAt).toBeGreaterThan(world.now);
  const { rows } = query("rules", { node: "worker-1", table: "nat", search: "KUBE-SEP", offset: 0, limit: 100 });
  const dnat = rows.find(({ id }) => walk?.hops.some(({ rule }) => rule?.id === id));
  expect(dnat?.count?.[0]).toBe(1);
});

test("what is broken is told until it is mended", () => {
  const { world, query } = asked();
  const none = { nodes: [], proxies: [], lag: {}, hung: [], unready: [] };
  expect(query("faults", {})).toEqual(none);
  const pod = objectKey("Pod", "default", "dns");
  world.dispatch({ type: "fault", fault: "hang", pod, on: true });
  world.dispatch({ type: "fault", fault: "kube-proxy", node: "worker-1", on: false });
  world.dispatch({ type: "fault", fault: "watch-lag", node: "worker-2", micros: 5_000_000 });
  expect(query("faults", {})).toEqual({ ...none, proxies: ["worker-1"], lag: { "worker-2": 5_000_000 }, hung: [pod] });
  world.dispatch({ type: "fault", fault: "hang", pod, on: false });
  world.dispatch({ type: "fault", fault: "kube-proxy", node: "worker-1", on: true });
  world.dispatch({ type: "fault", fault: "watch-lag", node: "worker-2", micros: 0 });
  expect(query("faults", {})).toEqual(none);
});

test("a field of the text is set where it stands, or added, and nothing else changes", () => {
  const { query } = asked();
  const object = objectKey("Service", "default", "dns");
  const local = query("fieldEdit", { object, path: "spec.internalTrafficPolicy", to: "Local" });
  expect(local?.text.split("\n").filter((line) => !TEXT.split("\n").includes(line))).toEqual([
    "  internalTrafficPolicy: Local",
  ]);
  const port = query("fieldEdit", { object, path: "spec.ports[0].port", to: 5353 });
  expect(port?.text).toBe(TEXT.replace("port: 53, protocol: UDP", "port: 5353, protocol: UDP"));
  expect(
    query("fieldEdit", { object: objectKey("Service", "default", "none"), path: "spec.type", to: "NodePort" }),
  ).toBeNull();
});

test("why a request is refused, with the edit that mends it: its text, put in place, lets the request arrive", () => {
  const { world, query } = asked();
  const broken = TEXT.replace("selector: {app: dns}", "selector: {app: dnz}");
  world.dispatch({ type: "text", text: broken });
  const { hash } = query("journalHash", {});
  const request = { from: "node/worker-1", to: "service/default/dns:53", protocol: "udp" } as const;
  const diagnosis = query("why", { request });
  if (!("findings" in diagnosis)) throw new Error(diagnosis.message);
  const [first] = diagnosis.findings;
  expect(first).toMatchObject({ id: "SVC-SELECTOR-NO-MATCH", severity: "error" });
  const edited = query("editedText", { edits: first?.fix?.edits ?? [] });
  expect(query("journalHash", {}).hash).toBe(hash);
  expect(edited?.text.replace(/"dns"/, "dns")).toBe(TEXT);
  expect(query("editedText", { edits: [{ document: 9, path: "spec.type", from: null, to: "NodePort" }] })).toBeNull();
  world.dispatch({ type: "text", text: edited?.text ?? "" });
  expect(world.dispatch({ type: "send", request }).walk?.outcome).toBe("delivered");
});
