/** Flows whose point is an order of events. */
import { isIPv6 } from "../../src/base/ip.ts";
import { parse } from "yaml";
import { type KubeObject, objectKey } from "../../src/model/meta/types.ts";
import type { Command } from "../../src/wire/protocol.ts";
import type { Request } from "../../src/model/trace/types.ts";
import type { ConntrackEntry } from "../../src/kernel/conntrack.ts";
import type { HostState, NetworkState } from "../../src/network/types.ts";
import type { Opened, Pinned, Play, Stage, Verdict } from "./stage.ts";

/** Connections that are held when a single one would show only one of several fates. */
const MANY = 8;

const agreed = (flow: string): Verdict => ({ flow, complaint: null });
const nameOf = ({ from, to, protocol }: Request): string => `${from} to ${to} (${protocol})`;
let holds = 0;

/** Session affinity: the first connection goes to any endpoint, all later ones of the client to the same. */
export function sticky(request: Request): Play {
  return async (stage) => {
    const first = await stage.pin(request, `hold-${++holds}`);
    if ("flow" in first) return [first];
    return [agreed(`${nameOf(request)}, first`), await stage.compare(request, first.state, ", once more")];
  };
}

/** Replaces the endpoint that a datagram went to, leaving conntrack as it is, and sends on by the same socket. */
export function staleDatagrams(request: Request): Play {
  return (stage) => afterItsEnd(request, stage, false);
}

/** The same with what kube-proxy does then: it deletes the entries that lead to the endpoint that is no more. */
export function cleanedDatagrams(request: Request): Play {
  return (stage) => afterItsEnd(request, stage, true);
}

async function afterItsEnd(request: Request, stage: Stage, cleaned: boolean): Promise<readonly Verdict[]> {
  const hold = `hold-${++holds}`;
  const pinned = await stage.pin(request, hold);
  if ("flow" in pinned) return [pinned];
  const verdicts = [agreed(`${nameOf(request)}, first`), await stage.again(request, hold, pinned, "while all is well")];
  const { backend } = pinned.walk;
  if (backend === null || backend.pod === null) return verdicts;
  await relabel(stage, backend.pod, "retired");
  const kept: Pinned = cleaned ? { ...pinned, state: await cleanUp(stage, pinned.state, backend.ip) } : pinned;
  const label = cleaned ? "endpoint gone, entries deleted" : "endpoint gone, its process not";
  verdicts.push(await stage.again(request, hold, kept, label));
  verdicts.push(await stage.compare(request, undefined, ", a new socket"));
  await relabel(stage, backend.pod, "web");
  if (!cleaned) verdicts.push(await stage.again(request, hold, pinned, "endpoint back"));
  return verdicts;
}

/** Takes a pod out of its Service, or back in, while its process goes on. */
async function relabel(stage: Stage, pod: string, app: string): Promise<void> {
  const [namespace = "", name = ""] = pod.split("/");
  const now = stage.view.pod(namespace, name);
  if (now === undefined) throw new Error(`no pod ${pod}`);
  await stage.change({
    type: "write",
    title: `kubectl label pod ${name} app=${app} --overwrite`,
    writes: [{ verb: "update", object: { ...now, metadata: { ...now.metadata, labels: { app } } } }],
  });
}

/**
 * Established connections: they outlive their endpoint's rules, and once their conntrack entry is deleted their next packet is
 * translated like a first one (nf_conntrack_tcp_loose). `pods` are all endpoints, to be taken out of the Service on the way.
 */
export function established(request: Request, pods: readonly string[]): Play {
  return async (stage) => {
    let open: readonly Opened[] = [];
    for (let i = 0; i < MANY; i++) {
      const one = await stage.open(request, `hold-${++holds}`);
      if ("flow" in one) return [one];
      open = [...open, one];
    }
    const verdicts: Verdict[] = [];
    // Those that were reset are gone; the others go on as the kernel's did.
    const ask = async (label: string): Promise<void> => {
      if (open.length === 0) return;
      const asked = await stage.askAll(request, label, open);
      verdicts.push(asked.verdict);
      open = asked.open;
    };
    await ask("established");
    open = await deleteEntries(stage, request, open);
    await ask("entries deleted in mid-stream");
    for (const pod of pods) await relabel(stage, pod, "retired");
    await ask("no endpoint left");
    verdicts.push(await stage.compare(request, undefined, ", no endpoint left, a new connection"));
    open = await deleteEntries(stage, request, open);
    await ask("no endpoint left, entries deleted");
    for (const pod of pods) await relabel(stage, pod, "web");
    return verdicts;
  };
}

/** Stops kube-proxy on a node, or starts it again. */
const proxyOf = (node: string, on: boolean): Command => ({ type: "fault", fault: "kube-proxy", node, on });

/**
 * A node whose kube-proxy has stopped keeps its rules: after `pod` is deleted it still sends to it, and the other nodes do not.
 * `flows` are sent afterwards.
 */
export function oldRules(node: string, pod: string, flows: readonly Request[]): Play {
  return async (stage) => {
    const [namespace, name = ""] = pod.split("/");
    await stage.change(proxyOf(node, false), { type: "delete", key: objectKey("Pod", namespace, name), force: false });
    const verdicts = await Promise.all(flows.map((flow) => stage.compare(flow, undefined, `, ${pod} deleted`)));
    await stage.change(proxyOf(node, true));
    const after = await Promise.all(flows.map((flow) => stage.compare(flow, undefined, ", kube-proxy back")));
    return [...verdicts, ...after];
  };
}

/** A datagram to a Service that no node has rules for yet, and more from the same socket when they have. */
export function beforeTheRules(service: string, request: Request): Play {
  return async (stage) => {
    const nodes = stage.view.nodes().map((node) => node.metadata.name);
    const object = parse(service) as KubeObject;
    await stage.change(...nodes.map((node) => proxyOf(node, false)), {
      type: "write",
      title: "kubectl create -f service.yaml",
      writes: [{ verb: "create", object }],
    });
    const hold = `hold-${++holds}`;
    const pinned = await stage.pin(request, hold);
    if ("flow" in pinned) return [pinned];
    await stage.change(...nodes.map((node) => proxyOf(node, true)));
    return [
      agreed(`${nameOf(request)}, before any rule`),
      await stage.again(request, hold, pinned, "the same socket, with rules"),
      await stage.compare(request, undefined, ", a new socket"),
    ];
  };
}

/** `conntrack -D` for what was dialled, on every node and in the model of each connection. */
async function deleteEntries(stage: Stage, request: Request, open: readonly Opened[]): Promise<readonly Opened[]> {
  const { ip, port, protocol } = stage.dialled(request);
  const command = ["conntrack", "-D", "-f", isIPv6(ip) ? "ipv6" : "ipv4", "-p", protocol, "--orig-dst", ip];
  await Promise.all(
    stage.lab.nodes().map((node) => stage.lab.agent(node).run([...command, "--orig-port-dst", String(port)])),
  );
  return open.map((one) => ({
    ...one,
    state: without(one.state, ({ original: o }) => o.protocol === protocol && o.dst === ip && o.dport === port),
  }));
}

/** The network's state without such entries on any host. */
function without(state: NetworkState, isGone: (entry: ConntrackEntry) => boolean): NetworkState {
  const kept = (host: HostState): HostState => ({ ...host, conntrack: host.conntrack.filter((e) => !isGone(e)) });
  return { ...state, hosts: Object.fromEntries(Object.entries(state.hosts).map(([id, host]) => [id, kept(host)])) };
}

/** `conntrack -D` for UDP entries whose answers come from this endpoint. Upstream: pkg/proxy/conntrack/cleanup.go. */
async function cleanUp(stage: Stage, state: NetworkState, endpoint: string): Promise<NetworkState> {
  const family = isIPv6(endpoint) ? "ipv6" : "ipv4";
  await Promise.all(
    stage.lab
      .nodes()
      .map((node) =>
        stage.lab.agent(node).run(["conntrack", "-D", "-f", family, "-p", "udp", "--dst-nat", "--reply-src", endpoint]),
      ),
  );
  return without(state, (e) => e.dnat && e.original.protocol === "udp" && e.reply.src === endpoint);
}
