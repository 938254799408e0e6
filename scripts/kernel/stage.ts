/** One topology in one mode, on both sides at once: the model's cluster and the kernel's. */
import { seededChooser } from "../../src/base/draw.ts";
import type { HostId, Request, Walk } from "../../src/model/trace/types.ts";
import { resolve } from "../../src/network/request.ts";
import { nextScript, scripted } from "../../src/network/branches.ts";
import { connect, connectionAt, exchange } from "../../src/network/connection.ts";
import { send } from "../../src/network/send.ts";
import { createTopology } from "../../src/network/topology/topology.ts";
import { type ClusterView, EMPTY_NETWORK, type NetworkState } from "../../src/network/types.ts";
import type { Command } from "../../src/wire/protocol.ts";
import type { Dial, Said } from "./agent-types.ts";
import { type Mode, SimulatedCluster, type Twist } from "./cluster.ts";
import { difference, expect, observedOf, type Outcome, outcomeOf, table, tally, tries, walkText } from "./compare.ts";
import { Lab } from "./lab.ts";
import type { Namespaces } from "./namespaces.ts";
import { traced } from "./trace.ts";

/** Longer than the one second after which a SYN that was rejected is sent again: only then does connect() hear of the ICMP error. */
const TIMEOUT = 2_500;
/** Three ARP requests, a second apart; on a busy machine some more. */
const ARP_TIMEOUT = 8_000;
/** Seeds to look through for a walk that went as the kernel's connection did. */
const SEEDS = 2_000;

/** Walks of the model that are printed with a complaint. */
const WALKS = 3;

/** Something that needs an order of events; gives one verdict per step that was compared. */
export type Play = (stage: Stage) => Promise<readonly Verdict[]>;

/** `null`: kernel and model agree. */
export interface Verdict {
  readonly flow: string;
  readonly complaint: string | null;
  /** Sends once more and gives the kernel's own account. */
  readonly trace?: () => Promise<string>;
}

/** A connection that exists on both sides: the model's state after it, and how to send on it again. */
export interface Pinned {
  readonly state: NetworkState;
  readonly options: { readonly id: number; readonly chooser: ReturnType<typeof seededChooser> };
  readonly walk: Walk;
}

/** A connection that is open on both sides: the model's state with it, and its number there. */
export interface Opened {
  readonly hold: string;
  readonly state: NetworkState;
  readonly connection: number;
}

/** What may become of one more request on an open connection, and the model's state then. */
interface Fate {
  readonly outcome: Outcome;
  readonly state: NetworkState;
}

/**
 * What a client hears on an open connection. The model says how the packet ended; of an ICMP error a socket is told at once only if it
 * asked to be (IP_RECVERR), and the agent's go on waiting (tcp_v4_err: sk_err_soft).
 */
function heardOf(walk: Walk): Outcome {
  const isError = walk.request.protocol === "tcp" && walk.reply.at(-1)?.before.protocol === "icmp";
  return isError ? "timeout" : outcomeOf(walk);
}

export class Stage {
  readonly mode: Mode;
  readonly lab: Lab;
  private readonly cluster: SimulatedCluster;
  /** Walks of the model on open connections so far: each draws for itself. */
  private walks = 1;
  private current: ClusterView;

  private constructor(mode: Mode, lab: Lab, cluster: SimulatedCluster) {
    this.mode = mode;
    this.lab = lab;
    this.cluster = cluster;
    this.current = cluster.view().view;
  }

  static async open(namespaces: Namespaces, yaml: string, mode: Mode, twist: Twist): Promise<Stage> {
    const stage = new Stage(mode, new Lab(namespaces, mode), new SimulatedCluster(yaml, mode, twist));
    await stage.follow();
    return stage;
  }

  get view(): ClusterView {
    return this.current;
  }

  private async follow(): Promise<void> {
    const { view, rulesOf } = this.cluster.view();
    this.current = view;
    await this.lab.follow(view, rulesOf);
  }

  /** Changes the cluster on both sides. */
  async change(...commands: readonly Command[]): Promise<void> {
    for (const command of commands) this.cluster.dispatch(command);
    await this.follow();
  }

  private target(request: Request, more: Partial<Dial> = {}): { readonly host: HostId; readonly dial: Dial } {
    const resolved = resolve(this.view, request);
    if (!resolved.ok) throw new Error(`${request.from} to ${request.to}: ${resolved.error.message}`);
    const { host, ip, port, protocol } = resolved.value;
    if (protocol === "sctp") throw new Error("no SCTP in the lab");
    return { host, dial: { protocol, ip, port, timeout: TIMEOUT, ...more } };
  }

  /** What a request dials, by address. */
  dialled(request: Request): Dial {
    return this.target(request).dial;
  }

  /** Sends a request as often as its outcomes need, and compares the sets. */
  async compare(request: Request, state: NetworkState = EMPTY_NETWORK, label = ""): Promise<Verdict> {
    const expected = expect(this.view, request, state);
    const slow = expected.weights.has("unreachable");
    const { host, dial } = this.target(request, slow ? { timeout: ARP_TIMEOUT } : {});
    const observed = tally(await this.lab.agent(host).dial(dial, tries(expected)));
    const flow = `${request.from} to ${request.to} (${request.protocol})${label}`;
    const differs = difference(expected.weights, observed);
    if (differs === null) return { flow, complaint: null };
    return {
      flow,
      complaint: [
        differs,
        `  kernel: ${table(observed)}`,
        `  model:  ${table(expected.weights)}`,
        ...expected.walks.slice(0, WALKS).map(walkText),
      ].join("\n"),
      // Under trace everything is slow, so not while other flows are on their way.
      trace: () => traced(this.lab, this.mode, () => this.lab.agent(host).dial(dial, 2)),
    };
  }

  /** One connection whose socket is kept, and a walk of the model that went the same way. */
  async pin(request: Request, hold: string, state: NetworkState = EMPTY_NETWORK): Promise<Pinned | Verdict> {
    return this.alike(request, hold, (options) => {
      const sent = send(this.view, state, request, options);
      return sent.ok ? { state: sent.value.state, options, walk: sent.value.walk } : null;
    });
  }

  /** One connection that stays open, in the kernel and in the model, through the same endpoint. */
  async open(request: Request, hold: string): Promise<Opened | Verdict> {
    return this.alike(request, hold, (options) => {
      const made = connect(this.view, EMPTY_NETWORK, request, options);
      if (!made.ok || made.value.connection === null) return null;
      const { walk, state, connection } = made.value;
      return { hold, walk, state, connection: connection.id };
    });
  }

  /** Opens the kernel's connection, and the model's by seed after seed until one ends as that did. */
  private async alike<T extends { readonly walk: Walk }>(
    request: Request,
    hold: string,
    model: (options: Pinned["options"]) => T | null,
  ): Promise<T | Verdict> {
    const { host, dial } = this.target(request, { hold });
    const [said] = await this.lab.agent(host).dial(dial, 1);
    const flow = `${request.from} to ${request.to} (${request.protocol}), first`;
    const seen = said === undefined ? "nothing" : observedOf(said);
    for (let seed = 1; seed <= SEEDS; seed++) {
      const made = model({ id: 1, chooser: seededChooser(seed) });
      if (made !== null && outcomeOf(made.walk) === seen) return made;
    }
    return {
      flow,
      complaint: `the kernel has "${seen}", no walk of the model goes so\n  model: ${table(expect(this.view, request).weights)}`,
    };
  }

  /** One more request on the kept socket, against what the model says of the same connection now. */
  async again(request: Request, hold: string, pinned: Pinned, label: string): Promise<Verdict> {
    const { host } = this.target(request);
    const said: Said = await this.lab.agent(host).again(hold, TIMEOUT);
    const expected = expect(this.view, request, pinned.state, pinned.options);
    const observed = tally([said]);
    const flow = `${request.from} to ${request.to} (${request.protocol}), ${label}`;
    const differs = difference(expected.weights, observed);
    return {
      flow,
      complaint:
        differs === null
          ? null
          : [
              differs,
              `  kernel: ${table(observed)}`,
              `  model:  ${table(expected.weights)}`,
              ...expected.walks.map(walkText),
            ].join("\n"),
    };
  }

  /** One more request on each of several open connections; those that are still open afterwards, as the kernel's fared. */
  async askAll(
    request: Request,
    label: string,
    opened: readonly Opened[],
  ): Promise<{ readonly verdict: Verdict; readonly open: readonly Opened[] }> {
    const agent = this.lab.agent(this.target(request).host);
    const flow = `${request.from} to ${request.to} (${request.protocol}), ${label}, ${opened.length} connections`;
    const asked = await Promise.all(
      opened.map(async (one) => {
        const fates = this.fates(one);
        const observed = observedOf(await agent.again(one.hold, TIMEOUT));
        const fate = fates.find(({ outcome }) => outcome === observed);
        const names = [...new Set(fates.map(({ outcome }) => outcome))].join(" or ");
        return {
          complaint: fate === undefined ? `the kernel has "${observed}", the model ${names}` : null,
          open: fate === undefined || !observed.includes(" sees ") ? [] : [{ ...one, state: fate.state }],
        };
      }),
    );
    const found = asked.flatMap(({ complaint }) => complaint ?? []);
    return {
      verdict: { flow, complaint: found.length === 0 ? null : found.join("; ") },
      open: asked.flatMap(({ open }) => open),
    };
  }

  /** Every way that one more request on the model's connection can go. */
  private fates({ state, connection }: Opened): readonly Fate[] {
    const held = connectionAt(state, connection);
    if (held === undefined) throw new Error(`no connection ${connection}`);
    const topology = createTopology(this.view);
    const id = ++this.walks;
    const fates: Fate[] = [];
    for (let script: readonly number[] | null = []; script !== null;) {
      const { chooser, made } = scripted(script, seededChooser(id));
      const after = exchange(this.view, topology, state, held, undefined, { id, chooser });
      fates.push({ outcome: heardOf(after.walk), state: after.state });
      script = nextScript(made);
    }
    return fates;
  }
}
