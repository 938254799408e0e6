/** Random histories for tests, by number: the same number is the same history on any machine. */
import { drawBelow } from "../base/draw.ts";
import { MILLISECOND, SECOND } from "../base/time.ts";
import type { ProxyMode } from "../model/config/types.ts";
import { type KubeObject, type ObjectKey, objectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Command, Write } from "../wire/protocol.ts";
import type { Session } from "./commands.ts";
import { type App, APP_KINDS, MANNERS, NODES, ROLLOUTS, type Text, textOf } from "./random-text.ts";

/** One act of a history. Acts name pods by their place, since names differ between histories. */
export type Act =
  | ({ readonly do: "text" } & Text)
  | { readonly do: "delete"; readonly key: ObjectKey }
  | { readonly do: "scale"; readonly key: ObjectKey; readonly replicas: number }
  /** Deletes the nth object of a kind whose names are made by controllers. */
  | { readonly do: "delete nth"; readonly kind: string; readonly nth: number }
  | { readonly do: "pod"; readonly what: "delete" | "force" | "kill" | "crash"; readonly nth: number }
  | { readonly do: "hang" | "unready"; readonly nth: number; readonly on: boolean }
  | { readonly do: "node" | "kube-proxy" | "schedulable"; readonly node: string; readonly on: boolean }
  | { readonly do: "lag"; readonly node: string; readonly micros: number }
  | { readonly do: "mode"; readonly mode: ProxyMode }
  /** kubectl edits a Service: its type, or whom it selects. */
  | { readonly do: "edit"; readonly key: ObjectKey; readonly spec: Readonly<Record<string, unknown>> }
  /** A pod that nobody owns: `kubectl run`, with a label that a Service selects. */
  | { readonly do: "bare pod"; readonly on: boolean }
  | { readonly do: "send"; readonly from: string; readonly to: string }
  | { readonly do: "connect"; readonly from: string; readonly to: string; readonly protocol: "tcp" | "udp" }
  /** On the nth connection of those that there were. */
  | { readonly do: "exchange" | "close"; readonly nth: number }
  | { readonly do: "load"; readonly to: string; readonly keepAlive: boolean }
  | { readonly do: "flush"; readonly node: string }
  | { readonly do: "pace"; readonly pace: "run" | "settle" }
  | { readonly do: "wait"; readonly micros: number };

const LENGTH = 9;
const NAMESPACES = ["default", "default", "shop"] as const;
const BARE = objectKey("Pod", "default", "bare");

/** History number `n`. */
export function historyOf(n: number): readonly Act[] {
  let drawn = 0;
  const below = (limit: number): number => drawBelow(n, `history ${drawn++}`, limit);
  const one = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  const rarely = <T>(value: T, otherwise: T): T => (below(6) === 0 ? value : otherwise);
  const app = (name: string, namespace: App["namespace"]): App => ({
    name,
    namespace,
    kind: one(APP_KINDS),
    replicas: below(4),
    image: one(["v1", "v2"]),
    behavior: one(["", "", "start=2s", "stop=3s", "stop=never", "ready=4s", "ready=false"]),
    rollout: one(ROLLOUTS),
    service: one(["ClusterIP", "ClusterIP", "NodePort", "LoadBalancer", "Local", "headless", "ExternalName", "none"]),
    manner: one(MANNERS),
    pinned: rarely(true, false),
  });
  const text = (): Act => ({
    do: "text",
    apps: [
      app("web", "default"),
      ...(below(2) === 0 ? [app("api", "default")] : []),
      ...(below(3) === 0 ? [app("web", "shop")] : []),
    ],
    handMade: below(3) === 0 ? below(3) : null,
  });
  const key = (kinds: readonly string[]): ObjectKey => objectKey(one(kinds), one(NAMESPACES), one(["web", "api"]));
  const acts: Act[] = [text()];
  const length = 2 + below(LENGTH);
  while (acts.length < length) {
    switch (below(25)) {
      case 0:
      case 1:
      case 2:
        acts.push(text());
        break;
      case 3:
        acts.push({
          do: "delete",
          key: key(["Deployment", "Service", "Service", "StatefulSet", "DaemonSet", "ReplicationController"]),
        });
        break;
      case 4:
        acts.push({
          do: "delete",
          key: one([
            objectKey("Namespace", undefined, "shop"),
            objectKey("Node", undefined, "b"),
            objectKey("Endpoints", "default", "db"),
            objectKey("Service", "default", "db"),
          ]),
        });
        break;
      case 5:
        acts.push({ do: "delete nth", kind: one(["ReplicaSet", "EndpointSlice", "Endpoints"]), nth: below(4) });
        break;
      case 6:
        acts.push({
          do: "scale",
          key: key(["Deployment", "Deployment", "StatefulSet", "ReplicationController"]),
          replicas: below(5),
        });
        break;
      case 7:
      case 8:
        acts.push({ do: "pod", what: one(["delete", "force", "kill", "crash"]), nth: below(4) });
        break;
      case 9:
        acts.push({ do: one(["hang", "unready"]), nth: below(4), on: below(3) > 0 });
        break;
      case 10:
      case 11:
        acts.push({ do: one(["node", "kube-proxy", "schedulable"]), node: one(NODES), on: below(2) === 0 });
        break;
      case 12:
        acts.push({ do: "lag", node: one(NODES), micros: below(3) * SECOND });
        break;
      case 13:
        acts.push({ do: "mode", mode: one(["iptables", "nftables", "ipvs", "userspace"]) });
        break;
      case 14:
        acts.push({
          do: "edit",
          key: key(["Service"]),
          spec: one([
            { type: one(["ClusterIP", "NodePort", "LoadBalancer"]) },
            { selector: { app: one(["web", "api"]) } },
            { publishNotReadyAddresses: below(2) === 0 },
          ]),
        });
        break;
      case 15:
        acts.push({ do: "bare pod", on: below(3) > 0 });
        break;
      case 16:
        acts.push({
          do: "send",
          from: one(["node/a", "node/b", "client/internet"]),
          to: one(["service/default/web:80", "service/default/api:80", "service/shop/web:80", "service/default/db:80"]),
        });
        break;
      case 18:
      case 19:
        acts.push({
          do: "connect",
          from: one(["node/a", "node/b", "client/internet"]),
          to: one(["service/default/web:80", "service/default/api:80"]),
          protocol: rarely<"tcp" | "udp">("udp", "tcp"),
        });
        break;
      case 20:
      case 21:
        acts.push({ do: one(["exchange", "exchange", "close"]), nth: below(4) });
        break;
      case 22:
        acts.push(
          below(2) === 0
            ? { do: "load", to: "service/default/web:80", keepAlive: below(2) === 0 }
            : { do: "flush", node: one(NODES) },
        );
        break;
      case 17:
        acts.push({ do: "pace", pace: rarely("settle", "run") });
        break;
      default:
        acts.push({ do: "wait", micros: below(2) === 0 ? below(500) * MILLISECOND : below(40) * SECOND });
    }
  }
  return acts;
}

/** The command that an act is at this moment; null when there is nobody for it to befall. */
export function commandOf(act: Act, session: Session): Command | null {
  const { store } = session.cluster;
  const nth = (n: number): ObjectKey | null => {
    const running = store.list<Pod>("Pod").filter((p) => p.spec.nodeName !== undefined && p.metadata.name !== "bare");
    const pod = running[n % Math.max(1, running.length)];
    return pod === undefined ? null : objectKey("Pod", pod.metadata.namespace, pod.metadata.name);
  };
  switch (act.do) {
    case "text":
      return { type: "text", text: textOf(act) };
    case "delete":
      return { type: "delete", key: act.key, force: false };
    case "delete nth": {
      const all = store.list<KubeObject>(act.kind).filter(({ metadata }) => !/^(kubernetes|db)/.test(metadata.name));
      const object = all[act.nth % Math.max(1, all.length)];
      if (object === undefined) return null;
      const { namespace, name } = object.metadata;
      return { type: "delete", key: objectKey(act.kind, namespace, name), force: false };
    }
    case "scale":
      return edited(store.get(act.key), { replicas: act.replicas }, `scale ${act.key}`);
    case "edit": {
      const service = store.get<Service>(act.key);
      return service?.spec.type === "ExternalName" ? null : edited(service, act.spec, `edit ${act.key}`);
    }
    case "schedulable": {
      const node = store.get(objectKey("Node", undefined, act.node));
      return edited(node, { unschedulable: act.on ? undefined : true }, `${act.on ? "un" : ""}cordon ${act.node}`);
    }
    case "bare pod":
      return act.on
        ? written("run bare", { verb: "create", object: barePod() })
        : { type: "delete", key: BARE, force: false };
    case "pod": {
      const pod = nth(act.nth);
      if (pod === null) return null;
      if (act.what === "kill") return { type: "kill", pod };
      if (act.what === "crash") return { type: "fault", fault: "crash", pod, container: null };
      return { type: "delete", key: pod, force: act.what === "force" };
    }
    case "hang":
    case "unready": {
      const pod = nth(act.nth);
      return pod === null ? null : { type: "fault", fault: act.do, pod, on: act.on };
    }
    case "node":
    case "kube-proxy":
      return { type: "fault", fault: act.do, node: act.node, on: act.on };
    case "lag":
      return { type: "fault", fault: "watch-lag", node: act.node, micros: act.micros };
    case "mode":
      return { type: "mode", mode: act.mode };
    case "send":
      return { type: "send", request: { from: act.from, to: act.to, protocol: "tcp" } };
    case "connect":
      return { type: "connect", request: { from: act.from, to: act.to, protocol: act.protocol } };
    case "exchange":
    case "close": {
      const count = session.cluster.state.network.connections?.length ?? 0;
      const connection = 1 + (act.nth % Math.max(1, count));
      if (act.do === "exchange") return { type: "exchange", connection };
      return { type: "close", connection, how: act.nth % 2 === 0 ? "fin" : "rst" };
    }
    case "load":
      return {
        type: "load",
        from: ["node/a", "client/internet"],
        to: act.to,
        protocol: "tcp",
        rate: 5,
        duration: 4 * SECOND,
        keepAlive: act.keepAlive,
        clients: 3,
      };
    case "flush":
      return { type: "flush-conntrack", node: act.node, filter: {} };
    case "pace":
      return { type: "pace", pace: act.pace };
    case "wait":
      return { type: "run", micros: act.micros };
  }
}

function written(title: string, write: Write): Command {
  return { type: "write", title, writes: [write] };
}

/** What `kubectl edit` writes; an undefined value takes the field away. */
export function edited(
  object: KubeObject | undefined,
  change: Readonly<Record<string, unknown>>,
  title: string,
): Command | null {
  if (object === undefined) return null;
  const { spec } = object as KubeObject & { readonly spec?: object };
  const fields = Object.entries({ ...spec, ...change }).filter(([, value]) => value !== undefined);
  return written(title, { verb: "update", object: { ...object, spec: Object.fromEntries(fields) } as KubeObject });
}

/**
 * A pod without an owner is not made anew: it stays on the node that no history deletes, and tolerates whatever befalls that,
 * since for how long is a matter of pace.
 */
function barePod(): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "bare", namespace: "default", labels: { app: "web" } },
    spec: {
      nodeSelector: { "topology.kubernetes.io/zone": "z0" },
      tolerations: [{ operator: "Exists" }],
      containers: [{ name: "c", image: "v1", ports: [{ containerPort: 8080 }] }],
    },
  } as KubeObject;
}
