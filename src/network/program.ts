/** What processes in pods do with what they hear, beyond accepting it: name servers answer, ingress controllers and load balancers relay. */
import type { Micros } from "../base/time.ts";
import { type Host, hostName, type Listener } from "../kernel/host.ts";
import { headerOf, sourceText } from "../kernel/packet.ts";
import type { ProxyEndpoint } from "../kernel/proxy-socket.ts";
import { draftHop } from "../kernel/visit.ts";
import type { DnsResponse, HttpResponse, Message } from "../model/trace/message.ts";
import type { OutcomeKind, Packet, Verdict } from "../model/trace/types.ts";
import { type End, end, type Flight, type Journey, keep, lostSummary, stateOf } from "./journey.ts";
import { nextEndpoint } from "./round-robin.ts";

/** A process that reads what its clients say. Pure: the same words, the same reaction. */
export interface Program {
  /** As a note names it: "CoreDNS", "the ingress controller". */
  readonly name: string;
  /** null: nothing of note; it accepts and answers like any server. */
  react(heard: Heard): Reaction | null;
}

/** One connection or datagram that a program has got. */
export interface Heard {
  /** null: a client that only connects. */
  readonly says: Message | null;
  readonly source: { readonly ip: string; readonly port: number };
  /** Address and port that the packet arrived at, after all translations. */
  readonly local: { readonly ip: string; readonly port: number };
  readonly now: Micros;
  /** What it has remembered: plain data, kept with its pod; undefined: nothing yet. */
  readonly memory?: unknown;
  /** An index in [0, n) by draw, for a choice whose outcome nobody asks about. */
  readonly sample: (n: number, purpose: string) => number;
}

export type Reaction =
  | {
      readonly kind: "answer";
      /** What it does, as the end of a sentence: "answers A web.shop... with 10.96.0.50". */
      readonly note: string;
      readonly took: Micros;
      readonly response?: HttpResponse;
      readonly dns?: DnsResponse;
      /** What it knows from now on. */
      readonly remember?: unknown;
    }
  /** It reads, and says nothing: the client waits. */
  | { readonly kind: "ignore"; readonly note: string }
  /** It closes the connection; `says` is what its client's tool makes of that, where it is more than a reset. */
  | { readonly kind: "close"; readonly note: string; readonly says?: string }
  | Relay;

/** It makes a second connection, in turn, to one of these, and passes on what either side says. TCP only. */
export interface Relay {
  readonly kind: "relay";
  /** Names its turns: those of one name go round. */
  readonly name: string;
  readonly note: string;
  readonly endpoints: readonly ProxyEndpoint[];
  /** What it says on the second connection. */
  readonly says: Message | null;
  /** How many endpoints it tries, and how long each. */
  readonly attempts: number;
  readonly patience: Micros;
  /** How long it waits for one that has accepted and says nothing; absent: not at all. */
  readonly silence?: Micros;
  /** Its endpoints take turns in the order given; absent: in one that it has shuffled. */
  readonly ordered?: true;
  /** It tries the same endpoint again, not the next. */
  readonly stays?: true;
  /** What becomes of the backend's answer on the way back; absent: nothing. */
  readonly returned?: (response: HttpResponse) => HttpResponse;
  /** What it answers when none takes the connection (null: there is none at all), or the last one that did says nothing (`connected`); null: it closes without a word. */
  readonly failed: (outcome: OutcomeKind | null, connected: boolean) => HttpResponse | null;
}

interface Arrived {
  readonly host: Host;
  readonly packet: Packet;
  readonly iface: string | null;
  /** What the kernel or the process sends back: SYN,ACK, or a datagram. */
  readonly answer: Packet;
}

/** The program behind a listener, or null when its process is one that just answers. */
export function programOf({ view }: Journey, listener: Listener): Program | null {
  if (listener.owner === null || listener.hangs === true) return null;
  const [namespace = "", name = ""] = listener.owner.split("/");
  const pod = view.pod(namespace, name);
  return pod === undefined ? null : (view.programOf?.(pod, listener) ?? null);
}

function tell(journey: Journey, { host, packet, iface }: Arrived, label: string, verdict: Verdict, note: string): void {
  const header = headerOf(packet);
  journey.recorder.add(host.id, draftHop({ iface, stage: "socket", label, before: header, verdict, note }, header));
}

/** A program gets a connection or a datagram: what goes back to the client, and what it did for that; null: nothing of note. */
export function heardBy(journey: Journey, program: Program, arrived: Arrived): Flight | End | null {
  const { host, packet, answer } = arrived;
  const back: Flight = { host: host.id, packet: answer, frame: null };
  const who = `${program.name} in ${hostName(host.id)}`;
  const state = stateOf(journey, host.id);
  const { chooser, flow } = journey.env;
  const reaction = program.react({
    says: journey.resolved.says ?? null,
    source: { ip: packet.src, port: packet.sport },
    local: { ip: packet.dst, port: packet.dport },
    now: journey.recorder.now,
    memory: state.programs?.[program.name],
    sample: (n, purpose) => chooser.sample(n, `${flow} ${host.id} ${purpose}`),
  });
  if (reaction === null) return null;
  const seen = `${who} sees the source ${sourceText(packet)}`;
  switch (reaction.kind) {
    case "answer":
      tell(journey, arrived, "socket", "deliver", `${seen} and ${reaction.note}.`);
      journey.recorder.wait(reaction.took);
      journey.response = reaction.response ?? null;
      journey.dns = reaction.dns ?? null;
      if (reaction.remember !== undefined) {
        keep(journey, host.id, { ...state, programs: { ...state.programs, [program.name]: reaction.remember } });
      }
      return turned(journey, back);
    case "ignore": {
      tell(journey, arrived, "socket", "lost", `${seen} and ${reaction.note}.`);
      return end("timeout", lostSummary(journey, `${who} ${reaction.note}.`), { connected: packet.protocol === "tcp" });
    }
    case "close":
      tell(journey, arrived, "socket", "refuse", `${seen} and ${reaction.note}.`);
      journey.complaint = reaction.says ?? null;
      return cut(journey, arrived);
    case "relay":
      tell(journey, arrived, "socket", "deliver", `${seen} and ${reaction.note}.`);
      return journey.handshake(back) ? relay(journey, who, reaction, arrived) : turned(journey, back);
  }
}

/** The answer sets out. */
function turned(journey: Journey, back: Flight): Flight {
  journey.recorder.turn();
  return back;
}

/** It closes a connection that it had accepted: the client gets a reset. */
function cut(journey: Journey, { host, answer }: Arrived): Flight {
  journey.cutOff = true;
  return turned(journey, { host: host.id, packet: { ...answer, flags: "RST,ACK" }, frame: null });
}

function relay(journey: Journey, who: string, plan: Relay, arrived: Arrived): Flight {
  const { host, answer } = arrived;
  const back: Flight = { host: host.id, packet: answer, frame: null };
  let outcome: OutcomeKind | null = null;
  let last: Turn | null = null;
  let connected = false;
  for (let attempt = 0; attempt < plan.attempts && plan.endpoints.length > 0; attempt++) {
    const turn: Turn = plan.stays === true && last !== null ? last : turnOf(journey, plan, arrived, attempt > 0);
    last = turn;
    const { ip, port, key, because } = turn;
    const dialled = journey.dial({
      from: host.id,
      sender: who,
      ip,
      port,
      protocol: "tcp",
      patience: plan.patience,
      ...(plan.says === null ? {} : { says: plan.says }),
    });
    if (dialled.connected && dialled.walk.outcome === "delivered") {
      journey.backend = dialled.walk.backend;
      journey.sourceSeen = dialled.walk.sourceSeen;
      const { response } = dialled.walk;
      journey.response = response === undefined ? null : (plan.returned?.(response) ?? response);
      journey.relayedBy = who;
      const own = dialled.walk.hops[0]?.after.src ?? "";
      tell(
        journey,
        arrived,
        "relay",
        "continue",
        `${who} opens a second connection${own === "" ? "" : ` from ${own}`} to ${key} (${because}) and passes on what either side says.`,
      );
      return turned(journey, back);
    }
    if (dialled.connected && dialled.walk.outcome === "timeout") journey.recorder.wait(plan.silence ?? 0);
    ({ connected } = dialled);
    outcome = dialled.walk.outcome;
  }
  const response = plan.failed(outcome, connected);
  const why = outcome === null ? "has nobody to pass it on to" : `reaches nobody: ${outcome}`;
  if (response === null) {
    tell(journey, arrived, "relay", "refuse", `${who} ${why}, and closes the connection that it had accepted.`);
    return cut(journey, arrived);
  }
  tell(
    journey,
    arrived,
    "relay",
    "continue",
    `${who} ${why}, and answers ${response.status} ${response.reason} itself.`,
  );
  journey.response = response;
  return turned(journey, back);
}

type Turn = ProxyEndpoint & { readonly because: string };

function turnOf(journey: Journey, plan: Relay, { host, packet }: Arrived, reset: boolean): Turn {
  const state = stateOf(journey, host.id);
  const socket = { name: plan.name, endpoints: plan.endpoints, affinitySeconds: null, ordered: plan.ordered === true };
  const { endpoint, turn, because } = nextEndpoint(state.turns?.[plan.name], socket, {
    client: packet.src,
    reset,
    now: journey.recorder.now,
    chooser: journey.env.chooser,
    flow: `${journey.env.flow} ${host.id}`,
    place: host.id,
  });
  keep(journey, host.id, { ...state, turns: { ...state.turns, [plan.name]: turn } });
  return { ...(endpoint as ProxyEndpoint), because };
}
