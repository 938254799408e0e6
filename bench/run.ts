/**
 * `npm run bench`: work counts, ratios and timings, printed and never asserted. Machines differ; ratios and counts say more than
 * milliseconds.
 */
import { benchBrowser } from "./browser.ts";
import { benchLabel, benchSettle, LABEL_COLUMNS, SETTLE_COLUMNS } from "./cluster.ts";
import { benchTab, benchWords, TAB_COLUMNS, WIRE_COLUMNS, WORD_COLUMNS } from "./tab.ts";
import { benchConnections, CONNECTION_COLUMNS } from "./connections.ts";
import { benchRules, RULE_COLUMNS } from "./rules.ts";
import { createWorld } from "../src/world/world.ts";
import type { World } from "../src/world/types.ts";

const ROUNDS = 7;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Milliseconds of one run: the median of several after one that warms up. */
function time(run: () => void): number {
  run();
  return median(
    Array.from({ length: ROUNDS }, () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    }),
  );
}

/** A Service and a Deployment that matches, `count` times. */
function scenario(count: number, replicas: number, port = 8080): string {
  return Array.from(
    { length: count },
    (_, i) => `apiVersion: v1
kind: Service
metadata: {name: web-${i}}
spec:
  selector: {app: web-${i}}
  ports: [{port: 80, targetPort: ${port}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-${i}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web-${i}}}
  template:
    metadata: {labels: {app: web-${i}}}
    spec:
      containers:
        - name: web
          image: nginx:1.27
          ports: [{containerPort: ${port}}]
`,
  ).join("---\n");
}

function row(name: string, ...cells: readonly string[]): void {
  console.log([name.padEnd(58), ...cells.map((cell) => cell.padStart(14))].join(" "));
}

const ms = (value: number): string => `${value.toFixed(1)} ms`;

function fresh(text: string): World {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text });
  return world;
}

const only = process.argv[2];
if (only === "browser") {
  await benchBrowser(row, process.argv[3] ?? null);
  process.exit(0);
}

/** The sizes of the largest clusters: the worker builds them, the page holds their objects. */
const LARGE = [100, 400, 1000] as const;
function large(sizes: readonly number[]): void {
  console.log(
    "\nLarge clusters: what the worker builds, per pod; then what crosses to the page and what it makes of it",
  );
  row("cluster", ...TAB_COLUMNS);
  row("  to the page", ...WIRE_COLUMNS);
  benchTab(sizes, row);
}
if (only === "large") {
  large(process.argv[3] === undefined ? LARGE : [Number(process.argv[3])]);
  process.exit(0);
}

console.log(
  "\nRules: compiled first (names hashed too), in full (names known), as text; one endpoint changed: time, most rules and elements written, objects read",
);
row("mode", ...RULE_COLUMNS);
benchRules(row);

console.log("\nFrom text to picture: parse, admit, settle, frame (rules are compiled when somebody looks)");
row("cluster", "from nothing", "one edit", "revision", "frame bytes");
for (const [services, replicas] of [
  [1, 3],
  [4, 5],
  [20, 5],
  [100, 3],
] as const) {
  const text = scenario(services, replicas);
  const edited = scenario(services, replicas, 9090);
  const first = time(() => fresh(text).frame(true));
  const world = fresh(text);
  world.frame(true);
  let flip = false;
  const edit = time(() => {
    flip = !flip;
    world.dispatch({ type: "text", text: flip ? edited : text });
    world.frame(false);
  });
  row(
    `${services} Services x ${replicas} pods`,
    ms(first),
    ms(edit),
    String(world.objects.revision),
    String(JSON.stringify(world.frame(true)).length),
  );
}

console.log("\nTyping in 2,000 lines: what the worker does for the next text");
row("what was typed", ...WORD_COLUMNS);
benchWords(row);

console.log("\nOne request, walked out and back");
row("what", "time", "hops");
{
  const world = fresh(scenario(4, 5));
  const request = { from: "client/internet", to: "service/default/web-0:80", protocol: "tcp" } as const;
  const inside = { ...request, from: "node/worker-1" } as const;
  const walk = world.probe(inside);
  if ("message" in walk) throw new Error(walk.message);
  row("node to ClusterIP", ms(time(() => world.probe(inside))), String(walk.hops.length + walk.reply.length));
  const explored = world.explore(inside);
  if ("message" in explored) throw new Error(explored.message);
  row(
    `the same, every branch followed (${explored.walks.length} outcomes)`,
    ms(time(() => world.explore(inside))),
    String(explored.walks.reduce((sum, w) => sum + w.hops.length + w.reply.length, 0)),
  );
}

console.log(
  "\nMany connections, each walked and counted; chi² is of their spread over three endpoints (99.9 %: below 13.82)",
);
row("what", ...CONNECTION_COLUMNS);
benchConnections([1, 2, 3, 4, 5], row);

console.log(
  "\nFrom text to rest: until every endpoint exists; the ratio is of the times per Deployment, one size to the next",
);
row("cluster", ...SETTLE_COLUMNS);
benchSettle([10, 100, 1000], row);

console.log("\nOne label of one pod changed, on 250 nodes: what is read must not grow with the number of Services");
row("cluster", ...LABEL_COLUMNS);
benchLabel([100, 1000, 10_000], row);

large(LARGE);

console.log("\nThe page in headless Chromium, on the built app");
await benchBrowser(row);
