/** Packets that are still sent to a pod that is gone or going: by a connection that conntrack keeps, or by rules that lag behind. */
import type { ConntrackEntry } from "../../kernel/conntrack.ts";
import { keyOf } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import { endpointsOf, makerOf, serviceKey } from "../endpoints.ts";
import type { Branch, Case, Diagnoser } from "../types.ts";
import { workloadsSelected } from "../workloads.ts";

const isGoing = (pod: Pod | undefined): boolean => pod === undefined || pod.metadata.deletionTimestamp !== undefined;

/** Addresses that a Service's slices name as ready. */
function readyAddresses({ objects }: Case, service: Service): ReadonlySet<string> {
  return new Set(
    endpointsOf(objects, service).slices.flatMap(({ endpoints }) =>
      (endpoints ?? []).flatMap(({ addresses, conditions }) => (conditions?.ready === false ? [] : addresses)),
    ),
  );
}

/** Addresses that the sender may send from. */
function ownAddresses({ request, view, branches }: Case): ReadonlySet<string> {
  const [kind, a = "", b = ""] = request.from.split("/");
  const pods = kind === "pod" ? [view.pod(a, b)] : kind === "deploy" ? view.podsOfDeployment(a, b) : [];
  const seen = branches.flatMap(({ walk }) => walk.hops.find(({ stage }) => stage !== "dns")?.before.src ?? []);
  const clients = view.clients().filter(({ name }) => kind === "client" && name === a);
  return new Set([...seen, ...pods.flatMap((pod) => pod?.status.podIP ?? []), ...clients.map(({ ip }) => ip)]);
}

interface Stale {
  readonly node: string;
  readonly entry: ConntrackEntry;
}

function staleOf(given: Case, service: Service): readonly Stale[] {
  const { network, view, target } = given;
  const senders = ownAddresses(given);
  const ready = readyAddresses(given, service);
  const ports = (service.spec.ports ?? []).flatMap(({ port, nodePort }) => [port, nodePort ?? 0]);
  return Object.entries(network.hosts).flatMap(([host, { conntrack }]): readonly Stale[] => {
    if (!host.startsWith("node/")) return [];
    return conntrack
      .filter(
        ({ original, reply, dnat, ipvs, expiresAt }) =>
          original.protocol === "udp" &&
          (dnat || ipvs === true) &&
          expiresAt > view.now &&
          senders.has(original.src) &&
          ports.includes(original.dport) &&
          (target.ip === null || original.dst === target.ip) &&
          !ready.has(reply.src) &&
          isGoing(view.podByIP(reply.src)),
      )
      .map((entry) => ({ node: host.slice("node/".length), entry }));
  });
}

export const udpStaleConntrack: Diagnoser = (given) => {
  const { request, target, network, failed, proxies } = given;
  const { service } = target;
  if (service === null || request.protocol !== "udp") return [];
  const open = (network.connections ?? []).filter(
    (one) => one.protocol === "udp" && one.state === "ESTAB" && one.request.from === request.from,
  );
  const all = staleOf(given, service);
  const held = all.find(({ entry }) => open.some(({ ends }) => ends.sport === entry.original.sport));
  const first = held ?? all[0];
  if (first === undefined) return [];
  const { node, entry } = first;
  const { original, reply } = entry;
  const running = proxies.find((one) => one.node === node)?.running === true;
  const some = readyAddresses(given, service).size > 0;
  return [
    {
      id: "UDP-STALE-CONNTRACK",
      // Where nothing is ready, no flow can arrive: that is told first.
      severity: some && (held !== undefined || failed.length > 0) ? "error" : "warning",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        {
          kind: "walk",
          shows: `conntrack of ${node}: udp src=${original.src} dst=${original.dst} sport=${String(original.sport)} dport=${String(original.dport)} goes to ${reply.src}:${String(reply.sport)}`,
        },
        { kind: "object", object: serviceKey(service), path: "spec.ports", shows: "protocol UDP" },
      ],
      cause: `${node} remembers the UDP flow from port ${String(original.sport)} of ${request.from} and sends it to ${reply.src}, whose pod is gone: as long as the client keeps sending from that port, the entry stays and no rule is asked.`,
      remedies: [],
      otherwise: `No field of the text takes an entry out of a node's table: flush it, or send from another port.${running ? (some ? " kube-proxy does it at its next sync." : " kube-proxy leaves a Service without endpoints alone.") : ` kube-proxy, which would do it, is stopped on ${node}.`}`,
      command: `conntrack -D -p udp --orig-dst ${original.dst} --orig-port-dst ${String(original.dport)}`,
    },
  ];
};

/** The pod address that a branch was translated to, where its pod is gone or going. */
function sentTo({ view, failed }: Case): {
  readonly branch: Branch;
  readonly ip: string;
  readonly node: string;
  readonly pod: Pod | undefined;
} | null {
  for (const branch of failed) {
    const hop = branch.end?.walk.hops.findLast(({ verdict, place }) => verdict === "dnat" && place.startsWith("node/"));
    if (hop === undefined) continue;
    const ip = hop.after.dst;
    const pod = view.podByIP(ip);
    if (isGoing(pod)) return { branch, ip, node: hop.place.slice("node/".length), pod };
  }
  return null;
}

export const rolloutRulesLag: Diagnoser = (given) => {
  const { target, objects, proxies, failed } = given;
  const { service } = target;
  if (service === null || failed.length === 0) return [];
  const found = sentTo(given);
  if (found === null || readyAddresses(given, service).has(found.ip)) return [];
  const { branch, ip, node, pod } = found;
  const state = proxies.find((one) => one.node === node);
  // A kube-proxy that does not run never catches up.
  if (state?.running !== true || state.failure !== null) return [];
  // Rules that are up to date name an address without a pod where the slices do: a dump without its pods.
  if (pod === undefined && state.current) return [];
  const workload = workloadsSelected(objects, service)[0];
  const maker =
    pod === undefined
      ? workload === undefined
        ? null
        : { key: keyOf(workload), template: "spec.template." }
      : makerOf(objects, pod);
  const grace = pod?.spec.terminationGracePeriodSeconds ?? 30;
  const share = failed.reduce((sum, { walk }) => sum + walk.probability, 0);
  return [
    {
      id: "ROLLOUT-RULES-LAG",
      severity: "error",
      hop: branch.end?.at ?? null,
      evidence: [
        {
          kind: "rule",
          node,
          rule:
            branch.end?.walk.hops.findLast(({ verdict, rule }) => verdict === "dnat" && rule !== null)?.rule?.text ??
            "",
          shows: `still sends to ${ip}`,
        },
        ...(maker === null
          ? []
          : [
              {
                kind: "object" as const,
                object: maker.key,
                path: `${maker.template}spec.containers[0].lifecycle`,
                shows: "no preStop: the process stops listening at SIGTERM",
              },
            ]),
      ],
      cause: `${pod === undefined ? `The pod at ${ip} is gone` : `Pod ${pod.metadata.name} (${ip}) is terminating and no longer answers`}, but ${node}'s rules still name it: SIGTERM and the news for kube-proxy set out at the same moment, and ${(share * 100).toFixed(0)} % of requests lose that race.`,
      remedies: [],
      otherwise: `A moment later the rules have caught up, so an edit cannot be proved by sending once more. What closes the gap: lifecycle.preStop.sleep.seconds 5 in the pod template, less than terminationGracePeriodSeconds (${String(grace)}), so that the process answers until every node knows; replay the rollout over many seeds to see the share that is lost.`,
      command: `kubectl -n ${service.metadata.namespace ?? "default"} get endpointslices -l kubernetes.io/service-name=${service.metadata.name} -w`,
    },
  ];
};
