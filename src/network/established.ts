/** A packet of an open connection at its server's socket: what the kernel and the process there do with it. */
import { sameTuple } from "../kernel/conntrack-table.ts";
import { invertTuple, tupleOf } from "../kernel/conntrack.ts";
import { type Host, hostName } from "../kernel/host.ts";
import { packetText } from "../kernel/hooks.ts";
import { headerOf, replyTo, sourceText } from "../kernel/packet.ts";
import { findListener } from "../kernel/socket.ts";
import { draftHop } from "../kernel/visit.ts";
import type { Packet, Verdict } from "../model/trace/types.ts";
import { isAtServer } from "./along.ts";
import { type End, type Flight, type Journey, end, lostSummary } from "./journey.ts";
import { heardBy, programOf } from "./program.ts";
import { statusText } from "./symptom.ts";

/** A packet that has arrived, and the interface that it came in by. */
interface Arrived {
  readonly host: Host;
  readonly packet: Packet;
  readonly iface: string | null;
}

function tell(journey: Journey, { host, packet, iface }: Arrived, label: string, verdict: Verdict, note: string): void {
  const header = headerOf(packet);
  journey.recorder.add(host.id, draftHop({ iface, stage: "socket", label, before: header, verdict, note }, header));
}

function back(journey: Journey, { host, packet }: Arrived, flags: Packet["flags"]): Flight {
  journey.recorder.turn();
  return { host: host.id, packet: replyTo(packet, { flags, icmp: null }), frame: null };
}

/** The answer's flight or the end of the walk; null when no socket of an open connection takes the packet. */
export function onConnection(journey: Journey, arrived: Arrived): Flight | End | null {
  const { along, view } = journey;
  const { host, packet } = arrived;
  if (along === null || packet.protocol !== "tcp" || packet.icmp !== null) return null;
  if (isAtServer(view, along.connection, host.id, packet)) return atServer(journey, arrived);
  // Whoever else gets it knows no such connection, and says so. A client that is told of the end says nothing.
  const isMine = journey.waiting !== null && sameTuple(invertTuple(tupleOf(packet)), journey.waiting);
  if (isMine || packet.flags === "RST" || packet.flags === "RST,ACK" || journey.recorder.turned) return null;
  const place = hostName(host.id);
  const why =
    host.id === along.connection.server?.host
      ? `The process that had this connection has ended, so ${place}'s kernel has no socket`
      : `${place} has never heard of this connection and has no socket`;
  tell(journey, arrived, "socket", "refuse", `${why} for the ${packetText(packet)}: it answers with an RST.`);
  return back(journey, arrived, "RST");
}

function atServer(journey: Journey, arrived: Arrived): Flight | End {
  const { along, resolved } = journey;
  const { host, packet } = arrived;
  const place = hostName(host.id);
  const { server, backend, relayed } = (along as NonNullable<Journey["along"]>).connection;
  const what = server?.what ?? "the process";
  const seen = `${place} knows this connection from ${sourceText(packet)}`;
  journey.backend = backend;
  journey.sourceSeen = packet.src;
  const listener = findListener(host, packet) ?? null;
  journey.listener = listener;
  const hangs = listener?.hangs === true;
  switch (packet.flags) {
    case "ACK":
      return end("delivered", `${place} has the acknowledgement.`);
    case "RST":
    case "RST,ACK":
      tell(journey, arrived, "socket", "deliver", `${seen} and closes it at once; ${what} reads an error.`);
      return end("delivered", `${resolved.sender} resets its connection; ${place} forgets it.`);
    case "FIN,ACK":
      if (relayed !== undefined) journey.passOn(relayed);
      if (hangs) {
        tell(
          journey,
          arrived,
          "socket",
          "lost",
          `${seen} and acknowledges the FIN, but ${what} hangs and never closes its side.`,
        );
        journey.handshake({ host: host.id, packet: replyTo(packet, { flags: "ACK", icmp: null }), frame: null });
        return end(
          "timeout",
          `${resolved.sender} has closed its side, and ${what} of ${place}, which hangs, never closes the other.`,
          {
            connected: true,
          },
        );
      }
      tell(journey, arrived, "socket", "deliver", `${seen}; ${what} reads its end and closes its side too.`);
      return back(journey, arrived, "FIN,ACK");
    default:
      break;
  }
  if (hangs) {
    const why = `${place}'s kernel acknowledges the data, but ${what} hangs and never reads it.`;
    tell(journey, arrived, "socket", "lost", why);
    journey.handshake({ host: host.id, packet: replyTo(packet, { flags: "ACK", icmp: null }), frame: null });
    return end("timeout", why, { connected: true });
  }
  if (relayed !== undefined) {
    const passed = journey.passOn(relayed);
    const by = `${what} on ${place}`;
    if (passed.outcome === "delivered") {
      journey.backend = passed.backend;
      journey.sourceSeen = passed.sourceSeen;
      journey.response = passed.response ?? null;
      tell(journey, arrived, "socket", "deliver", `${seen}; ${by} passes on what either side sends.`);
      return back(journey, arrived, "PSH,ACK");
    }
    if (passed.outcome === "timeout") {
      const why = `${by} passes the data on over its second connection, and no answer comes.`;
      tell(journey, arrived, "socket", "lost", why);
      return end("timeout", lostSummary(journey, why), { connected: true });
    }
    tell(
      journey,
      arrived,
      "socket",
      "refuse",
      `${seen}; the second connection of ${by} is ${passed.outcome}, so it closes this one.`,
    );
    return back(journey, arrived, "RST,ACK");
  }
  const program = listener === null ? null : programOf(journey, listener);
  const answer = replyTo(packet, { flags: "PSH,ACK", icmp: null });
  const heard = program && heardBy(journey, program, { ...arrived, answer });
  if (heard !== null) return heard;
  const response = listener?.response;
  const does = response === undefined ? "answers" : `answers GET ${response.path} with ${statusText(response)}`;
  tell(journey, arrived, "socket", "deliver", `${seen}, which is open; ${what} ${does}.`);
  return back(journey, arrived, "PSH,ACK");
}
