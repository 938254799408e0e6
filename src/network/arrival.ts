import { type Host, hostName } from "../kernel/host.ts";
import { packetText } from "../kernel/hooks.ts";
import { aKind, destinationText, headerOf, isIcmpError, sourceText } from "../kernel/packet.ts";
import { deliver } from "../kernel/socket.ts";
import { draftHop, sentence } from "../kernel/visit.ts";
import type { HostId, OutcomeKind, Packet } from "../model/trace/types.ts";
import { type End, type Flight, type Journey, end, lostSummary } from "./journey.ts";

/** A packet has reached the sockets of a host: the answer's flight, or the end of the walk. */
export function atSocket(journey: Journey, host: Host, packet: Packet, iface: string | null): Flight | End {
  const { recorder, resolved } = journey;
  const here = host.id === resolved.host;
  const verdict = deliver(host, packet, here ? journey.waiting : null);
  const header = headerOf(packet);
  const place = hostName(host.id);
  const base = { iface, stage: "socket" as const, label: "socket", before: header };
  switch (verdict.kind) {
    case "accepted":
    case "echo": {
      const owner = verdict.kind === "accepted" ? verdict.listener.owner : podOf(host.id);
      journey.backend = { pod: owner, ip: packet.dst, port: packet.dport };
      journey.sourceSeen = packet.src;
      const what = verdict.kind === "echo" ? "its kernel answers the echo" : `${verdict.listener.what} answers`;
      recorder.add(
        host.id,
        draftHop(
          { ...base, verdict: "deliver", note: `${place} sees the source ${sourceText(packet)}; ${what}.` },
          header,
        ),
      );
      recorder.turn();
      return { host: host.id, packet: verdict.answer, frame: null };
    }
    case "closed": {
      const owner = podOf(host.id);
      if (owner !== null) journey.backend = { pod: owner, ip: packet.dst, port: packet.dport };
      recorder.add(
        host.id,
        draftHop(
          {
            ...base,
            verdict: "refuse",
            note: `Nothing on ${place} listens on ${destinationText(packet)}/${packet.protocol.toUpperCase()}, so its kernel refuses with ${aKind(verdict.answer)}.`,
          },
          header,
        ),
      );
      recorder.turn();
      return { host: host.id, packet: verdict.answer, frame: null };
    }
    case "answered": {
      recorder.add(
        host.id,
        draftHop(
          {
            ...base,
            label: "client",
            verdict: "deliver",
            note: `${resolved.sender} gets ${aKind(packet)} from ${sourceText(packet)}, the address it dialled.`,
          },
          header,
        ),
      );
      return end("delivered", deliveredSummary(journey), { ttl: packet.ttl });
    }
    case "refused":
      return refusal(journey, host, packet, iface);
    case "stray": {
      const dialled = destinationText({ ...header, dst: resolved.ip, dport: resolved.port });
      const why =
        here && !isIcmpError(packet)
          ? `${resolved.sender} dialled ${dialled} and has no socket for ${aKind(packet)} from ${sourceText(packet)}: the answer was not translated back.`
          : `${place} has no socket for ${packetText(packet)}.`;
      recorder.add(host.id, draftHop({ ...base, verdict: "lost", note: why }, header));
      return end("timeout", lostSummary(journey, why));
    }
  }
}

function podOf(host: HostId): string | null {
  return host.startsWith("pod/") ? host.slice("pod/".length) : null;
}

function deliveredSummary(journey: Journey): string {
  const { backend, resolved, sourceSeen } = journey;
  const dialled = destinationText({
    dst: resolved.ip,
    dport: resolved.port,
    src: "",
    sport: 0,
    protocol: resolved.protocol,
    mark: 0,
    ttl: 0,
  });
  if (backend === null) return `${resolved.sender} reaches ${dialled}.`;
  const who = backend.pod === null ? `a process at ${backend.ip}` : `pod ${backend.pod}`;
  return `${resolved.sender} reaches ${who} by dialling ${dialled}; the server sees ${sourceSeen ?? "nobody"}.`;
}

/** The client's socket hears that its request failed: by RST, ABORT or an ICMP error. */
function refusal(journey: Journey, host: Host, packet: Packet, iface: string | null): End {
  const { resolved, recorder } = journey;
  const hard = packet.icmp === null || packet.icmp === "port-unreachable";
  const kind: OutcomeKind = hard ? "refused" : "unreachable";
  const words = hard
    ? "Connection refused"
    : packet.icmp === "net-unreachable"
      ? "Network is unreachable"
      : "No route to host";
  const header = headerOf(packet);
  const from = packet.icmp === null ? sourceText(packet) : packet.src;
  const note = `${resolved.sender} gets ${aKind(packet)} from ${from}: ${words}.`;
  recorder.add(
    host.id,
    draftHop({ iface, stage: "socket", label: "client", before: header, verdict: "refuse", note }, header),
  );
  const blame = journey.recorder.request().at(-1);
  const why = blame === undefined ? note : `${blame.note} ${sentence(note)}`;
  const rejectedAtHome =
    blame?.verdict === "reject" && blame.place === resolved.host && resolved.host.startsWith("node/");
  // A local sendto() that its own OUTPUT chain rejects fails with EPERM before the ICMP error is read.
  const errno = rejectedAtHome && resolved.protocol !== "tcp" && blame.stage === "hook:filter/OUTPUT" ? "EPERM" : null;
  return end(kind, why, { icmp: packet.icmp === null ? null : { type: packet.icmp, from: packet.src }, errno });
}
