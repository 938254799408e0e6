/** Every node's kube-proxy as a process: when it starts and syncs, and the rules that its node's kernel therefore holds. */
import type { Api, Commit, Store, WriteContext } from "../apiserver/types.ts";
import { deepEqual } from "../base/json.ts";
import { type Micros, MILLISECOND, SECOND } from "../base/time.ts";
import type { EventNote } from "../controllers/types.ts";
import { type Delay, type EngineContext, MAX_ALSO, NOW, type Pace, type SimEvent } from "../engine/types.ts";
import type { HostState } from "../kernel/conntrack.ts";
import type { Listener } from "../kernel/host.ts";
import type { ProxyConfig, ProxyMode } from "../model/config/types.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import { networkOf, nodeNetwork } from "../model/kubehop/network.ts";
import type { Lab } from "../model/kubehop/types.ts";
import { keyOf, type ObjectKey, objectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import { otherRules, publicNodeNetworks } from "../network/cni-rules.ts";
import { forgetTurns } from "../network/round-robin.ts";
import { drainedByCheck, drainedBySync, mayDrain, untilCheck } from "../proxy/ipvs/drain.ts";
import { passesCheck, proxyListeners, type ProxyStanding } from "../proxy/healthcheck.ts";
import type { Service } from "../model/service/types.ts";
import { mayBeStale, staleEntries } from "../proxy/conntrack-cleanup.ts";
import { cleansUp } from "../proxy/leftovers.ts";
import type { DriftInputs } from "../proxy/drift/drift.ts";
import { buildView, type ProxyView } from "../proxy/view.ts";
import { compileFor, NOTHING, type NodeRules, type OthersOf, selfOf, type Written } from "./compile.ts";
import { afterRewrite } from "./counters.ts";
import { withServiceRanges } from "./defaults.ts";
import {
  backOff,
  heard,
  hearingDelay,
  type KernelRules,
  type LogLine,
  NO_PROCESS,
  type ProxyProcess,
  type ProxyStart,
  relevantRevision,
  syncDelay,
  type WrittenRules,
} from "./proxies.ts";
import {
  fileKey,
  fileOf,
  NO_DOCUMENTS,
  proxyFiles,
  ProxyFiles,
  type ProxyDocuments,
  textOf,
  withMode,
} from "./proxy-files.ts";
import { Recent } from "./recent.ts";
import type { State } from "./state.ts";
import { ProxyViews } from "./views.ts";

const PREFIX = "kube-proxy/";
const DRAIN_CHECK = "drain";

/** From the end of a container to the start of the one that replaces it. */
const RESTART: Delay = { class: "start", micros: SECOND };
/** From its start to its first sync kube-proxy lists what it watches. */
const LISTING: Delay = { class: "start", micros: 300 * MILLISECOND };
/** How many starts a process remembers for its log. */
const REMEMBERED = 10;

const DEPRECATED =
  "The ipvs proxier is now deprecated and may be removed in a future release. Please use 'nftables' instead.";

/** Those who are told of what kube-proxies do. */
export interface ProxyHost {
  readonly store: Store;
  readonly state: State;
  readonly tell: (note: EventNote, by: string, engine: EngineContext) => void;
}

export class KubeProxies {
  private readonly store: Store;
  private readonly state: State;
  private readonly tell: ProxyHost["tell"];
  private readonly files = new ProxyFiles();
  private readonly compiled = new Recent<NodeRules>(256);
  private readonly views = new ProxyViews();
  /** How often in a row all were told of a change, since one of them did something or something befell it. */
  private told: { readonly times: number; readonly pace: Pace } = { times: 0, pace: "run" };
  /** The nodes when kube-proxies were last told of a change: a list changes with each of them. */
  private seen: readonly Node[] | null = null;
  /** Configurations by identity, so that compiled rules have a short key. */
  private readonly numbers = new WeakMap<ProxyConfig, number>();
  private numbered = 0;
  /** Networks of the nodes in a list of them, which never changes. */
  private readonly networks = new WeakMap<readonly Node[], readonly string[]>();
  private known: { readonly journal: readonly Commit[]; readonly revision: number; readonly relevant: number } = {
    journal: [],
    revision: 0,
    relevant: 0,
  };

  constructor({ store, state, tell }: ProxyHost) {
    this.store = store;
    this.state = state;
    this.tell = tell;
  }

  /** Is this actor one of them? */
  owns(actor: string): boolean {
    return actor.startsWith(PREFIX);
  }

  processOf(node: string): ProxyProcess {
    return this.state.rest.proxies[node] ?? NO_PROCESS;
  }

  /** The mode whose rules the node has, or that its kube-proxy was started in; before any start that of its file. */
  modeOf(node: string): ProxyMode {
    const { kernel, config } = this.processOf(node);
    if (config !== null) return config.mode;
    if (kernel !== null) return kernel.config.mode;
    const read = this.files.read(fileOf(this.store, node), this.state.rest.cluster);
    return read.ok ? read.value.config.mode : "iptables";
  }

  /** The last change that the node's rules show; 0 when it has none. */
  rulesRevision(node: string): number {
    return this.processOf(node).kernel?.revision ?? 0;
  }

  /**
   * What the node's kernel holds: the rules of the revision that its kube-proxy last synced, over what another mode may have left
   * (unless `alone`). Compiled when somebody looks.
   */
  rulesOf(node: string, alone = false): NodeRules {
    const { kernel } = this.processOf(node);
    if (kernel === null) return NOTHING;
    const { config, revision } = kernel;
    const left = alone ? null : kernel.left;
    const leftover = left === null ? "" : `+${this.numberOf(left.config)}@${left.revision}`;
    const others = this.othersOn(node);
    return this.compiled.get(`${node} ${this.numberOf(config)}@${revision}${leftover}${others.key}`, () => {
      const reader = this.store.readAt(revision);
      const viewOf = (family: 4 | 6): ProxyView => this.views.at(reader, this.store.journal, family);
      const old = (rules: WrittenRules): Written => {
        const then = this.store.readAt(rules.revision);
        return { viewOf: (family) => buildView(then, family), config: rules.config };
      };
      const written = { viewOf, config };
      return compileFor(
        reader.get<Node>(objectKey("Node", undefined, node)),
        written,
        left === null ? null : old(left),
        others.of,
      );
    });
  }

  /** What the node's kube-proxy would go by if it wrote its rules now, whether it runs or not; null when there is no such node. */
  wouldWriteBy(name: string): DriftInputs | null {
    const node = this.store.get<Node>(objectKey("Node", undefined, name));
    if (node === undefined) return null;
    const { config, kernel } = this.processOf(name);
    const read = this.files.read(fileOf(this.store, name), this.state.rest.cluster);
    const used = config ?? kernel?.config ?? (read.ok ? read.value.config : null);
    if (used === null) return null;
    return {
      node: selfOf(node),
      config: withServiceRanges(used, this.state.rest.cluster),
      viewOf: (family) => buildView(this.store, family),
    };
  }

  /** The rules on the node that are not kube-proxy's, and what tells them from others. */
  private othersOn(name: string): { readonly of: OthersOf; readonly key: string } {
    const network = networkOf(this.store.list<Lab>("Lab"));
    const node = this.store.get<Node>(objectKey("Node", undefined, name));
    if (node === undefined) return { of: () => null, key: "" };
    const { podSubnet } = this.state.rest.cluster;
    const outside = this.publicNetworks();
    const of: OthersOf = (family) => otherRules(network, node, podSubnet, outside, family);
    const { masquerade, isolatedPods, forwardPolicy } = nodeNetwork(network, node.metadata.annotations);
    const ranges = masquerade === "all" ? node.spec.podCIDRs : masquerade === "outside" ? outside : null;
    return { of, key: ` ${JSON.stringify([masquerade, isolatedPods, forwardPolicy, podSubnet, ranges])}` };
  }

  private publicNetworks(): readonly string[] {
    const nodes = this.store.list<Node>("Node");
    let networks = this.networks.get(nodes);
    if (networks === undefined) this.networks.set(nodes, (networks = publicNodeNetworks(nodes)));
    return networks;
  }

  /** What the node's kube-proxy listens on and answers; nothing while it does not run. */
  socketsOf(name: string, now: Micros): readonly Listener[] {
    const standing = this.standing(name, now);
    return standing === null ? [] : proxyListeners(standing);
  }

  /** Does the node's kube-proxy pass a balancer's health check: its own /healthz (null), or that of a Service? */
  passes(name: string, service: Service | null, now: Micros): boolean {
    const standing = this.standing(name, now);
    return standing !== null && passesCheck(standing, service);
  }

  /** What the node's kube-proxy has to go by; null while it does not run. */
  private standing(name: string, now: Micros): ProxyStanding | null {
    const key = objectKey("Node", undefined, name);
    const current = this.store.get<Node>(key);
    const { config, sync } = this.processOf(name);
    if (current === undefined || this.state.isProxyOff(name) || config === null) return null;
    const reader = sync === null ? null : this.store.readAt(this.rulesRevision(name));
    const node = reader?.get<Node>(key) ?? current;
    const synced = reader === null || sync === null ? null : { reader, at: sync.syncedAt };
    return { synced, node, self: selfOf(node), config, now };
  }

  /** {@link relevantRevision}, asked by one kube-proxy after the other: from where it was last asked on. */
  private relevantTo(revision: number): number {
    const { journal } = this.store;
    const { known } = this;
    const from = known.journal === journal && known.revision <= revision ? known : null;
    const relevant = relevantRevision(journal, revision, from?.revision) || (from?.relevant ?? 0);
    this.known = { journal, revision, relevant };
    return relevant;
  }

  private numberOf(config: ProxyConfig): number {
    let number = this.numbers.get(config);
    if (number === undefined) this.numbers.set(config, (number = ++this.numbered));
    return number;
  }

  /** Another history: what was compiled is not asked for again. */
  forgetCompiled(): void {
    this.compiled.clear();
    this.seen = null;
    this.told = { ...this.told, times: 0 };
  }

  /**
   * kubeadm's part of a text (null: there is none yet): writes kube-proxy's files as far as the text says something else than
   * the one before it. Running kube-proxies do not notice.
   */
  writeFiles(given: ProxyDocuments | null, named: ReadonlySet<ObjectKey>, api: Api, context: WriteContext): void {
    const { cluster, modeSwitch, askedMode, proxyFiles: before } = this.state.rest;
    const said = given?.all?.["mode"];
    const asked = typeof said === "string" ? said : "";
    // A text that says another mode than the one before it goes before what was switched by hand.
    const mode = askedMode === null || asked === askedMode ? modeSwitch : null;
    const files = proxyFiles(given ?? NO_DOCUMENTS, cluster, mode);
    this.state.change({ proxyFiles: files, askedMode: given === null ? null : asked, modeSwitch: mode });
    const old = new Map(before.map((file) => [keyOf(file), file]));
    for (const file of files) {
      const key = keyOf(file);
      // A text that holds the ConfigMap itself says it more exactly.
      if (!named.has(key) && (this.store.get(key) === undefined || !deepEqual(old.get(key), file)))
        this.put(file, api, context);
      old.delete(key);
    }
    for (const key of old.keys()) if (!named.has(key)) api.delete(key, context, { force: true });
  }

  /** Writes the mode into every file and starts every kube-proxy anew. */
  switchMode(mode: ProxyMode, api: Api, context: WriteContext): void {
    this.state.change({ modeSwitch: mode });
    const { cluster } = this.state.rest;
    const shared = this.store.get<ConfigMap>(fileKey(null)) ?? proxyFiles(NO_DOCUMENTS, cluster, null)[0];
    const own = this.store.list<Node>("Node").map((node) => this.store.get<ConfigMap>(fileKey(node.metadata.name)));
    for (const file of [shared, ...own]) if (file !== undefined) this.put(withMode(file, mode), api, context);
  }

  private put(file: ConfigMap, api: Api, context: WriteContext): void {
    const stored = this.store.get<ConfigMap>(keyOf(file));
    if (stored === undefined) api.create(file, context);
    else if (!deepEqual(stored.data, file.data)) api.update({ ...stored, data: file.data } as ConfigMap, context);
  }

  /** Nodes whose running kube-proxy was started with another file than the one it would read now. */
  outdated(): readonly string[] {
    return Object.entries(this.state.rest.proxies).flatMap(([node, { config, file }]) =>
      config !== null && file !== textOf(fileOf(this.store, node)) ? [node] : [],
    );
  }

  /** Ends the kube-proxies of these nodes; each comes up again with what its file says then. */
  restart(nodes: readonly string[], engine: EngineContext, each: Micros = 0): void {
    nodes.forEach((node, i) => {
      if (this.state.isProxyOff(node)) return;
      this.note(node, { config: null, failure: null, failures: 0, sync: null, ...this.nextPod(node, engine) });
      engine.emit({ ...RESTART, micros: RESTART.micros + i * each }, PREFIX + node, "start", null, "start");
    });
  }

  restartAll(engine: EngineContext, each: Micros = 0): void {
    this.restart(
      this.store.list<Node>("Node").map((node) => node.metadata.name),
      engine,
      each,
    );
  }

  /** The node's kube-proxy was stopped by hand, or may run again. */
  stopped(node: string, engine: EngineContext): void {
    const process = this.state.rest.proxies[node];
    // One that has never run has nothing to end.
    if (process === undefined) this.syncSoon(node, engine);
    else if (this.state.isProxyOff(node)) this.note(node, { config: null, failure: null, failures: 0, sync: null });
    else {
      this.note(node, this.nextPod(node, engine));
      engine.emit(NOW, PREFIX + node, "start", null, "start");
    }
  }

  /** A pod that was ended is replaced by another one. */
  private nextPod(node: string, { now }: EngineContext): Pick<ProxyProcess, "pod"> {
    return { pod: { serial: this.processOf(node).pod.serial + 1, at: now, starts: 0 } };
  }

  /** A change that all kube-proxies will hear of; `hasOtherNodes`: a Node came or went with it. */
  syncAll(engine: EngineContext, hasOtherNodes: boolean): void {
    if (hasOtherNodes || this.told.pace !== engine.pace) this.told = { times: 0, pace: engine.pace };
    // Everybody has an event waiting that knows as many causes as it will.
    if (this.told.times > MAX_ALSO + 1) return;
    this.told = { ...this.told, times: this.told.times + 1 };
    const nodes = this.store.list<Node>("Node");
    if (nodes !== this.seen) this.forgetGone();
    this.seen = nodes;
    for (const node of nodes) this.hear(node.metadata.name, engine);
  }

  /** A machine whose Node was deleted is gone with its process and kernel: a Node of that name that comes later is another. */
  private forgetGone(): void {
    const known = Object.entries(this.state.rest.proxies);
    const left = known.filter(([name]) => this.store.get(objectKey("Node", undefined, name)) !== undefined);
    if (left.length < known.length) this.state.change({ proxies: Object.fromEntries(left) });
  }

  syncSoon(node: string, engine: EngineContext): void {
    this.told = { ...this.told, times: 0 };
    this.hear(node, engine);
  }

  private hear(node: string, engine: EngineContext): void {
    const { faults, proxies } = this.state.rest;
    if (this.state.isProxyOff(node)) return;
    const process = proxies[node];
    // One that is being restarted, or has given up, will list everything when it starts.
    if (process !== undefined && process.config === null) return;
    const delay = syncDelay(process?.sync ?? null, engine.now, process?.config ?? null, faults.lag[node] ?? 0);
    engine.emit(delay, PREFIX + node, "sync", null, "rules");
  }

  handle(event: SimEvent, engine: EngineContext): string {
    this.told = { ...this.told, times: 0 };
    const node = event.actor.slice(PREFIX.length);
    if (this.state.isProxyOff(node)) return "kube-proxy is not running";
    if (event.kind === DRAIN_CHECK) {
      if (this.processOf(node).config !== null) this.drain(node, engine, (host) => drainedByCheck(host, engine.now));
      return "looked for drained servers without connections";
    }
    if (event.kind === "start") {
      const title = this.start(node, engine);
      if (this.processOf(node).config !== null) engine.emit(LISTING, event.actor, "sync", null, "rules");
      return title;
    }
    if (this.state.rest.proxies[node] === undefined) {
      const title = this.start(node, engine);
      if (this.processOf(node).config === null) return title;
    }
    const { config } = this.processOf(node);
    return config === null ? "kube-proxy is not running" : this.sync(node, config, event, engine);
  }

  /** Reads the file; cleans up what other modes wrote, as far as its own mode does. */
  private start(node: string, engine: EngineContext): string {
    const before = this.processOf(node);
    // In userspace mode a process counts whose turn it is.
    this.state.change({ network: forgetTurns(this.state.rest.network, node) });
    const file = fileOf(this.store, node);
    const read = this.files.read(file, this.state.rest.cluster);
    const start = (rest: Omit<ProxyStart, "at">): Pick<ProxyProcess, "starts" | "file" | "sync" | "pod"> => ({
      starts: [...before.starts, { at: engine.now, ...rest }].slice(-REMEMBERED),
      file: textOf(file),
      sync: null,
      pod: { ...before.pod, starts: before.pod.starts + 1 },
    });
    if (!read.ok) {
      const failures = before.failures + 1;
      this.note(node, {
        ...start({ config: null, said: [{ severity: "E", text: read.error }], cleaned: null }),
        config: null,
        failure: read.error,
        failures,
      });
      engine.emit(backOff(failures), PREFIX + node, "start", null, "start");
      return `kube-proxy failed to start: ${read.error.replace(/^run\.go:72\] "command failed" err=/, "")}`;
    }
    const { config, warnings } = read.value;
    const isBlank = !/^mode: *["']?\w/m.test(textOf(file));
    const said: readonly LogLine[] = [
      ...(isBlank ? [{ severity: "I", text: 'server_linux.go:53] "Using iptables proxy"' } as const] : []),
      ...warnings.map((text) => ({ severity: "W", text }) as const),
    ];
    const cleaned = before.kernel !== null && cleansUp(config.mode, before.kernel.config.mode);
    this.note(node, {
      ...start({ config, said, cleaned: cleaned ? (before.kernel?.config.mode ?? null) : null }),
      config,
      failure: null,
      failures: 0,
      kernel: cleaned ? null : before.kernel,
      localnet: before.localnet || (config.mode === "iptables" && config.localhostNodePorts),
    });
    if (config.mode === "ipvs") {
      const about = this.store.get<Node>(objectKey("Node", undefined, node));
      if (about !== undefined) {
        const note: EventNote = { about, type: "Warning", reason: "IPVSDeprecation", message: DEPRECATED };
        this.tell(note, PREFIX + node, engine);
      }
    }
    return `kube-proxy started in ${config.mode} mode`;
  }

  private sync(node: string, config: ProxyConfig, event: SimEvent, engine: EngineContext): string {
    const { faults, cluster } = this.state.rest;
    const { journal } = this.store;
    const { sync: last, kernel, starts } = this.processOf(node);
    const delay = engine.latency(hearingDelay(faults.lag[node] ?? 0));
    const known = heard(journal, engine.now, delay);
    // What it knows already it does not unlearn when its watch begins to lag; what was there when it started it has listed.
    const listed =
      last === null && starts.length > 1 ? journal.findLastIndex(({ at }) => at <= (starts.at(-1)?.at ?? 0)) + 1 : 0;
    const syncedRevision = Math.max(known.revision, last?.syncedRevision ?? 0, listed);
    // The Services' ranges it watches like Services.
    const current = withServiceRanges(config, cluster);
    const used = deepEqual(current, config) ? config : current;
    const revision = this.relevantTo(syncedRevision);
    const same = last !== null && kernel !== null && kernel.config === used && kernel.revision === revision;
    this.note(node, {
      config: used,
      sync: { syncedRevision, syncedAt: engine.now },
      kernel: same ? kernel : { config: used, revision, left: leftBy(kernel, used.mode) },
    });
    this.restartCounters(node, () => (last === null ? null : journal.slice(last.syncedRevision, syncedRevision)));
    if (!same) this.forgetClients(node);
    this.drain(node, engine, (host) => {
      if (used.mode !== "ipvs") return drainedBySync(host, undefined, engine.now);
      return mayDrain(host, engine.now) ? drainedBySync(host, this.rulesOf(node).rules.virtual, engine.now) : host;
    });
    const deleted = same ? 0 : this.cleanConntrack(node, used, last === null ? 0 : last.syncedRevision, engine.now);
    if (known.nextAt !== null) {
      const wait = Math.max(known.nextAt, engine.now + engine.latency({ class: "sync", micros: used.minSyncPeriod }));
      engine.emit({ class: "timer", micros: wait - engine.now }, event.actor, "sync", null, "rules");
    }
    if (same) return "rules up to date";
    const cleaned = deleted === 0 ? "" : `; ${deleted} stale UDP flow ${deleted === 1 ? "entry" : "entries"} deleted`;
    return `rules written, up to revision ${syncedRevision}${cleaned}`;
  }

  /**
   * Endpoints have changed since `from`: deletes UDP connections that lead to none of them, and says how many. kube-proxy in userspace
   * mode holds such connections itself.
   */
  private cleanConntrack(node: string, { mode }: ProxyConfig, from: number, now: Micros): number {
    const { network } = this.state.rest;
    const id = `node/${node}` as const;
    const host = network.hosts[id];
    const revision = this.rulesRevision(node);
    if (mode === "userspace" || host === undefined || !host.conntrack.some((entry) => mayBeStale(entry, now))) return 0;
    const isEndpoints = ({ kind }: { readonly kind: string }): boolean => kind === "EndpointSlice";
    const touched = this.store.journal
      .slice(from, revision)
      .some(
        (c) => c.added.some(isEndpoints) || c.removed.some(isEndpoints) || c.updated.some(([, to]) => isEndpoints(to)),
      );
    if (!touched) return 0;
    const reader = this.store.readAt(revision);
    const views = ([4, 6] as const).map((family) => this.views.at(reader, this.store.journal, family));
    const stale = new Set(staleEntries(host.conntrack, views, now));
    if (stale.size === 0) return 0;
    const conntrack = host.conntrack.filter((entry) => !stale.has(entry));
    this.state.change({ network: { ...network, hosts: { ...network.hosts, [id]: { ...host, conntrack } } } });
    return stale.size;
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

  /** Which client belongs to an endpoint is forgotten once no rule names that endpoint's list. */
  private forgetClients(node: string): void {
    const { network } = this.state.rest;
    const id = `node/${node}` as const;
    const host = network.hosts[id];
    if (host === undefined || Object.keys(host.recent).length === 0) return;
    const { rules } = this.rulesOf(node);
    const kept = Object.entries(host.recent).filter(([list]) => rules.remembers(list));
    if (kept.length === Object.keys(host.recent).length) return;
    const after: HostState = { ...host, recent: Object.fromEntries(kept) };
    this.state.change({ network: { ...network, hosts: { ...network.hosts, [id]: after } } });
  }

  /** The node's rules are written; `commits` are what this kube-proxy heard since it last did so, null if it never had. */
  private restartCounters(node: string, commits: () => readonly Commit[] | null): void {
    const { network } = this.state.rest;
    const id = `node/${node}` as const;
    const host = network.hosts[id];
    if (host === undefined) return;
    const after = afterRewrite(host, commits());
    if (after !== host) this.state.change({ network: { ...network, hosts: { ...network.hosts, [id]: after } } });
  }

  private note(node: string, patch: Partial<ProxyProcess>): void {
    this.told = { ...this.told, times: 0 };
    // One may start for a Node that is gone: whoever looks next has to look for such.
    if (this.state.rest.proxies[node] === undefined) this.seen = null;
    this.state.changeProxy(node, { ...this.processOf(node), ...patch });
  }
}

/** What stays of the rules in a kernel when a mode writes its own over them. */
function leftBy(kernel: KernelRules | null, mode: ProxyMode): KernelRules["left"] {
  if (kernel === null) return null;
  if (kernel.config.mode === mode) return kernel.left;
  return cleansUp(mode, kernel.config.mode) ? null : { config: kernel.config, revision: kernel.revision };
}
