/** Flows whose point is an order of events. */
import { isIPv6 } from "../../src/base/ip.ts";
import type { Request } from "../../src/model/trace/types.ts";
import type { HostState, NetworkState } from "../../src/network/types.ts";
import type { Pinned, Play, Stage, Verdict } from "./stage.ts";

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
export function aggressiveCleanUp(request: Request): Play {
  return (stage) => afterItsEnd(request, stage, true);
}

async function afterItsEnd(request: Request, stage: Stage, cleaned: boolean): Promise<readonly Verdict[]> {
  const hold = `hold-${++holds}`;
  const pinned = await stage.pin(request, hold);
  if ("flow" in pinned) return [pinned];
  const verdicts = [agreed(`${nameOf(request)}, first`), await stage.again(request, hold, pinned, "while all is well")];
  const backend = pinned.walk.backend;
  const [namespace, name] = backend?.pod?.split("/") ?? [];
  if (backend === null || namespace === undefined || name === undefined) return verdicts;
  const pod = stage.view.pod(namespace, name);
  if (pod === undefined) return verdicts;
  // Out of the Service but still there: the label goes, the process stays.
  const relabel = async (app: string): Promise<void> => {
    const now = stage.view.pod(namespace, name) ?? pod;
    await stage.change({
      type: "write",
      title: `kubectl label pod ${name} app=${app} --overwrite`,
      writes: [{ verb: "update", object: { ...now, metadata: { ...now.metadata, labels: { app } } } }],
    });
  };
  await relabel("retired");
  const kept: Pinned = cleaned ? { ...pinned, state: await cleanUp(stage, pinned.state, backend.ip) } : pinned;
  verdicts.push(
    await stage.again(
      request,
      hold,
      kept,
      cleaned ? "endpoint gone, entries deleted" : "endpoint gone, its process not",
    ),
  );
  verdicts.push(await stage.compare(request, undefined, ", a new socket"));
  await relabel("web");
  if (!cleaned) verdicts.push(await stage.again(request, hold, pinned, "endpoint back"));
  return verdicts;
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
  const without = (host: HostState): HostState => ({
    ...host,
    conntrack: host.conntrack.filter((e) => !(e.dnat && e.original.protocol === "udp" && e.reply.src === endpoint)),
  });
  return { hosts: Object.fromEntries(Object.entries(state.hosts).map(([id, host]) => [id, without(host)])) };
}
