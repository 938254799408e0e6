import { describe, expect, it } from "vitest";
import { SECOND } from "../base/time.ts";
import type { Commit } from "../apiserver/types.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import { keyOf, type ObjectKey, objectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import { type Causality, causality, type Link } from "./causes.ts";
import { Session } from "./commands.ts";

const TEXT = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  clusterIP: 10.96.0.77
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.27
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {port: 8080}, periodSeconds: 2}
`;

const SERVICE = objectKey("Service", "default", "web");

function running(): Session {
  const session = new Session(1);
  session.dispatch({ type: "pace", pace: "run" });
  expect(session.dispatch({ type: "text", text: TEXT }).refusal).toBeNull();
  session.dispatch({ type: "run", micros: 10 * SECOND });
  return session;
}

const lookInto = ({ cluster }: Session): Causality => causality(cluster.log, cluster.store.journal);

/** The first commit that says so. */
function commitWith(session: Session, what: string, says: (commit: Commit) => boolean): Commit {
  const found = session.cluster.store.journal.find(says);
  if (found === undefined) throw new Error(`nobody wrote ${what}`);
  return found;
}

function hasReadyEndpoint(commit: Commit): boolean {
  return [...commit.added, ...commit.updated.map(([, to]) => to)].some(
    (object) =>
      object.kind === "EndpointSlice" &&
      object.metadata.name.startsWith("web-") &&
      ((object as EndpointSlice).endpoints ?? []).some((e) => e.conditions?.ready === true),
  );
}

const says = (links: readonly Link[]): readonly string[] =>
  links.map(({ entry }) => {
    const title = entry.title.replace(/web-[0-9a-z]+-[0-9a-z]{5}/, "web");
    return `${entry.actor.split("/")[0] ?? ""}: ${title.split(" ").slice(0, 2).join(" ")}`;
  });

describe("the life of a ClusterIP", () => {
  it("is one chain from kubectl apply to node-b's rules, each step caused by the one before", () => {
    const session = running();
    const look = lookInto(session);
    const { log, store } = session.cluster;
    const apply = log.find((entry) => entry.kind === "text");
    const ready = commitWith(session, "a ready endpoint", hasReadyEndpoint);
    const rules = log.find(
      (entry) =>
        entry.actor === "kube-proxy/worker-2" &&
        entry.title.startsWith("rules written") &&
        look.chain(ready.cause, entry.seq) !== null,
    );
    expect(apply).toBeDefined();
    expect(rules).toBeDefined();
    const chain = look.chain(apply?.seq ?? 0, rules?.seq ?? 0) ?? [];
    for (const [i, { entry }] of chain.slice(1).entries()) {
      const before = chain[i]?.entry.seq ?? -1;
      expect([entry.causedBy, ...(entry.alsoCausedBy ?? [])]).toContain(before);
      expect(entry.at).toBeGreaterThanOrEqual(chain[i]?.entry.at ?? 0);
    }
    // The long way round: through the pod that became ready.
    const pod = commitWith(session, "a ready pod", (commit) =>
      commit.updated.some(
        ([, to]) =>
          to.kind === "Pod" &&
          to.metadata.name.startsWith("web") &&
          (to as Pod).status.conditions?.some((c) => c.type === "Ready" && c.status === "True") === true,
      ),
    );
    const way = [
      ...(look.chain(apply?.seq ?? 0, pod.cause) ?? []),
      ...(look.chain(pod.cause, ready.cause) ?? []).slice(1),
      ...(look.chain(ready.cause, rules?.seq ?? 0) ?? []).slice(1),
    ];
    expect(says(way)).toEqual([
      "user: kubectl apply",
      "deployment-controller: Scaled up",
      "replicaset-controller: Created pod:",
      "default-scheduler: Successfully assigned",
      "kubelet: Creating sandbox",
      "kubelet: Created sandbox",
      "kubelet: Started container",
      "kubelet: Pod web",
      "endpointslice-controller: EndpointSlices of",
      "kube-proxy: rules written,",
    ]);
    // Stored and allocated in the write of the first step.
    const stored = way[0]?.commits.flatMap((commit) => commit.added).find((object) => keyOf(object) === SERVICE);
    expect((stored as Service | undefined)?.spec).toMatchObject({
      clusterIP: "10.96.0.77",
      ports: [{ nodePort: 30080 }],
    });
    // And forwards: the same rules are among the consequences of the apply.
    expect(look.consequences(apply?.seq ?? 0).some(({ entry }) => entry.seq === rules?.seq)).toBe(true);
    expect(look.writerOf(store.revision)?.entry.seq).toBe(store.journal.at(-1)?.cause);
  });

  it("every event but the user's own has a cause that was handled before it", () => {
    const session = running();
    session.dispatch({ type: "delete", key: SERVICE, force: false });
    session.dispatch({ type: "run", micros: 10 * SECOND });
    const { log, store } = session.cluster;
    const seen = new Set<number>();
    const uncaused = log.filter(({ seq, actor, causedBy, alsoCausedBy = [] }) => {
      const causes = causedBy === null ? alsoCausedBy : [causedBy, ...alsoCausedBy];
      const isFine = actor === "user" ? causes.length === 0 : causes.length > 0 && causes.every((c) => seen.has(c));
      seen.add(seq);
      return !isFine;
    });
    expect(uncaused).toEqual([]);
    expect(store.journal.filter(({ cause }) => !seen.has(cause))).toEqual([]);
  });

  it("deletion releases address and port at once, and they can be taken again", () => {
    const session = running();
    const { store } = session.cluster;
    const taken = TEXT.split("---")[0]?.replace("name: web", "name: heir") ?? "";
    const clash = session.dispatch({ type: "text", text: `${TEXT}---${taken}` });
    expect(clash.refusal?.message).toContain("provided IP is already allocated");
    session.dispatch({ type: "delete", key: SERVICE, force: false });
    expect(store.get(SERVICE)).toBeUndefined();
    expect(store.serviceByClusterIP("10.96.0.77")).toBeUndefined();
    expect(store.serviceByNodePort(30080)).toBeUndefined();
    // Endpoints go with it, slices by the garbage collector, pods stay.
    expect(store.get("Endpoints/default/web" as ObjectKey)).toBeUndefined();
    expect(store.slicesOf("default", "web")).toHaveLength(1);
    session.dispatch({ type: "run", micros: SECOND });
    expect(store.slicesOf("default", "web")).toHaveLength(0);
    expect(store.list<Pod>("Pod", "default")).toHaveLength(1);
    const deployment = TEXT.split("---")[1] ?? "";
    expect(session.dispatch({ type: "text", text: `${taken}---${deployment}` }).refusal).toBeNull();
    expect(store.serviceByClusterIP("10.96.0.77")?.metadata.name).toBe("heir");
    expect(store.serviceByNodePort(30080)?.metadata.name).toBe("heir");
  });
});
