/**
 * The cluster in time: store, controllers, kubelets and kube-proxies as actors of one engine, and the packets' kernel state.
 * Everything that changes lives in {@link Cluster}, so that a checkpoint has it; everything that happens is an event.
 */
import { type Api, createApi } from "../apiserver/api.ts";
import { createStore } from "../apiserver/store.ts";
import type { Applied, Commit, ObjectReader, Store, StoreSnapshot, WriteContext, Written } from "../apiserver/types.ts";
import { draw } from "../base/draw.ts";
import type { JsonValue } from "../base/json.ts";
import { HOUR, unixSeconds } from "../base/time.ts";
import type { Result } from "../base/result.ts";
import { kubeletKey } from "../controllers/kubelet/controller.ts";
import { containerEnv, type EnvVar } from "../controllers/kubelet/env.ts";
import { type PodRuntime, processOf } from "../controllers/kubelet/runtime.ts";
import { operate } from "../controllers/operate.ts";
import { ALL_CONTROLLERS } from "../controllers/registry.ts";
import type { Controller, Signal } from "../controllers/types.ts";
import { announcersOf, METALLB_SPEAKER } from "../controllers/metallb/speaker.ts";
import { Engine } from "../engine/engine.ts";
import { History } from "../engine/history.ts";
import { type Actor, type EngineContext, NOW, type Pace, type SimEvent } from "../engine/types.ts";
import type { ProxyMode } from "../model/config/types.ts";
import { type KubeObject, keyOf, type ObjectKey, objectKey } from "../model/meta/types.ts";
import { kubectlText, type Status } from "../model/status.ts";
import { isControlPlane, type Node, nodeInternalIP } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Fault, Refusal, Write } from "../wire/protocol.ts";
import type { ClusterView } from "../network/types.ts";
import { withAssumedPods } from "./assumed-pods.ts";
import { balancerReports } from "./balancer-report.ts";
import type { DriftInputs } from "../proxy/drift/drift.ts";
import { Balancers, LOAD_BALANCER } from "./balancers.ts";
import type { BalancerReport } from "../model/trace/balancer.ts";
import { breakOrMend } from "./breaking.ts";
import { EventLog, type ToldEvent, withEvents } from "./events.ts";
import { faultTitle } from "./faults.ts";
import type { NodeRules } from "./compile.ts";
import { KubeProxies } from "./kube-proxies.ts";
import { Memory, type SavedMemory } from "./memory.ts";
import {
  hasOpenServers,
  isLoad,
  isPacketAction,
  loadWentOn,
  makesWalk,
  type PacketAction,
  packetActed,
  packetRefusal,
  serversEnded,
} from "./packets.ts";
import { DELIVERY, type ProxyProcess, touchesProxies } from "./proxies.ts";
import { Recent } from "./recent.ts";
import { readScenario, type Scenario } from "./scenario.ts";
import { Rehearsal } from "./rehearsal.ts";
import { FRESH, type Rest, State } from "./state.ts";
import { clusterView } from "./view.ts";

/** A checkpoint's domain half: plain data, shared with other checkpoints wherever nothing changed. */
interface Saved {
  readonly store: StoreSnapshot;
  readonly memory: SavedMemory;
  readonly events: number;
  readonly rest: Rest;
}

/** What happened outside of commits, for the journal: the engine's log says when, this says what. */
export type UserAction =
  | { readonly type: "text"; readonly text: string }
  | PacketAction
  | { readonly type: "delete"; readonly key: ObjectKey; readonly force: boolean }
  | { readonly type: "kill"; readonly pod: ObjectKey }
  | { readonly type: "write"; readonly title: string; readonly writes: readonly Write[] }
  | { readonly type: "scale"; readonly key: ObjectKey; readonly replicas: number }
  | { readonly type: "mode"; readonly mode: ProxyMode }
  | ({ readonly type: "fault" } & Fault)
  | { readonly type: "pace"; readonly pace: Pace };

/** The API server's answer to one write. */
export type Answer = Result<Written | Applied, Status>;

const API_SERVICE = objectKey("Service", "default", "kubernetes");
const USER = "user";

export class Cluster {
  readonly store: Store = createStore();
  readonly history: History<Cluster, Saved>;
  private readonly engine: Engine<Cluster, Saved>;
  private readonly api: Api;
  private readonly explicitSeed: number | null;
  private readonly scenarios = new Recent<Scenario>(4);
  private readonly memory = new Memory();
  private readonly eventLog = new EventLog();
  private readonly held: State;
  private readonly proxies: KubeProxies;
  private readonly balancers: Balancers;
  private readonly rehearsal: Rehearsal;

  /** `every`: events between two checkpoints; `tell`: told now and then how many events have happened. */
  constructor(explicitSeed: number | null, every?: number, tell?: (handled: number) => void) {
    this.explicitSeed = explicitSeed;
    this.held = new State({ ...FRESH, seed: explicitSeed ?? FRESH.seed });
    this.proxies = new KubeProxies({
      store: this.store,
      state: this.held,
      tell: (note, by, engine) => this.eventLog.add({ ...note, at: engine.now, cause: engine.event.seq, by }),
    });
    this.balancers = new Balancers({
      store: this.store,
      state: this.held,
      passes: (node, service) => this.proxies.passes(node, service, this.now),
      memory: (instance, slot) => this.memory.get(instance, slot),
    });
    this.api = createApi(this.store, { seed: () => this.held.rest.seed, cluster: () => this.held.rest.cluster });
    this.engine = new Engine<Cluster, Saved>({ get: (id) => this.actor(id) }, this, {
      snapshot: () => this.save(),
      restore: (saved) => this.restore(saved),
      version: () => this.store.revision + this.held.rest.version,
      size: () => this.store.size + this.memory.size,
    });
    this.engine.watch = tell ?? null;
    this.rehearsal = new Rehearsal(this.store, this.held, () => ({ at: this.now, handled: this.engine.handled }));
    this.history = new History<Cluster, Saved>(this.engine, every);
    // Before the first command the cluster has what every cluster has.
    this.history.emit(NOW, USER, "bootstrap", null);
    this.settle();
  }

  get state(): Rest {
    return this.held.share();
  }

  get log(): Engine<Cluster, Saved>["log"] {
    return this.engine.log;
  }

  /** The present with the Events that components told: what `kubectl` reads. */
  get reader(): ObjectReader {
    return withEvents(this.store, () => this.eventLog.objects(this.now));
  }

  /** Everything that components told by Events, oldest first. */
  get events(): readonly ToldEvent[] {
    return this.eventLog.all;
  }

  get now(): number {
    return this.engine.now;
  }

  scenario(text: string): Scenario {
    return this.scenarios.get(text, () => readScenario(text));
  }

  /** Why a command about packets cannot be done now, or null. What its packet does is kept for when the command is given. */
  packetRefusal(action: PacketAction): Refusal | null {
    const { seed, network, walks } = this.held.rest;
    const present = { view: this.view(), network, reader: this.store, seed, walks: walks.length };
    return packetRefusal(action, present, (known) => this.rehearsal.keep(action, known));
  }

  /**
   * Gives one user action at the present and lets the cluster come to rest, or in pace `run` do what is due now. At `until` the
   * next action was given, come to rest or not: so it goes where a look back was gone on from.
   */
  act(action: UserAction, until?: number): void {
    // A look back may have ended in the midst of settling.
    this.history.setPace("run");
    this.history.emit(NOW, USER, action.type, action as unknown as JsonValue);
    if (makesWalk(action)) {
      // The packet's own time passes; what else is due meanwhile happens at its pace.
      this.history.runUntil(this.now);
      const walk = this.held.rest.walks.at(-1);
      if (walk !== undefined) this.history.runUntil(Math.max(this.now, Math.min(walk.endedAt, until ?? Infinity)));
    } else if (this.held.rest.pace === "run" && action.type !== "pace") this.history.runUntil(this.now);
    else if (action.type === "pace") this.history.runUntil(this.now);
    else this.settle(until);
  }

  /** Lets time pass. */
  run(until: number): void {
    this.history.setPace("run");
    this.history.runUntil(until);
  }

  /** Runs at the instant pace until nothing is left to do, or up to a moment. */
  settle(until?: number): void {
    this.history.setPace("settle");
    const left = until === undefined ? Infinity : until - this.now;
    const { quiet } = this.history.runToQuiet(left < HOUR ? { limit: left } : {});
    this.history.setPace("run");
    if (!quiet && until !== undefined && left < HOUR) this.history.runUntil(until);
  }

  /** What the pod's kubelet knows of it and the API does not; undefined before it has met it. */
  private runtimeOf(pod: Pod): PodRuntime | undefined {
    const runtime = this.memory.get(`kubelet/${pod.spec.nodeName ?? ""}`, keyOf(pod)) as PodRuntime | undefined;
    return runtime?.uid === pod.metadata.uid ? runtime : undefined;
  }

  /** The environment of a running container (the first one by default), as it was frozen at its start; empty when it does not run. */
  envOf(key: ObjectKey, name: string | null): readonly EnvVar[] {
    const pod = this.store.get<Pod>(key);
    const container = pod?.spec.containers.find((c) => name === null || c.name === name);
    if (pod === undefined || container === undefined) return [];
    return containerEnv(pod, container, this.runtimeOf(pod), (revision) => this.store.readAt(revision));
  }

  /** When a Service or an endpoint last changed. */
  private namesChangedAt(): number {
    const isNamed = ({ kind }: KubeObject): boolean => kind === "Service" || kind === "EndpointSlice";
    const last = this.store.journal.findLast(
      ({ added, updated, removed }) =>
        added.some(isNamed) || removed.some(isNamed) || updated.some(([, to]) => isNamed(to)),
    );
    return last?.at ?? 0;
  }

  /** The present as the network sees it; with another reader, its objects as they were. */
  view(reader: ObjectReader = this.store): ClusterView {
    const view = clusterView({
      reader,
      now: this.now,
      cluster: this.held.rest.cluster,
      cloud: this.held.rest.cloud,
      rulesOf: (node) => this.rulesOf(node).rules,
      isDown: (node) => this.held.isDown(node),
      balancers: this.balancers,
      announcersOf: (service) => announcersOf((slot) => this.memory.get(METALLB_SPEAKER, slot), service),
      isStrictARP: (node) => this.proxies.processOf(node).kernel?.config.strictARP === true,
      seed: this.held.rest.seed,
      proxySockets: (node) => this.proxies.socketsOf(node, this.now),
      processOf: (pod) => {
        const runtime = this.runtimeOf(pod);
        return runtime === undefined ? "answers" : processOf(runtime, this.now);
      },
      started: (pod) => {
        const container = this.runtimeOf(pod)?.containers[0];
        return {
          atStart:
            container === undefined ? null : this.store.readAt(Math.min(container.revision, this.store.revision)),
          startedAt: container?.startedAt ?? 0,
          serial: unixSeconds(this.namesChangedAt()),
        };
      },
      // kube-proxy sets route_localnet for node ports on 127.0.0.1, and nobody else does.
      sysctlsOf: (node) => ({ routeLocalnet: this.proxies.processOf(node).localnet }),
    });
    return withAssumedPods(view, reader, this.held.rest.applied, this.store.journal.at(-1));
  }

  /** The load balancers that stand. */
  balancerReports(): readonly BalancerReport[] {
    return balancerReports({
      reader: this.store,
      cloud: this.held.rest.cloud,
      balancers: this.balancers,
      announcersOf: (service) => announcersOf((slot) => this.memory.get(METALLB_SPEAKER, slot), service),
    });
  }

  /** The last change that the node's rules show; 0 before its kube-proxy's first sync. */
  rulesRevision(node: string): number {
    return this.proxies.rulesRevision(node);
  }

  /** What the node's kernel holds: the rules of the revision that its kube-proxy last synced; `alone`: without leftovers of other modes. */
  rulesOf(node: string, alone = false): NodeRules {
    return this.proxies.rulesOf(node, alone);
  }

  /** What the node's kube-proxy would go by if it wrote its rules now; null when there is no such node. */
  wouldWriteBy(node: string): DriftInputs | null {
    return this.proxies.wouldWriteBy(node);
  }

  /** The node's kube-proxy: what it was started with, whether it runs, what it has done. */
  proxyOf(node: string): ProxyProcess {
    return this.proxies.processOf(node);
  }

  /** The mode of the node's kube-proxy. */
  modeOf(node: string): ProxyMode {
    return this.proxies.modeOf(node);
  }

  /** Nodes whose kube-proxy was started with another configuration than the one that is there now. */
  get outdatedProxies(): readonly string[] {
    return this.proxies.outdated();
  }

  /**
   * Looks at the present as it would be if every running kube-proxy had been started in this mode, on machines that never ran
   * another one. Nothing but that happens, at no cost of time, and all of it is taken back.
   */
  inMode<T>(mode: ProxyMode, look: () => T): T {
    return this.trial(() => {
      const proxies = Object.entries(this.held.rest.proxies).map(([node, process]) => [
        node,
        this.held.isProxyOff(node) ? process : { ...process, kernel: null, localnet: false },
      ]);
      this.held.change({ proxies: Object.fromEntries(proxies) as Rest["proxies"] });
      this.engine.setPace("settle");
      this.engine.emit(NOW, USER, "mode", { type: "mode", mode });
      this.engine.runUntil(this.now);
      return look();
    });
  }

  /**
   * Looks at the present as it would be with this text applied (pruning what it no longer holds) and the cluster come to rest. All of
   * it is taken back; null when the text would not be admitted. `replaced`: objects that are deleted before, as kubectl replace --force
   * does with them.
   */
  withText<T>(text: string, look: () => T, replaced: readonly ObjectKey[] = []): T | null {
    const scenario = this.scenario(text);
    const isFree = replaced.length > 0;
    if (!scenario.sound || (!isFree && !this.dryRun(scenario).ok)) return null;
    return this.trial(() => {
      this.engine.setPace("settle");
      if (isFree) {
        const writes = replaced.map((key): Write => ({ verb: "delete", key, force: true }));
        const action = { type: "write", title: "kubectl replace --force", writes };
        this.engine.emit(NOW, USER, "write", action as unknown as JsonValue);
        this.engine.runToQuiet();
        if (!this.dryRun(scenario).ok) return null;
      }
      this.engine.emit(NOW, USER, "text", { type: "text", text });
      this.engine.runToQuiet();
      return look();
    });
  }

  /** A fork of the present: what happens in it is taken back when it has been looked at. */
  private trial<T>(run: () => T): T {
    const untell = this.eventLog.branch();
    try {
      return this.engine.trial(run);
    } finally {
      untell();
    }
  }

  /** Whether the text would be admitted, without a trace: the API server's dry run. */
  dryRun(scenario: Scenario): ReturnType<Api["applyAll"]> {
    const before = this.save();
    return this.rehearsal.try(
      scenario,
      () => this.applyScenario(scenario, { at: this.now, cause: 0, writer: "kubectl" }),
      () => this.restore(before),
      (report) => report.ok,
    );
  }

  /** What the API server would answer to these writes, each after those before it; leaves no trace. */
  attempt(writes: readonly Write[]): readonly Answer[] {
    const before = this.save();
    return this.rehearsal.try(
      writes,
      () => this.write(writes, { at: this.now, cause: 0, writer: "kubectl" }),
      () => this.restore(before),
      (answers) => answers.every((answer) => answer.ok),
    );
  }

  private write(writes: readonly Write[], context: WriteContext): readonly Answer[] {
    return writes.map((write): Answer => {
      switch (write.verb) {
        case "create":
          return this.api.create(write.object, context);
        case "apply":
          return this.api.apply(write.object, context);
        case "update":
          return this.api.update(write.object, context);
        case "updateStatus":
          return this.api.updateStatus(write.object, context);
        case "delete":
          return this.api.delete(write.key, context, { force: write.force });
      }
    });
  }

  private save(): Saved {
    return {
      store: this.store.snapshot(),
      memory: this.memory.snapshot(),
      events: this.eventLog.snapshot(),
      rest: this.held.share(),
    };
  }

  private restore(saved: Saved): void {
    this.store.restore(saved.store);
    this.memory.restore(saved.memory);
    this.eventLog.restore(saved.events);
    this.held.rest = saved.rest;
    this.proxies.forgetCompiled();
    this.rehearsal.forget();
  }

  private actor(id: string): Actor<Cluster> | undefined {
    if (id === USER) return { id, handle: (event, engine) => this.handleUser(event, engine) };
    if (isLoad(id))
      return {
        id,
        handle: (event, engine) => loadWentOn(event.actor, this.view(), this.store.revision, this.held, engine),
      };
    if (this.proxies.owns(id)) return { id, handle: (event, engine) => this.handleProxy(event, engine) };
    if (id === LOAD_BALANCER) return { id, handle: (event, engine) => this.balancers.handle(event, engine) };
    const controller = CONTROLLERS.get(id.split("/")[0] ?? "");
    return controller && { id, handle: (event, engine) => this.handleController(controller, event, engine) };
  }

  private handleProxy(event: SimEvent, engine: EngineContext): string {
    const title = this.proxies.handle(event, engine);
    this.balancers.look(event.actor.slice("kube-proxy/".length), engine);
    return title;
  }

  private handleUser(event: SimEvent, engine: EngineContext): string {
    const context: WriteContext = { at: engine.now, cause: event.seq, writer: "kubectl" };
    if (event.kind === "bootstrap") {
      this.watched(engine, () => {
        this.api.bootstrap({ ...context, writer: "kube-apiserver" });
        this.proxies.writeFiles(null, new Set(), this.api, { ...context, writer: "kubeadm" });
      });
      return "control plane started";
    }
    const action = event.data as unknown as UserAction;
    if (isPacketAction(action)) {
      return packetActed(action, this.view(), this.held, engine, this.rehearsal.recall(action));
    }
    switch (action.type) {
      case "text": {
        const scenario = this.scenario(action.text);
        this.watched(engine, () => {
          if (!this.rehearsal.perform(scenario, event.seq)) this.applyScenario(scenario, context);
        });
        return "kubectl apply -f scenario.yaml --prune";
      }
      case "delete":
        this.watched(engine, () => this.api.delete(action.key, context, { force: action.force }));
        return `kubectl delete ${action.key}`;
      case "scale": {
        const object = this.store.get(action.key) as (KubeObject & { readonly spec: object }) | undefined;
        if (object === undefined) return `${action.key} is gone`;
        const scaled = { ...object, spec: { ...object.spec, replicas: action.replicas } } as KubeObject;
        this.watched(engine, () => this.api.update(scaled, context));
        return `kubectl scale ${action.key} --replicas=${action.replicas}`;
      }
      case "mode":
        this.watched(engine, () => this.proxies.switchMode(action.mode, this.api, context));
        this.proxies.restartAll(engine);
        return `kube-proxy restarted in ${action.mode} mode`;
      case "fault":
        breakOrMend(
          action,
          { store: this.store, state: this.held, proxies: this.proxies, balancers: this.balancers },
          engine,
        );
        return faultTitle(action);
      case "pace":
        this.held.change({ pace: action.pace });
        return action.pace === "run" ? "let changes take their time" : "let changes come to rest at once";
      case "write":
        this.watched(engine, () => {
          if (!this.rehearsal.perform(action.writes, event.seq)) this.write(action.writes, context);
        });
        return action.title;
      case "kill": {
        const node = this.store.get<Pod>(action.pod)?.spec.nodeName;
        if (node === undefined) return `${action.pod} runs nowhere`;
        const signal: Signal = { type: "kill" };
        engine.emit(NOW, `kubelet/${node}`, "signal", signal as unknown as JsonValue, kubeletKey(node, action.pod));
        return `kill ${action.pod}`;
      }
    }
  }

  /** Where API servers answer: on every node of the control plane. */
  private apiServers(): readonly string[] {
    return this.store
      .list<Node>("Node")
      .filter(isControlPlane)
      .flatMap((node) => nodeInternalIP(node) ?? []);
  }

  private applyScenario(scenario: Scenario, context: WriteContext): ReturnType<Api["applyAll"]> {
    const isMoved = scenario.cluster.serviceSubnet !== this.held.rest.cluster.serviceSubnet;
    this.held.change({
      cluster: scenario.cluster,
      cloud: scenario.cloud,
      seed: this.explicitSeed ?? scenario.seed ?? FRESH.seed,
    });
    if (isMoved) {
      // The API server comes up with another range: its own Service has the first address of that one.
      this.api.delete(API_SERVICE, context, { force: true });
      this.api.bootstrap({ ...context, writer: "kube-apiserver" });
    }
    const keys = scenario.objects.map(({ object }) => keyOf(object));
    // A machine that no text describes is set up once: later texts, which may leave it less room, do not move it.
    const objects = scenario.objects
      .filter(({ object, document }) => document !== null || object.kind !== "Node" || !this.store.get(keyOf(object)))
      .map(({ object }) => object);
    const named = new Set(keys);
    const report = this.api.applyAll(objects, context, {
      prune: this.held.rest.applied.filter((key) => !named.has(key)),
    });
    this.api.bootstrap({ ...context, writer: "kube-apiserver" }, this.apiServers());
    this.held.change({ applied: keys });
    if (report.ok) this.proxies.writeFiles(scenario.proxy, named, this.api, { ...context, writer: "kubeadm" });
    return report;
  }

  private handleController(controller: Controller, event: SimEvent, engine: EngineContext): string | undefined {
    const instance = event.actor;
    const key = event.key ?? "";
    if (instance.startsWith("kubelet/") && this.held.isDown(instance.slice(8))) return "the node is down";
    const result = controller.reconcile(key, {
      reader: this.store,
      now: engine.now,
      cluster: this.held.rest.cluster,
      cloud: this.held.rest.cloud,
      signal: event.kind === "signal" ? (event.data as unknown as Signal) : null,
      silentSince: (node) => this.held.silentSince(node),
      draw: (purpose) => draw(this.held.rest.seed, `${instance}/${purpose}`),
      memory: (slot) => this.memory.get(instance, slot),
      latency: (delay) => engine.latency(delay),
    });
    if (result.remember !== undefined) this.memory.note(instance, result.remember);
    for (const note of result.events ?? []) {
      this.eventLog.add({ ...note, at: engine.now, cause: event.seq, by: instance });
    }
    const context: WriteContext = { at: engine.now, cause: event.seq, writer: instance };
    let refused: string | undefined;
    this.watched(engine, () => {
      for (const operation of result.operations) {
        const done = operate(this.api, operation, context);
        if (done.ok) continue;
        refused = kubectlText(done.error);
        break;
      }
    });
    if (result.requeue !== undefined) engine.emit(result.requeue, instance, "reconcile", null, key);
    return refused ?? result.title;
  }

  /** Runs writes and tells everyone who watches what they committed. */
  private watched<T>(engine: EngineContext, write: () => T): T {
    const before = this.store.journal.length;
    const result = write();
    this.endConnections(before);
    // All kube-proxies hear of everything at once: the first commit that is about them stands for those after it.
    const hasOtherNodes = this.store.journal.slice(before).some(bringsNodes);
    let isHeard = false;
    for (let i = before; i < this.store.journal.length; i++) {
      const commit = this.store.journal[i] as Commit;
      this.deliver(commit, engine, isHeard, hasOtherNodes);
      isHeard ||= touchesProxies(commit);
    }
    return result;
  }

  /** Pods that commits since then have changed may have ended processes that hold connections. */
  private endConnections(revision: number): void {
    if (!hasOpenServers(this.held.rest.network)) return;
    const isPods = (objects: readonly KubeObject[]): boolean => objects.some(({ kind }) => kind === "Pod");
    const touched = this.store.journal
      .slice(revision)
      .some(({ updated, removed }) => isPods(removed) || isPods(updated.map(([, to]) => to)));
    if (touched) serversEnded(this.view(this.store.readAt(revision)), this.view(), this.held);
  }

  private deliver(commit: Commit, engine: EngineContext, isHeard: boolean, hasOtherNodes: boolean): void {
    for (const controller of ALL_CONTROLLERS) {
      if (controller.watches !== undefined && !touches(commit, controller.watches)) continue;
      for (const key of controller.keysFor(commit, this.store)) {
        engine.emit(DELIVERY, controller.instanceOf(key), "reconcile", null, key);
      }
    }
    if (!isHeard && touchesProxies(commit)) this.proxies.syncAll(engine, hasOtherNodes);
    this.balancers.deliver(commit, engine);
  }
}

function touches({ added, updated, removed }: Commit, kinds: ReadonlySet<string>): boolean {
  for (const { kind } of added) if (kinds.has(kind)) return true;
  for (const [{ kind }] of updated) if (kinds.has(kind)) return true;
  for (const { kind } of removed) if (kinds.has(kind)) return true;
  return false;
}

const bringsNodes = ({ added, removed }: Commit): boolean =>
  added.some(({ kind }) => kind === "Node") || removed.some(({ kind }) => kind === "Node");

const CONTROLLERS: ReadonlyMap<string, Controller> = new Map(ALL_CONTROLLERS.map((c) => [c.name, c]));
