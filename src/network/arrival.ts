import { SECOND } from "../base/time.ts";
import { type Host, type Listener, hostName } from "../kernel/host.ts";
import { packetText } from "../kernel/hooks.ts";
import { aKind, destinationText, headerOf, isIcmpError, sourceText } from "../kernel/packet.ts";
import { type SocketVerdict, deliver } from "../kernel/socket.ts";
import { draftHop, sentence } from "../kernel/visit.ts";
import type { HostId, OutcomeKind, Packet } from "../model/trace/types.ts";
import { onConnection } from "./established.ts";
import { statusText } from "./symptom.ts";
import { GIVES_UP_AFTER } from "./retransmission.ts";
import { type End, type Flight, type Journey, end, lostSummary } from "./journey.ts";
import { silenceOf } from "./listeners.ts";
import { heardBy, programOf } from "./program.ts";
import { podHost } from "./topology/pod.ts";
import { proxied, proxySocketOf } from "./userspace.ts";

/** A packet has reached the sockets of a host: the answer's flight, or the end of the walk. */
export function atSocket(journey: Journey, host: Host, packet: Packet, iface: string | null): Flight | End {
  const { recorder, resolved } = journey;
  const here = host.id === resolved.host;
  const open = onConnection(journey, { host, packet, iface });
  if (open !== null) return open;
  const verdict = deliver(host, packet, here ? journey.waiting : null);
  const header = headerOf(packet);
  const place = hostName(host.id);
  const base = { iface, stage: "socket" as const, label: "socket", before: header };
  switch (verdict.kind) {
    case "accepted":
    case "echo": {
      if (verdict.kind === "accepted") journey.accepted = { host: host.id, packet };
      const socket = verdict.kind === "accepted" ? proxySocketOf(host, verdict.listener) : null;
      if (socket !== null) return proxied(journey, { host, socket, packet, iface, answer: verdict.answer });
      const owner = verdict.kind === "accepted" ? verdict.listener.owner : podOf(host.id);
      const program = verdict.kind === "accepted" ? programOf(journey, verdict.listener) : null;
      journey.backend = { pod: owner, ip: packet.dst, port: packet.dport };
      journey.sourceSeen = packet.src;
      if (verdict.kind === "accepted") journey.listener = verdict.listener;
      const heard = program && heardBy(journey, program, { host, packet, iface, answer: verdict.answer });
      if (heard !== null) return heard;
      recorder.add(
        host.id,
        draftHop(
          {
            ...base,
            verdict: "deliver",
            note: `${place} sees the source ${sourceText(packet)}; ${answerText(verdict)}.`,
          },
          header,
        ),
      );
      recorder.turn();
      return { host: host.id, packet: verdict.answer, frame: null };
    }
    case "unread": {
      const { what, owner } = verdict.listener;
      journey.backend = { pod: owner, ip: packet.dst, port: packet.dport };
      const why = `${place}'s kernel queues ${aKind(packet)} from ${sourceText(packet)} for ${what}, but the process hangs and never reads it.`;
      recorder.add(host.id, draftHop({ ...base, verdict: "lost", note: why }, header));
      return end("timeout", lostSummary(journey, why));
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
            note: `Nothing on ${place} listens on ${destinationText(packet)}/${packet.protocol.toUpperCase()}${silence(journey, host, packet)}, so its kernel refuses with ${aKind(verdict.answer)}.`,
          },
          header,
        ),
      );
      recorder.turn();
      return { host: host.id, packet: verdict.answer, frame: null };
    }
    case "answered": {
      if (journey.listener?.hangs === true) return unanswered(journey, host, packet, iface, journey.listener);
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

/** What the server's side does with the packet that it took. */
function answerText(verdict: Extract<SocketVerdict, { kind: "accepted" | "echo" }>): string {
  if (verdict.kind === "echo") return "its kernel answers the echo";
  const { hangs, response, what } = verdict.listener;
  if (hangs === true)
    return `the kernel completes the handshake for ${what}, but the process hangs and accepts nothing`;
  if (response === undefined) return `${what} answers`;
  return `${what} answers GET ${response.path} with ${statusText(response)}`;
}

/** kube-proxy's own health check. */
const HEALTHZ = 10_256;

/** " (container web does not run (CrashLoopBackOff))" where that is why nothing listens, else nothing. */
function silence(journey: Journey, host: Host, { dport }: Packet): string {
  const { view } = journey;
  const node = host.id.startsWith("node/") ? host.id.slice("node/".length) : null;
  const { from, to } = view.cluster.nodePortRange;
  const isHealthCheck = dport === HEALTHZ || (dport >= from && dport <= to);
  if (node !== null && isHealthCheck && view.proxySockets?.(node).length === 0) return " (kube-proxy does not run)";
  const [, namespace, name] = host.id.split("/");
  const pod = node === null && namespace !== undefined && name !== undefined ? view.pod(namespace, name) : undefined;
  const why = pod === undefined || podHost(pod) !== host.id ? null : silenceOf(pod, view.processOf?.(pod));
  return why === null ? "" : ` (${why})`;
}

/** The handshake is done, the client has sent its request, and the process that should answer hangs. */
function unanswered(journey: Journey, host: Host, packet: Packet, iface: string | null, listener: Listener): End {
  const { resolved, recorder, backend } = journey;
  const header = headerOf(packet);
  const who = backend?.pod ?? backend?.ip ?? "the server";
  const note = `${resolved.sender} is connected and sends its request, but no answer comes: ${listener.what} of ${who} hangs.`;
  recorder.add(
    host.id,
    draftHop({ iface, stage: "socket", label: "client", before: header, verdict: "lost", note }, header),
  );
  return end("timeout", note, { connected: true });
}

function podOf(host: HostId): string | null {
  return host.startsWith("pod/") ? host.slice("pod/".length) : null;
}

function deliveredSummary(journey: Journey): string {
  const { along } = journey;
  if (along?.from === "server") {
    const { server } = along.connection;
    return `The process in ${server === null ? "the server" : hostName(server.host)} has ended, so its kernel closes the connection; ${journey.resolved.sender} reads the end of it.`;
  }
  if (along?.phase === "close") return `${journey.resolved.sender} and the server have closed their connection.`;
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
  const response = journey.response ?? journey.listener?.response;
  const said = response === undefined ? "" : ` and answers ${statusText(response)}`;
  const way = journey.relayedBy === null ? "" : `, by way of ${journey.relayedBy}`;
  if (along !== null && resolved.protocol === "tcp") {
    return `${resolved.sender} is answered by ${who} on the connection that is open${way}; the server sees ${sourceSeen ?? "nobody"}${said}.`;
  }
  return `${resolved.sender} reaches ${who} by dialling ${dialled}${way}; the server sees ${sourceSeen ?? "nobody"}${said}.`;
}

/** Of ICMP errors that may pass, a UDP socket without IP_RECVERR hears nothing (udp_err, icmp_err_convert): its program waits on. */
function unheard(journey: Journey, host: Host, packet: Packet, iface: string | null): End {
  const { resolved, recorder } = journey;
  const header = headerOf(packet);
  const note = `${resolved.sender} gets ${aKind(packet)} from ${packet.src}, which Linux does not tell a UDP socket: it goes on waiting.`;
  recorder.add(
    host.id,
    draftHop({ iface, stage: "socket", label: "client", before: header, verdict: "lost", note }, header),
  );
  const blame = recorder.request().at(-1);
  return end("timeout", blame === undefined ? note : `${blame.note} ${sentence(note)}`);
}

/** The client's socket hears that its request failed: by RST, ABORT or an ICMP error. */
function refusal(journey: Journey, host: Host, packet: Packet, iface: string | null): End {
  const { resolved, recorder } = journey;
  if (resolved.protocol === "udp" && packet.icmp !== null && packet.icmp !== "port-unreachable") {
    return unheard(journey, host, packet, iface);
  }
  const hard = packet.icmp === null || packet.icmp === "port-unreachable";
  // Once connected, an RST ends what there was; an ICMP error does not yet, but will be the reason that is given in the end.
  const isOpen = journey.along !== null;
  const isReset = journey.cutOff || (isOpen && packet.icmp === null);
  const kind: OutcomeKind = isReset ? "reset" : hard ? "refused" : "unreachable";
  const words = hard
    ? `Connection ${isReset ? "reset by peer" : "refused"}`
    : packet.icmp === "net-unreachable"
      ? "Network is unreachable"
      : packet.icmp === "frag-needed"
        ? "Message too long"
        : "No route to host";
  const header = headerOf(packet);
  const from = packet.icmp === null ? sourceText(packet) : packet.src;
  const later = isOpen && packet.icmp !== null && resolved.protocol === "tcp";
  const note = later
    ? `${resolved.sender} gets ${aKind(packet)} from ${from}, which does not end an open connection: it sends again, and only when it gives up, after ${GIVES_UP_AFTER / SECOND} s, reads "${words}".`
    : `${resolved.sender} gets ${aKind(packet)} from ${from}: ${words}.`;
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
  return end(kind, why, {
    icmp: packet.icmp === null ? null : { type: packet.icmp, from: packet.src },
    errno,
    ...(packet.mtu === undefined ? {} : { mtu: packet.mtu }),
    connected: journey.cutOff || isOpen,
  });
}
