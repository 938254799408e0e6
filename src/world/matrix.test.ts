import fc from "fast-check";
import { expect, test } from "vitest";
import { objectKey } from "../model/meta/types.ts";
import type { Matrix, MatrixCell } from "../model/trace/matrix.ts";
import type { MatrixOptions } from "./matrix.ts";
import type { World } from "./types.ts";
import { worldOf } from "./why-testing.ts";
import { createWorld } from "./world.ts";

const NODES = ["worker-1", "worker-2"]
  .map(
    (name, i) =>
      `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}}\nstatus: {addresses: [{type: InternalIP, address: 172.18.0.${String(i + 3)}}]}\n---`,
  )
  .join("\n");
const deployment = (name: string, replicas = 2, labels = ""): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${String(replicas)}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}${labels}}}
    spec: {containers: [{name: c, image: nginx, ports: [{containerPort: 80}]}]}
---`;
const service = (name: string, spec: string): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ${spec}}
---`;
const policy = (name: string, spec: string): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ${name}}
spec: {${spec}}
---`;

function table(world: World, options: MatrixOptions = {}): Matrix {
  const found = world.matrix(options);
  if ("message" in found) throw new Error(found.message);
  return found;
}

/** The cell of a sender and an address, by what their labels begin with. */
function cell({ rows, columns, cells }: Matrix, from: string, to: string): MatrixCell | undefined {
  const row = rows.findIndex((one) => one.from.startsWith(from));
  const column = columns.findIndex(({ label }) => label.startsWith(to));
  return cells.find((one) => one.row === row && one.column === column);
}

const ends = (one: MatrixCell | undefined): unknown =>
  one?.shares.map(({ outcome, share }) => [outcome, Number(share.toFixed(6))]);

test("exact shares, a branch that shows each, and why", () => {
  const world = worldOf({
    yaml: `${deployment("a")}${deployment("b", 1)}${service("web", "ports: [{port: 80}]").replace("app: web", "tier: front")}`.replaceAll(
      "labels: {app: ",
      "labels: {tier: front, app: ",
    ),
    after: [],
  });
  const before = world.journalHash();
  const [pod] = world.objects.list("Pod", "default").filter(({ metadata }) => metadata.name.startsWith("b"));
  world.dispatch({ type: "pace", pace: "run" });
  world.dispatch({
    type: "fault",
    fault: "crash",
    pod: objectKey("Pod", "default", pod?.metadata.name ?? ""),
    container: null,
  });
  const found = table(world, { findings: true });
  const broken = cell(found, "node/worker-1", "default/web:80");
  expect(ends(broken)).toEqual([
    ["delivered", 0.666667],
    ["refused", 0.333333],
  ]);
  const walks = world.explore(broken?.request ?? { from: "", to: "", protocol: "tcp" });
  expect("walks" in walks ? walks.walks[broken?.shares[1]?.branch ?? -1]?.outcome : walks).toBe("refused");
  expect(broken?.finding).toBeDefined();
  expect(before).not.toBe("");
});

const SHOP = `${NODES}${deployment("web", 3)}${service("web", "type: NodePort, ports: [{port: 80, nodePort: 30080}]")}${deployment("api", 2)}${service("api", "clusterIP: None, ports: [{port: 80}]")}${deployment("curl", 3)}`;

test("addresses of every kind; pods that nothing tells apart are one row", () => {
  const world = worldOf({
    yaml: SHOP + service("lb", "type: LoadBalancer, externalIPs: [198.51.100.7], ports: [{port: 80}]"),
  });
  const hash = world.journalHash();
  const found = table(world);
  expect(world.journalHash()).toBe(hash);
  const labels = found.columns
    .filter(({ service: key }) => key.startsWith("Service/default/"))
    .map(({ label }) => label);
  expect(labels).toEqual([
    "default/api:80 headless",
    "default/kubernetes:443",
    "default/lb:80",
    ...["control-plane", "worker-1", "worker-2"].map((node) => expect.stringContaining(`default/lb:80 ${node}:3`)),
    "default/lb:80 load balancer",
    "default/lb:80 198.51.100.7",
    "default/web:80",
    ...["control-plane", "worker-1", "worker-2"].map((node) => `default/web:80 ${node}:30080`),
  ]);
  const curls = found.rows.filter(({ from }) => from.includes("curl"));
  expect(curls).toHaveLength(2);
  expect(curls.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  expect(ends(cell(found, "client/", "default/web:80"))).toEqual([["timeout", 1]]);
  expect(ends(cell(found, "pod/default/curl", "default/api:80 headless"))).toEqual([["delivered", 1]]);
  expect(ends(cell(found, "node/worker-1", "default/api:80 headless"))).toEqual([["name-error", 1]]);
  // What the selector of a policy asks for tells pods apart.
  const fenced = worldOf({
    yaml:
      SHOP +
      policy(
        "p",
        "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: curl}}}]}]",
      ),
  });
  const after = table(fenced);
  expect(ends(cell(after, "pod/default/curl", "default/web:80"))).toEqual([["delivered", 1]]);
  expect(ends(cell(after, "pod/default/api", "default/web:80"))).toEqual([["timeout", 1]]);
});

test("a mode each, and the same in parts", () => {
  const world = worldOf({ yaml: SHOP });
  const modes = ["iptables", "nftables"] as const;
  const whole = table(worldOf({ yaml: SHOP }), { modes });
  const parts: MatrixCell[] = [];
  let [next, rounds]: [number | null, number] = [0, 0];
  while (next !== null) {
    const part: Matrix = table(world, { modes, from: next, budget: 30 });
    expect(part.explored).toBeLessThanOrEqual(30);
    parts.push(...part.cells);
    next = part.next;
    rounds += 1;
  }
  expect(parts).toEqual(whole.cells);
  expect(rounds).toBeGreaterThan(3);
  expect(whole.total).toBe(whole.cells.length);
  expect(world.matrix({ modes: ["ebpf" as never] })).toEqual({
    message: "kube-proxy has no mode ebpf.",
    field: "modes",
  });
});

const edited = (world: World, yaml: string): Matrix => {
  expect(world.dispatch({ type: "text", text: yaml }).refusal).toBeNull();
  return table(world);
};

test("an edit of one Service follows only its requests anew", () => {
  const world = worldOf({ yaml: SHOP });
  const first = table(world);
  expect(first.explored).toBe(first.total);
  expect(table(world).explored).toBe(0);
  const port = edited(world, SHOP.replace("30080}", "30080, targetPort: 81}"));
  const own = port.columns.filter(({ service: key }) => key === "Service/default/web").length * port.rows.length;
  expect(port.explored).toBe(own);
  expect(ends(cell(port, "node/worker-1", "default/web:80"))).toEqual([["refused", 1]]);
  // The text as it was before: nothing is new.
  expect(edited(world, SHOP).explored).toBe(0);
  // Another Service that takes over an address of the first is the first one's business.
  const ip =
    (world.objects.get(objectKey("Service", "default", "web")) as { spec?: { clusterIP?: string } } | undefined)?.spec
      ?.clusterIP ?? "";
  const taken = edited(world, SHOP + service("thief", `externalIPs: [${ip}], ports: [{port: 8080}]`));
  const cells = new Set(["Service/default/web", "Service/default/thief"]);
  expect(taken.explored).toBe(taken.columns.filter(({ service: key }) => cells.has(key)).length * taken.rows.length);
});

const EDITS: readonly fc.Arbitrary<(text: string) => string>[] = [
  fc.integer({ min: 0, max: 3 }).map((n) => (text) => text.replace(/replicas: \d+/, `replicas: ${String(n)}`)),
  fc.constantFrom("80", "81").map((port) => (text) => text.replace(/targetPort: \d+/, `targetPort: ${port}`)),
  fc
    .constantFrom("Cluster", "Local")
    .map((p) => (text) => text.replace(/internalTrafficPolicy: \w+/, `internalTrafficPolicy: ${p}`)),
  fc
    .constantFrom("web", "api", "none")
    .map((app) => (text) => text.replace(/(NetworkPolicy[^]*?app: )\w+/, `$1${app}`)),
  fc
    .constantFrom("web", "api", "nobody")
    .map((app) => (text) => text.replace(/(name: two}\nspec: {selector: {app: )\w+/, `$1${app}`)),
  fc
    .constantFrom("198.51.100.7", "10.96.0.50", "10.244.1.2")
    .map((ip) => (text) => text.replace(/externalIPs: \[[^\]]*\]/, `externalIPs: [${ip}]`)),
];

const RANDOM =
  NODES +
  deployment("web", 2) +
  deployment("api", 1) +
  service("one", "clusterIP: 10.96.0.50, internalTrafficPolicy: Cluster, ports: [{port: 80, targetPort: 80}]").replace(
    "app: one",
    "app: web",
  ) +
  service("two", "externalIPs: [198.51.100.7], ports: [{port: 80, targetPort: 80}]").replace("app: two", "app: api") +
  policy("fence", "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]");

test("what is kept over random edits is what a fresh look finds", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(...EDITS), { minLength: 1, maxLength: 3 }), (edits) => {
      const world = worldOf({ yaml: RANDOM });
      let text = RANDOM;
      table(world);
      for (const edit of edits) {
        text = edit(text);
        const kept = edited(world, text);
        const fresh = createWorld({ seed: null });
        expect(fresh.load({ seed: null, commands: world.commands }, null)).toBeNull();
        const { explored: _, ...anew } = table(fresh);
        expect({ ...kept, explored: 0 }).toEqual({ ...anew, explored: 0 });
      }
    }),
    { numRuns: 4 },
  );
});
