import { expect, test } from "vitest";
import type { JournalEntry } from "../../wire/protocol.ts";
import { lineDiff } from "./diff.ts";
import { causesOf, consequencesOf, lastApply, stationName, storyOf } from "./story.ts";

let next = 0;
const entry = (over: Partial<JournalEntry>): JournalEntry => ({
  seq: ++next,
  at: 0,
  lane: "controllers",
  node: "",
  title: "",
  detail: "",
  revision: null,
  cause: null,
  objects: [],
  ...over,
});

/** As the journal tells a scale-up: two nodes' kube-proxies take in the news together with an older one's. */
const JOURNAL: readonly JournalEntry[] = [
  entry({ seq: 1, lane: "user", title: "kubectl apply" }),
  entry({ seq: 101, lane: "api", title: "Service shop/web created", revision: 1, cause: 1 }),
  entry({ seq: 2, lane: "user", title: "kubectl scale" }),
  entry({
    seq: 102,
    lane: "api",
    title: "Deployment shop/web updated",
    revision: 2,
    cause: 2,
    objects: ["Deployment/shop/web" as never],
  }),
  entry({ seq: 3, title: "Created pod: web-2", detail: "replicaset-controller", cause: 2 }),
  entry({ seq: 103, lane: "api", title: "Pod shop/web-2 created", revision: 3, cause: 3 }),
  entry({
    seq: 4,
    lane: "kubelet",
    node: "worker-1",
    title: "Created sandbox with IP 10.244.1.5; Started container web",
    cause: 3,
  }),
  entry({
    seq: 5,
    lane: "kube-proxy",
    node: "worker-2",
    title: "rules written, up to revision 3",
    cause: 1,
    also: [4],
  }),
  entry({ seq: 6, lane: "packets", title: "send" }),
];

test("what follows from a command is told step by step, between those who do it", () => {
  const story = storyOf(JOURNAL, 2);
  expect(
    story?.steps.map(({ from, to, depth }) => `${String(depth)} ${stationName(from)} → ${stationName(to)}`),
  ).toEqual([
    "0 kubectl → API server",
    "1 API server → etcd",
    "1 API server → replicaset-controller",
    "2 replicaset-controller → API server",
    "2 API server → kubelet worker-1",
    "0 kube-proxy worker-2 → rules of worker-2",
  ]);
  expect(story?.steps[4]?.detail).toContain("a veth pair into the pod, and the address 10.244.1.5");
  expect(consequencesOf(JOURNAL, 1).map(({ seq }) => seq)).toEqual([1, 101, 5]);
  expect(storyOf(JOURNAL, 6)).toBeNull();
  expect(lastApply(JOURNAL)?.seq).toBe(2);
});

test("why something happened leads back to who began it", () => {
  expect(causesOf(JOURNAL, 103).map(({ seq }) => seq)).toEqual([2, 3, 103]);
});

test("a diff keeps common lines, of those only what is near, and says how many it leaves out", () => {
  const before = ["a", "b", "c", "d", "e", "f", "g", "h"].join("\n");
  const after = ["a", "b", "c", "d", "E", "f", "g", "h", "i"].join("\n");
  expect(lineDiff(before, after, 1).map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    "gap 3 lines as before",
    "same d",
    "removed e",
    "added E",
    "same f",
    "gap 1 line as before",
    "same h",
    "added i",
  ]);
  expect(lineDiff("", "x\ny\n").map(({ kind }) => kind)).toEqual(["added", "added"]);
  expect(lineDiff("x\n", "x\n")).toEqual([{ kind: "gap", text: "1 line as before" }]);
});
