/** Every node's kube-proxy as an actor: when it syncs, and the rules that its node's kernel therefore holds. */
import type { Commit, Store } from "../apiserver/types.ts";
import { deepEqual } from "../base/json.ts";
import type { Micros } from "../base/time.ts";
import type { EngineContext, SimEvent } from "../engine/types.ts";
import type { HostState } from "../kernel/conntrack.ts";
import type { Listener } from "../kernel/host.ts";
import type { ProxyConfig } from "../model/config/types.ts";
import { objectKey } from "../model/meta/types.ts";
import { forgetTurns } from "../network/round-robin.ts";
import type { Node } from "../model/node/types.ts";
import { drainedByCheck, drainedBySync, mayDrain, untilCheck } from "../proxy/ipvs/drain.ts";
import { proxyListeners } from "../proxy/healthcheck.ts";
import type { CompiledRules } from "../proxy/modes.ts";
import type { ProxyView } from "../proxy/view.ts";
import { compileFor, selfOf } from "./compile.ts";
import { afterRewrite } from "./counters.ts";
import { heard, hearingDelay, relevantRevision, syncDelay } from "./proxies.ts";
import { Recent } from "./recent.ts";
import type { State } from "./state.ts";
import { ProxyViews } from "./views.ts";

const PREFIX = "kube-proxy/";
const DRAIN_CHECK = "drain";

export class KubeProxies {
  private readonly store: Store;
  private readonly state: State;
  private readonly compiled = new Recent<CompiledRules>(256);
  private readonly views = new ProxyViews();

  constructor(store: Store, state: State) {
    this.store = store;
    this.state = state;
  }

  /** Is this actor one of them? */
  owns(actor: string): boolean {
    return actor.startsWith(PREFIX);
  }

  /** The last change that the node's rules show; 0 before its kube-proxy's first sync. */
  rulesRevision(node: string): number {
    const sync = this.state.rest.proxies[node];
    return sync === undefined ? 0 : relevantRevision(this.store.journal, sync.syncedRevision);
  }

  /** What the node's kernel holds: the rules of the revision that its kube-proxy last synced. Compiled when somebody looks. */
  rulesOf(node: string): CompiledRules {
    const revision = this.rulesRevision(node);
    return this.compiled.get(`${node}@${revision}`, () => {
      const reader = this.store.readAt(revision);
      const viewOf = (family: 4 | 6): ProxyView => this.views.at(reader, this.store.journal, family);
      return compileFor(reader.get<Node>(objectKey("Node", undefined, node)), this.state.rest.proxy, viewOf);
    });
  }

  /** What the node's kube-proxy listens on and answers; nothing while it does not run. */
  socketsOf(name: string, now: Micros): readonly Listener[] {
    const key = objectKey("Node", undefined, name);
    const current = this.store.get<Node>(key);
    if (current === undefined || this.state.isProxyOff(name)) return [];
    const { proxies, proxy } = this.state.rest;
    const sync = proxies[name];
    const reader = sync === undefined ? null : this.store.readAt(this.rulesRevision(name));
    const node = reader?.get<Node>(key) ?? current;
    const synced = reader === null || sync === undefined ? null : { reader, at: sync.syncedAt };
    return proxyListeners({ synced, node, self: selfOf(node), config: proxy, now });
  }

  /** Another history, or another configuration: what was compiled is not asked for again. */
  forgetCompiled(): void {
    this.compiled.clear();
  }

  /** kube-proxy reads its configuration once: another one means a restart, after which every node's rules are written anew. */
  configure(proxy: ProxyConfig, engine: EngineContext): void {
    if (deepEqual(proxy, this.state.rest.proxy)) return;
    this.state.change({ proxy, proxies: {}, network: forgetTurns(this.state.rest.network, null) });
    this.forgetCompiled();
    this.syncAll(engine);
  }

  /** A change that all kube-proxies will hear of. */
  syncAll(engine: EngineContext): void {
    for (const node of this.store.list<Node>("Node")) this.syncSoon(node.metadata.name, engine);
  }

  syncSoon(node: string, engine: EngineContext): void {
    const { faults, proxies, proxy } = this.state.rest;
    if (this.state.isProxyOff(node)) return;
    const delay = syncDelay(proxies[node], engine.now, proxy, faults.lag[node] ?? 0);
    engine.emit(delay, PREFIX + node, "sync", null, "rules");
  }

  handle(event: SimEvent, engine: EngineContext): string {
    const node = event.actor.slice(PREFIX.length);
    if (this.state.isProxyOff(node)) return "kube-proxy is not running";
    if (event.kind === DRAIN_CHECK) {
      this.drain(node, engine, (host) => drainedByCheck(host, engine.now));
      return "looked for drained servers without connections";
    }
    const { faults, proxies, proxy } = this.state.rest;
    const { journal } = this.store;
    const last = proxies[node];
    const delay = engine.latency(hearingDelay(faults.lag[node] ?? 0));
    const { revision, nextAt } = heard(journal, engine.now, delay);
    // What it knows already it does not unlearn when its watch begins to lag.
    const syncedRevision = Math.max(revision, last?.syncedRevision ?? 0);
    this.state.change({ proxies: { ...proxies, [node]: { syncedRevision, syncedAt: engine.now } } });
    this.restartCounters(node, last === undefined ? null : journal.slice(last.syncedRevision, syncedRevision));
    this.drain(node, engine, (host) => {
      if (proxy.mode !== "ipvs") return drainedBySync(host, undefined, engine.now);
      return mayDrain(host, engine.now) ? drainedBySync(host, this.rulesOf(node).rules.virtual, engine.now) : host;
    });
    if (nextAt !== null) {
      const wait = Math.max(nextAt, engine.now + engine.latency({ class: "sync", micros: proxy.minSyncPeriod }));
      engine.emit({ class: "timer", micros: wait - engine.now }, event.actor, "sync", null, "rules");
    }
    const same =
      last !== undefined &&
      relevantRevision(journal, last.syncedRevision) === relevantRevision(journal, syncedRevision);
    return same ? "rules up to date" : `rules written, up to revision ${syncedRevision}`;
  }

  /** Changes which destinations of the node's IPVS are drained, and sees to it that kube-proxy looks again. */
  private drain(node: string, engine: EngineContext, change: (host: HostState) => HostState): void {
    const { network } = this.state.rest;
    const id = `node/${node}` as const;
    const host = network.hosts[id];
    if (host === undefined) return;
    const changed = change(host);
    if (changed !== host) this.state.change({ network: { ...network, hosts: { ...network.hosts, [id]: changed } } });
    const wait = untilCheck(changed, engine.now);
    // Nobody waits for it: what is drained takes no part in anything new.
    if (wait !== null) engine.emit({ class: "deadline", micros: wait }, PREFIX + node, DRAIN_CHECK, null, DRAIN_CHECK);
  }

  /** The node's rules are written; `commits` are what this kube-proxy heard since it last did so, null if it never had. */
  private restartCounters(node: string, commits: readonly Commit[] | null): void {
    const { network } = this.state.rest;
    const id = `node/${node}` as const;
    const host = network.hosts[id];
    if (host === undefined) return;
    const after = afterRewrite(host, commits);
    if (after !== host) this.state.change({ network: { ...network, hosts: { ...network.hosts, [id]: after } } });
  }
}
