import type { Header, HostId, Packet } from "../model/trace/types.ts";
import { hostName, interfaceOf } from "./host.ts";
import type { TableResult } from "./netfilter.ts";
import { headerOf } from "./packet.ts";
import { type Outcome, type Visit, note } from "./visit.ts";

/** The first packet of a connection where it passes the ends of workloads (pods) on a host: behind DNAT, before the host's own SNAT. */
export interface WorkloadCrossing {
  readonly packet: Packet;
  /** Where the sender of the connection meant it to go, before DNAT on this host. */
  readonly dialled: Pick<Header, "dst" | "dport">;
  /** The workload that sends, or receives, at the other end of a veth of this host; null: none of this host's. */
  readonly from: HostId | null;
  readonly to: HostId | null;
  /** A process of the host itself is the other end. */
  readonly own: boolean;
}

export interface WorkloadJudgement {
  /** Heading of the hop, as "egress policy". */
  readonly label: string;
  readonly allowed: boolean;
  readonly note: string;
  readonly result: TableResult;
}

/**
 * What a CNI plug-in filters at the veths of its pods, in the way of those that do it in netfilter: chains at the head of filter
 * FORWARD, INPUT and OUTPUT. What a bridge switches without br_netfilter never comes by. Pure.
 */
export interface WorkloadFilter {
  /** One judgement per end, the sender's first; nothing behind one that does not allow. */
  judge(crossing: WorkloadCrossing): readonly WorkloadJudgement[];
}

/** The workload behind the interface that the packet came in by. */
function sender(visit: Visit, arrived: string | null): HostId | null {
  const name = visit.inPort ?? arrived;
  const iface = name === null ? undefined : interfaceOf(visit.host, name);
  return iface?.kind === "veth" ? iface.peer : null;
}

/**
 * Asks the host's {@link WorkloadFilter}, if it has one, about the packet as it is now. Only the first packet of a connection is judged:
 * later ones and answers pass by conntrack. `arrived` is the interface that it came in by, null when the host itself sends it.
 */
export function passWorkloads(visit: Visit, arrived: string | null, way: "through" | "in"): Outcome | null {
  const { host, packet, tracked } = visit;
  if (host.workloads === undefined || visit.ctState !== "NEW") return null;
  const from = sender(visit, arrived);
  const to =
    way === "in"
      ? null
      : (host.interfaces.find((i) => i.kind === "veth" && i.neighbours.includes(packet.dst))?.peer ?? null);
  if (from === null && to === null) return null;
  const dialled = tracked?.entry.original ?? packet;
  const own = way === "in" || arrived === null;
  for (const { label, allowed, note: text, result } of host.workloads.judge({ packet, dialled, from, to, own })) {
    const base = { iface: arrived, stage: "policy" as const, label, before: headerOf(packet), result };
    if (!allowed) {
      const why = `${hostName(host.id)} drops the packet: ${text}`;
      note(visit, { ...base, verdict: "drop", note: why });
      return { kind: "lost", packet, why };
    }
    note(visit, { ...base, verdict: result.rule === null ? "continue" : "accept", note: text });
  }
  return null;
}
