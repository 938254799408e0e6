/** What can be done with an object, as data: menus and the palette show it, perform.ts does it. */
import type { MirrorState } from "../../mirror/types.ts";
import { splitKey, type ObjectKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import type { HostId, Protocol } from "../../model/trace/types.ts";
import type { Broken, Choice, Command } from "../../wire/protocol.ts";
import type { Choices } from "../controls/requests.ts";

export type Deed =
  | { readonly do: "command"; readonly command: Command }
  /** A line of the console: kubectl, which the history then holds by its name. */
  | { readonly do: "line"; readonly line: string }
  /** Chooses the other end on the map. */
  | { readonly do: "pick-target"; readonly from: string; readonly what: "send" | "connect" }
  | { readonly do: "pick-source"; readonly to: string; readonly protocol: Protocol }
  /** One field of the text, as an edit that can be undone. */
  | { readonly do: "edit"; readonly object: ObjectKey; readonly path: string; readonly to: string }
  | { readonly do: "locate"; readonly object: ObjectKey }
  | { readonly do: "rules"; readonly node: string }
  | { readonly do: "conntrack"; readonly host: HostId }
  /** Asks what this change would lose under load. */
  | { readonly do: "race"; readonly type: "rollout" | "drain"; readonly object: ObjectKey }
  /** Opens the console and types a line there. */
  | { readonly do: "console"; readonly line: string };

export interface Entry {
  readonly id: string;
  readonly title: string;
  /** The line of a terminal that does the same, or a reason. */
  readonly detail?: string;
  readonly deed?: Deed;
  readonly entries?: readonly Entry[];
  /** Starts a new group. */
  readonly apart?: true;
  /** What it is now, among several. */
  readonly current?: true;
}

export interface Facts {
  readonly objects: MirrorState["objects"];
  readonly broken: Broken;
  readonly choices: Choices;
}

export const NOTHING_BROKEN: Broken = { nodes: [], proxies: [], lag: {}, hung: [], unready: [] };

const own = (command: Command): Deed => ({ do: "command", command });

/** What can be dialled of an object: its ports, as a request's target has them. */
export function targetsOf(object: ObjectKey, { choices }: Pick<Facts, "choices">): readonly Choice[] {
  const { kind, namespace, name } = splitKey(object);
  const start = {
    Service: [`service/${namespace}/${name}:`, `lb/${namespace}/${name}:`],
    Pod: [`pod/${namespace}/${name}:`],
    Node: [`node/${name}:`],
  }[kind];
  const found = choices.to.filter(({ value }) => start?.some((one) => value.startsWith(one)) === true);
  if (found.length > 0 || kind !== "Pod") return found;
  // Its process may listen on what its manifest does not say.
  return [{ value: `pod/${namespace}/${name}:80`, label: "port 80", group: "pods", protocol: "tcp" }];
}

/** An object as the sender of a request; null: it sends none. */
export function senderOf(object: ObjectKey): string | null {
  const { kind, namespace, name } = splitKey(object);
  if (kind === "Pod") return `pod/${namespace}/${name}`;
  if (kind === "Deployment") return `deploy/${namespace}/${name}`;
  if (kind === "Node") return `node/${name}`;
  return kind === "Client" ? `client/${name}` : null;
}

const sendFrom = (from: string): readonly Entry[] => [
  { id: "send-from", title: "Send from here…", deed: { do: "pick-target", from, what: "send" } },
];

function sendTo(object: ObjectKey, facts: Facts): readonly Entry[] {
  const entries = targetsOf(object, facts).map(({ value, protocol = "tcp" }): Entry => ({
    id: `to ${value} ${protocol}`,
    title: `${value.slice(value.indexOf("/") + 1)} ${protocol.toUpperCase()}`,
    ...(value.startsWith("lb/") ? { detail: "external address" } : {}),
    deed: { do: "pick-source", to: value, protocol },
  }));
  const [only] = entries;
  if (only === undefined) return [];
  if (entries.length === 1) return [{ ...only, id: "send-to", title: "Send to here…", detail: only.title }];
  return [{ id: "send-to", title: "Send to here…", entries }];
}

const yaml = (object: ObjectKey): Entry => ({
  id: "yaml",
  title: "Show its lines in the YAML",
  apart: true,
  deed: { do: "locate", object },
});

function podEntries(pod: Pod, object: ObjectKey, facts: Facts): readonly Entry[] {
  const { namespace, name } = splitKey(object);
  const { broken } = facts;
  const from = `pod/${namespace}/${name}`;
  const hung = broken.hung.includes(object);
  const unready = broken.unready.includes(object);
  const probed = pod.spec.containers.some((c) => c.readinessProbe !== undefined);
  const containers = pod.spec.containers.map(({ name: container }) => container);
  const crash = (container: string | null): Deed => own({ type: "fault", fault: "crash", pod: object, container });
  return [
    ...sendFrom(from),
    { id: "connect-from", title: "Open a connection from here…", deed: { do: "pick-target", from, what: "connect" } },
    ...sendTo(object, facts),
    {
      id: "kill",
      title: "Kill its process",
      detail: "SIGKILL, exit 137",
      apart: true,
      deed: own({ type: "kill", pod: object }),
    },
    {
      id: "crash",
      title: containers.length > 1 ? "Crash a container" : "Crash its container",
      detail: "exit 1",
      ...(containers.length > 1
        ? {
            entries: [
              ...containers.map((one): Entry => ({ id: `crash ${one}`, title: one, deed: crash(one) })),
              { id: "crash all", title: "All of them", deed: crash(null) },
            ],
          }
        : { deed: crash(null) }),
    },
    {
      id: "hang",
      title: hung ? "Mend: let it answer again" : "Hang: it stops answering",
      deed: own({ type: "fault", fault: "hang", pod: object, on: !hung }),
    },
    {
      id: "unready",
      title: unready ? "Mend: pass the readiness probe again" : "Fail its readiness probe",
      ...(probed || unready ? {} : { detail: "it has no readinessProbe" }),
      deed: own({ type: "fault", fault: "unready", pod: object, on: !unready }),
    },
    {
      id: "delete",
      title: "Delete",
      apart: true,
      detail: `kubectl delete pod ${name}`,
      deed: own({ type: "delete", key: object, force: false }),
    },
    {
      id: "force",
      title: "Delete by force",
      detail: "--grace-period=0 --force",
      deed: own({ type: "delete", key: object, force: true }),
    },
    {
      id: "conntrack",
      title: "Show its connection table",
      apart: true,
      deed: { do: "conntrack", host: `pod/${namespace}/${name}` },
    },
    {
      id: "logs",
      title: "Show its log",
      detail: "kubectl logs",
      deed: { do: "console", line: `kubectl -n ${namespace} logs ${name}` },
    },
    {
      id: "exec",
      title: "Look at its network from inside",
      detail: "kubectl exec",
      deed: { do: "console", line: `kubectl -n ${namespace} exec ${name} -- ip addr` },
    },
    yaml(object),
  ];
}

/** Seconds that a watch can be behind. */
const LAGS = [0, 1, 5, 30] as const;

function nodeEntries(node: Node, object: ObjectKey, facts: Facts): readonly Entry[] {
  const { name } = node.metadata;
  const { broken } = facts;
  const down = broken.nodes.includes(name);
  const stopped = broken.proxies.includes(name);
  const lag = broken.lag[name] ?? 0;
  const line = (verb: string, title: string, flags = ""): Entry => {
    const words = `kubectl ${verb} ${name}${flags}`;
    return { id: verb, title, detail: words, deed: { do: "line", line: words } };
  };
  return [
    ...sendFrom(`node/${name}`),
    ...sendTo(object, facts),
    {
      ...(node.spec.unschedulable === true ? line("uncordon", "Uncordon") : line("cordon", "Cordon")),
      apart: true,
    },
    line("drain", "Drain", " --ignore-daemonsets --delete-emptydir-data --force"),
    { id: "race", title: "What does a drain lose?", detail: "races", deed: { do: "race", type: "drain", object } },
    {
      id: "power",
      title: down ? "Mend: power on" : "Cut the power",
      apart: true,
      deed: own({ type: "fault", fault: "node", node: name, on: down }),
    },
    {
      id: "kube-proxy",
      title: stopped ? "Mend: start kube-proxy" : "Stop kube-proxy",
      ...(stopped ? {} : { detail: "its rules stay" }),
      deed: own({ type: "fault", fault: "kube-proxy", node: name, on: stopped }),
    },
    {
      id: "lag",
      title: "kube-proxy hears of changes",
      detail: lag === 0 ? "at once" : `${String(lag / 1e6)} s late`,
      entries: LAGS.map((seconds): Entry => ({
        id: `lag ${String(seconds)}`,
        title: seconds === 0 ? "At once" : `${String(seconds)} s late`,
        ...(seconds * 1e6 === lag ? { current: true as const } : {}),
        deed: own({ type: "fault", fault: "watch-lag", node: name, micros: seconds * 1e6 }),
      })),
    },
    { id: "rules", title: "Show its rules", apart: true, deed: { do: "rules", node: name } },
    { id: "conntrack", title: "Show its connection table", deed: { do: "conntrack", host: `node/${name}` } },
    {
      id: "flush",
      title: "Flush its connection table",
      detail: "conntrack -D",
      deed: own({ type: "flush-conntrack", node: name, filter: {} }),
    },
    yaml(object),
  ];
}

function serviceEntries(service: Service, object: ObjectKey, facts: Facts): readonly Entry[] {
  const { name } = service.metadata;
  const policy = (field: "externalTrafficPolicy" | "internalTrafficPolicy", now: string | undefined): Entry => ({
    id: field,
    title: field,
    detail: now ?? "Cluster",
    entries: ["Cluster", "Local"].map((to): Entry => ({
      id: `${field} ${to}`,
      title: to,
      ...((now ?? "Cluster") === to ? { current: true as const } : {}),
      deed: { do: "edit", object, path: `spec.${field}`, to },
    })),
  });
  const { type, externalTrafficPolicy, internalTrafficPolicy } = service.spec;
  return [
    ...sendTo(object, facts),
    ...(type === "NodePort" || type === "LoadBalancer" ? [policy("externalTrafficPolicy", externalTrafficPolicy)] : []),
    ...(type === "ExternalName" ? [] : [policy("internalTrafficPolicy", internalTrafficPolicy)]),
    {
      id: "delete",
      title: "Delete",
      apart: true,
      detail: `kubectl delete service ${name}`,
      deed: own({ type: "delete", key: object, force: false }),
    },
    yaml(object),
  ];
}

/** A Deployment or another owner of pods. */
function workloadEntries(replicas: number, object: ObjectKey): readonly Entry[] {
  const { kind, namespace, name } = splitKey(object);
  const scale = (to: number, title: string): Entry => ({
    id: `scale ${String(to)}`,
    title,
    detail: `${String(replicas)} → ${String(to)}`,
    deed: own({ type: "scale", key: object, replicas: to }),
  });
  const restart = `kubectl -n ${namespace} rollout restart ${kind.toLowerCase()}/${name}`;
  return [
    ...(kind === "Deployment" ? sendFrom(`deploy/${namespace}/${name}`) : []),
    { ...scale(replicas + 1, "One more pod"), apart: true },
    ...(replicas > 0 ? [scale(replicas - 1, "One pod fewer")] : []),
    {
      id: "scale",
      title: "Scale to",
      entries: [0, 1, 2, 3, 5, 10].map((to): Entry => ({
        ...scale(to, String(to)),
        id: `scale to ${String(to)}`,
        ...(to === replicas ? { current: true as const } : {}),
      })),
    },
    ...(kind === "Deployment"
      ? [
          {
            id: "restart",
            title: "Restart its pods",
            detail: "kubectl rollout restart",
            deed: { do: "line", line: restart },
          } as const,
          {
            id: "race",
            title: "What does a rollout lose?",
            detail: "races",
            deed: { do: "race", type: "rollout", object },
          } as const,
        ]
      : []),
    { id: "delete", title: "Delete", apart: true, deed: own({ type: "delete", key: object, force: false }) },
    yaml(object),
  ];
}

/** The workload above a pod: what scales it. */
export function ownerOf(pod: Pod, objects: Facts["objects"]): ObjectKey | null {
  const owner = pod.metadata.ownerReferences?.[0];
  if (owner === undefined) return null;
  const { namespace } = pod.metadata;
  const key = `${owner.kind}/${namespace ?? "default"}/${owner.name}` as ObjectKey;
  const above = owner.kind === "ReplicaSet" ? objects.get(key)?.metadata.ownerReferences?.[0] : undefined;
  const top = above === undefined ? key : (`${above.kind}/${namespace ?? "default"}/${above.name}` as ObjectKey);
  return /^(Deployment|ReplicaSet)\//.test(top) && objects.has(top) ? top : null;
}

/** Everything that can be done with an object; empty when there is no such object any more. */
export function deedsOf(object: ObjectKey, facts: Facts): readonly Entry[] {
  const found = facts.objects.get(object);
  if (found === undefined) return [];
  switch (found.kind) {
    case "Pod": {
      const owner = ownerOf(found as Pod, facts.objects);
      const above =
        owner === null
          ? []
          : workloadEntries(replicasOf(owner, facts), owner).filter(({ id }) => /^(scale|restart|race)/.test(id));
      const { kind = "", name = "" } = owner === null ? {} : splitKey(owner);
      return [
        ...podEntries(found as Pod, object, facts),
        ...(owner === null ? [] : [{ id: "owner", title: `${kind} ${name}`, entries: above }]),
      ];
    }
    case "Node":
      return nodeEntries(found as Node, object, facts);
    case "Service":
      return serviceEntries(found as Service, object, facts);
    case "Deployment":
    case "ReplicaSet":
      return workloadEntries(replicasOf(object, facts), object);
    case "Client":
      return [
        ...sendFrom(senderOf(object) ?? ""),
        {
          id: "connect-from",
          title: "Open a connection from here…",
          deed: { do: "pick-target", from: senderOf(object) ?? "", what: "connect" },
        },
        yaml(object),
      ];
    default:
      return [
        {
          id: "delete",
          title: "Delete",
          detail: "kubectl delete",
          deed: own({ type: "delete", key: object, force: false }),
        },
        yaml(object),
      ];
  }
}

function replicasOf(owner: ObjectKey, { objects }: Facts): number {
  const spec = (objects.get(owner) as { readonly spec?: { readonly replicas?: number } } | undefined)?.spec;
  return spec?.replicas ?? 1;
}
