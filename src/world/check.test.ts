import { expect, test } from "vitest";
import type { ExpectationSpec } from "../model/kubehop/expectation.ts";
import { checkExpectation } from "./check.ts";
import { worldOf } from "./why-testing.ts";
import { createWorld } from "./world.ts";

const CLUSTER = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: bad}
spec: {selector: {app: wob}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: pending}
spec: {type: LoadBalancer, loadBalancerClass: example.com/none, selector: {app: web}, ports: [{port: 80}]}
`;

const world = worldOf({ yaml: CLUSTER });
const base: ExpectationSpec = { from: "client/internet", to: "node/worker-1:30080", outcome: "delivered" };

test.each<[string, Partial<ExpectationSpec>]>([
  ["all of it arrives", {}],
  ["because of a finding beside it", { because: "SOURCE-IP-SNAT" }],
  ["the source is the node's", { sourceSeen: "node/worker-1", share: 1 }],
  ["one of three pods", { backend: firstPod(), share: "1/3" }],
  ["any of them", { backend: "web-" }],
  ["with a namespace", { backend: "default/web-" }],
  [
    "nobody behind it",
    { from: "node/worker-1", to: "service/default/bad:80", outcome: "refused", because: ["SVC-SELECTOR-NO-MATCH"] },
  ],
  ["no address", { to: "lb/default/pending:80", outcome: "not-sent", because: "LB-PENDING" }],
  ["another mode", { from: "node/worker-1", to: "127.0.0.1:30080", mode: "nftables", outcome: "refused" }],
  ["the cluster's own mode", { from: "node/worker-1", to: "127.0.0.1:30080" }],
  ["an answer's status", { from: "deploy/default/web", to: "http://web/", status: 200 }],
])("passes: %s", (_, spec) => {
  const before = world.journalHash();
  const result = checkExpectation(world, { ...base, ...spec });
  expect([result.passed, result.got]).toEqual([true, expect.any(String)]);
  expect(world.journalHash()).toBe(before);
});

test.each<[Partial<ExpectationSpec>, RegExp]>([
  [{ outcome: "timeout" }, /^delivered: SOURCE-IP-SNAT$/],
  [{ because: "HAIRPIN" }, /^delivered, but not because of HAIRPIN: SOURCE-IP-SNAT$/],
  [{ share: 0.5 }, /^delivered: SOURCE-IP-SNAT$/],
  [{ sourceSeen: "sender" }, /^delivered, but the server sees [\d.]+/],
  [
    { backend: firstPod() },
    /^delivered, but by default\/web-\S+ on 1 of 3 branches \(33\.33 %\); .*delivered on 1 of 3 branches \(33\.33 %\): SOURCE-IP-SNAT$/,
  ],
  [{ status: 200 }, /^delivered, but with no HTTP answer: SOURCE-IP-SNAT$/],
  [{ from: "node/worker-1", to: "service/default/bad:80" }, /^refused: SVC-SELECTOR-NO-MATCH$/],
  [{ to: "lb/default/pending:80" }, /^not sent: .*: LB-PENDING$/],
  [{ outcome: "not-sent" }, /^delivered: SOURCE-IP-SNAT$/],
  [{ to: "service/default/gone:80" }, /^not sent: .*gone/],
])("fails: %j", (spec, got) => {
  const result = checkExpectation(world, { ...base, ...spec });
  expect([result.passed, result.got]).toEqual([false, expect.stringMatching(got)]);
});

function firstPod(): string {
  return world.objects.list("Pod", "default")[0]?.metadata.name ?? "";
}

const expectation = (spec: string, name = ""): string =>
  `---\napiVersion: kubehop.dev/v1alpha1\nkind: Expectation\nmetadata: {name: ${JSON.stringify(name)}}\nspec: {${spec}}\n`;

test("those of the text in its order; of two with one name the later; never applied", () => {
  const yaml = [
    CLUSTER,
    expectation("from: node/worker-1, to: 'service/default/web:80', outcome: refused", "web"),
    expectation("from: node/worker-1, to: 'service/default/bad:80', outcome: delivered"),
    expectation("from: node/worker-1, to: 'service/default/web:80', outcome: delivered", "web"),
  ].join("");
  const { results, ...counts } = worldOf({ yaml }).check();
  expect(results.map(({ name, passed, range }) => [name, passed, range?.startLine])).toEqual([
    ["", false, 35],
    ["web", true, 40],
  ]);
  expect(counts).toEqual({ passed: 1, failed: 1 });
  expect(worldOf({ yaml }).objects.list("Expectation")).toEqual([]);
});

test("what is wrong with one is said at its field", () => {
  const wrong = createWorld({ seed: null });
  const spec = `from: pod/x, outcome: lost, because: [HAIRPINS, HAIRPIN], share: 3/2, sourceSeen: me, status: 99, family: 5, mode: ebpf, protocol: TCP`;
  wrong.dispatch({
    type: "text",
    text: expectation(spec) + expectation("from: node/a, to: 'b:1', outcome: not-sent, share: 0.5"),
  });
  expect(wrong.report.accepted).toBe(false);
  expect(
    wrong.report.diagnostics.map(
      ({ message, range }) => `${range.startLine}:${range.startColumn} ${message.slice(0, 90)}`,
    ),
  ).toMatchInlineSnapshot(`
    [
      "5:14 spec.from: Invalid value: "pod/x": must be pod/NAMESPACE/NAME, deploy/NAMESPACE/NAME, node",
      "5:7 spec.to: Required value",
      "5:139 spec.protocol: Unsupported value: "TCP": supported values: "icmp", "sctp", "tcp", "udp"",
      "5:114 spec.family: Unsupported value: 5: supported values: "4", "6"",
      "5:123 spec.mode: Unsupported value: "ebpf": supported values: "iptables", "ipvs", "nftables", "u",
      "5:30 spec.outcome: Unsupported value: "lost": supported values: "delivered", "name-error", "not",
      "5:46 spec.because[0]: Unsupported value: "HAIRPINS": supported values: "AFFINITY-CLIENTS-MERGED",
      "5:73 spec.share: Invalid value: "3/2": must be greater than 0 and at most 1, such as 0.5 or 1/3",
      "5:90 spec.sourceSeen: Invalid value: "me": must be an IP address, sender, pod/NAMESPACE/NAME, d",
      "5:102 spec.status: Invalid value: 99: must be between 100 and 599, inclusive",
      "10:59 spec.share: Forbidden: may not be set when \`outcome\` is not-sent",
    ]
  `);
  const fixes = wrong.report.diagnostics.flatMap(({ fixes: all }) => all.map(({ title }) => title));
  expect(fixes).toContain('Change to "HAIRPIN"');
});
