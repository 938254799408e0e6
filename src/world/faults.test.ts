import { describe, expect, it } from "vitest";
import { MILLISECOND, MINUTE, SECOND } from "../base/time.ts";
import { type ObjectKey, objectKey } from "../model/meta/types.ts";
import { type Node, nodeReady } from "../model/node/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import type { Fault } from "../wire/protocol.ts";
import type { ClusterEvent } from "./events.ts";
import { Session } from "./commands.ts";

const TEXT = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.27
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {port: 8080}, periodSeconds: 10, failureThreshold: 3}
        - name: side
          image: agent:1
`;

function started(): Session {
  const session = new Session(1);
  expect(session.dispatch({ type: "text", text: TEXT }).refusal).toBeNull();
  session.dispatch({ type: "pace", pace: "run" });
  return session;
}

const pods = ({ cluster }: Session): readonly Pod[] => cluster.store.list<Pod>("Pod", "default");
const keyOfPod = (pod: Pod | undefined): ObjectKey => objectKey("Pod", "default", pod?.metadata.name ?? "");
const onNode = (session: Session, node: string): Pod | undefined =>
  pods(session).find((pod) => pod.spec.nodeName === node);
const nodeOf = ({ cluster }: Session, name: string): Node =>
  cluster.store.get<Node>(objectKey("Node", undefined, name)) as Node;
const fault = (session: Session, what: Fault): string | null =>
  session.dispatch({ type: "fault", ...what }).refusal?.message ?? null;
const wait = (session: Session, micros: number): void => void session.dispatch({ type: "run", micros });
const endpointsReady = ({ cluster }: Session): number =>
  cluster.store
    .slicesOf("default", "web")
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((e) => e.conditions?.ready === true).length;
const events = ({ cluster }: Session): readonly string[] =>
  cluster.reader.list<ClusterEvent>("Event").map((e) => `${e.source.component} ${e.reason} ${e.message}`);

/** Time until it is so, in whole seconds; null when it does not come about in ten minutes. */
function until(session: Session, isSo: () => boolean): number | null {
  const { cluster } = session;
  const start = cluster.now;
  while (!isSo()) {
    if (cluster.now > start + 10 * MINUTE) return null;
    wait(session, 250 * MILLISECOND);
  }
  return Math.floor((cluster.now - start) / SECOND);
}

describe("a container", () => {
  it("that crashes is started again, the other one runs on", () => {
    const session = started();
    const pod = pods(session)[0];
    expect(fault(session, { fault: "crash", pod: keyOfPod(pod), container: "side" })).toBeNull();
    const now = (): Pod | undefined => pods(session).find((p) => p.metadata.uid === pod?.metadata.uid);
    wait(session, 100 * MILLISECOND);
    expect(now()?.status.containerStatuses?.map((c) => c.ready)).toEqual([true, false]);
    expect(endpointsReady(session)).toBe(2);
    wait(session, 5 * SECOND);
    expect(now()?.status.containerStatuses?.map((c) => [c.ready, c.restartCount])).toEqual([
      [true, 0],
      [true, 1],
    ]);
    expect(now()?.status.podIP).toBe(pod?.status.podIP);
  });

  it("that hangs leaves the endpoints after period × failureThreshold, and comes back after one success", () => {
    const session = started();
    wait(session, 3 * SECOND);
    const pod = keyOfPod(pods(session)[0]);
    expect(fault(session, { fault: "hang", pod, on: true })).toBeNull();
    const off = until(session, () => endpointsReady(session) === 2);
    expect(off).toBeGreaterThanOrEqual(21);
    expect(off).toBeLessThanOrEqual(31);
    expect(events(session).join("\n")).toMatch(
      /kubelet Unhealthy Readiness probe failed: Get "http:\/\/10\.244\.\d\.\d+:8080\/": context deadline exceeded/,
    );
    expect(fault(session, { fault: "hang", pod, on: true })).toContain("already been told to hang");
    expect(fault(session, { fault: "hang", pod, on: false })).toBeNull();
    expect(until(session, () => endpointsReady(session) === 3)).toBeLessThanOrEqual(10);
  });

  it("whose readiness endpoint says 503 leaves the endpoints and is not restarted", () => {
    const session = started();
    const pod = pods(session)[0];
    expect(fault(session, { fault: "unready", pod: keyOfPod(pod), on: true })).toBeNull();
    expect(until(session, () => endpointsReady(session) === 2)).toBeLessThanOrEqual(30);
    expect(events(session).join("\n")).toContain("Readiness probe failed: HTTP probe failed with statuscode: 503");
    wait(session, MINUTE);
    expect(pods(session)[0]?.status.containerStatuses?.map((c) => c.restartCount)).toEqual([0, 0]);
    fault(session, { fault: "unready", pod: keyOfPod(pod), on: false });
    expect(until(session, () => endpointsReady(session) === 3)).toBeLessThanOrEqual(10);
  });
});

describe("a node without power", () => {
  it("is given up after 50 s, its pods leave the endpoints then, are evicted 300 s later, and it comes back", () => {
    const session = started();
    const victim = onNode(session, "worker-2");
    expect(fault(session, { fault: "node", node: "worker-2", on: false })).toBeNull();
    wait(session, 30 * SECOND);
    expect(endpointsReady(session)).toBe(3);
    expect(nodeReady(nodeOf(session, "worker-2"))).toBe(true);
    const given = 30 + (until(session, () => !nodeReady(nodeOf(session, "worker-2"))) ?? 0);
    expect(given).toBeGreaterThanOrEqual(40);
    expect(given).toBeLessThanOrEqual(56);
    wait(session, SECOND);
    expect(endpointsReady(session)).toBe(2);
    expect(nodeOf(session, "worker-2").spec.taints?.map((t) => `${t.key}:${t.effect}`)).toEqual([
      "node.kubernetes.io/unreachable:NoSchedule",
      "node.kubernetes.io/unreachable:NoExecute",
    ]);
    const marked = (): boolean =>
      pods(session).find((p) => p.metadata.uid === victim?.metadata.uid)?.metadata.deletionTimestamp !== undefined;
    const evicted = until(session, marked);
    expect(evicted).toBeGreaterThanOrEqual(295);
    expect(evicted).toBeLessThanOrEqual(301);
    wait(session, 5 * SECOND);
    // The replacement serves; the old pod stays Terminating, for nobody is there to end it.
    expect(endpointsReady(session)).toBe(3);
    wait(session, 5 * MINUTE);
    expect(marked()).toBe(true);
    expect(events(session).join("\n")).toContain(`Marking for deletion Pod default/${victim?.metadata.name ?? ""}`);
    expect(fault(session, { fault: "node", node: "worker-2", on: true })).toBeNull();
    wait(session, 5 * SECOND);
    expect(nodeReady(nodeOf(session, "worker-2"))).toBe(true);
    expect(nodeOf(session, "worker-2").spec.taints).toBeUndefined();
    expect(pods(session).map((p) => p.metadata.uid)).not.toContain(victim?.metadata.uid);
  });

  it("that comes back in time restarts its pods in new sandboxes", () => {
    const session = started();
    const before = onNode(session, "worker-2");
    fault(session, { fault: "node", node: "worker-2", on: false });
    expect(session.cluster.rulesOf("worker-2").text()).toBe("");
    wait(session, 20 * SECOND);
    fault(session, { fault: "node", node: "worker-2", on: true });
    wait(session, 15 * SECOND);
    const after = onNode(session, "worker-2");
    expect(after?.metadata.uid).toBe(before?.metadata.uid);
    expect(after?.status.podIP).not.toBe(before?.status.podIP);
    expect(after?.status.containerStatuses?.map((c) => c.restartCount)).toEqual([1, 1]);
    expect(after !== undefined && podReady(after)).toBe(true);
    expect(endpointsReady(session)).toBe(3);
    expect(session.cluster.rulesOf("worker-2").text()).toContain("KUBE-SEP");
  });
});

describe("kube-proxy", () => {
  const knows = (session: Session, node: string): number =>
    new Set(
      session.cluster
        .rulesOf(node)
        .text()
        .match(/KUBE-SEP-[A-Z0-9]{16}/g),
    ).size;

  it("that is stopped freezes its node's rules, and catches up when it starts", () => {
    const session = started();
    expect(fault(session, { fault: "kube-proxy", node: "worker-1", on: false })).toBeNull();
    session.dispatch({ type: "scale", key: objectKey("Deployment", "default", "web"), replicas: 5 });
    wait(session, 20 * SECOND);
    const [frozen, fresh] = [knows(session, "worker-1"), knows(session, "worker-3")];
    expect(fresh).toBe(frozen + 2);
    expect(fault(session, { fault: "kube-proxy", node: "worker-1", on: true })).toBeNull();
    wait(session, 2 * SECOND);
    expect(knows(session, "worker-1")).toBe(fresh);
  });

  it("whose watch lags hears of each change that much later, one after the other", () => {
    const session = started();
    expect(fault(session, { fault: "watch-lag", node: "worker-1", micros: 5 * SECOND })).toBeNull();
    wait(session, 2 * SECOND);
    const before = knows(session, "worker-1");
    const scale = (replicas: number): unknown =>
      session.dispatch({ type: "scale", key: objectKey("Deployment", "default", "web"), replicas });
    scale(2);
    wait(session, 3 * SECOND);
    expect([knows(session, "worker-1"), knows(session, "worker-3")]).toEqual([before, before - 1]);
    scale(1);
    wait(session, 2.5 * SECOND);
    expect([knows(session, "worker-1"), knows(session, "worker-3")]).toEqual([before - 1, before - 2]);
    wait(session, 4 * SECOND);
    expect(knows(session, "worker-1")).toBe(before - 2);
    expect(fault(session, { fault: "watch-lag", node: "worker-1", micros: 0 })).toBeNull();
    scale(3);
    wait(session, 4 * SECOND);
    expect(knows(session, "worker-1")).toBe(before);
  });
});

it.each<[Fault, string]>([
  [{ fault: "crash", pod: objectKey("Pod", "default", "nobody"), container: null }, "There is no pod nobody."],
  [{ fault: "node", node: "worker-9", on: false }, "There is no node worker-9."],
  [{ fault: "node", node: "worker-1", on: true }, "Node worker-1 is up already."],
  [{ fault: "kube-proxy", node: "worker-1", on: true }, "kube-proxy on worker-1 is up already."],
  [
    { fault: "watch-lag", node: "worker-1", micros: -1 },
    "The lag is a whole number of microseconds, at most ten minutes.",
  ],
])("%o is refused in a sentence", (what, message) => {
  const session = started();
  const { revision } = session.cluster.store;
  expect(fault(session, what)).toBe(message);
  expect(session.cluster.store.revision).toBe(revision);
});

describe("what a container is born with", () => {
  const later = TEXT.split("---")[0]?.replace("name: web", "name: late-comer") ?? "";

  it("is the Services of its start: a later one is missing until it starts again", () => {
    const session = started();
    session.dispatch({ type: "text", text: `${TEXT}---${later}` });
    wait(session, SECOND);
    const pod = keyOfPod(pods(session)[0]);
    const names = (): readonly string[] => session.cluster.envOf(pod, "web").map(({ name }) => name);
    expect(names()).toContain("WEB_SERVICE_HOST");
    expect(names()).toContain("KUBERNETES_PORT_443_TCP_ADDR");
    expect(names()).not.toContain("LATE_COMER_SERVICE_HOST");
    fault(session, { fault: "crash", pod, container: "web" });
    wait(session, 5 * SECOND);
    expect(names()).toContain("LATE_COMER_SERVICE_HOST");
    expect(session.cluster.envOf(pod, "side").map(({ name }) => name)).not.toContain("LATE_COMER_SERVICE_HOST");
  });
});
