/** A small cluster for tests: the real store and API server, all controllers, and the engine between them. No network. */
import { type Api, createApi } from "../apiserver/api.ts";
// oxlint-disable-next-line no-restricted-imports -- controllers see only readers; their tests need a real store to read.
import { createStore } from "../apiserver/store.ts";
import type { Store, WriteContext } from "../apiserver/types.ts";
import { assert } from "../base/assert.ts";
import { draw } from "../base/draw.ts";
import type { JsonValue } from "../base/json.ts";
import type { Micros } from "../base/time.ts";
import { Engine } from "../engine/engine.ts";
import { type Actor, type EngineContext, NOW, type Pace, type Quiet, type SimEvent } from "../engine/types.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import type { CloudProvider } from "../model/kubehop/types.ts";
import { type KubeObject, type ObjectKey, objectKey, splitKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { kubeletKey } from "./kubelet/controller.ts";
import { operate } from "./operate.ts";
import { ALL_CONTROLLERS } from "./registry.ts";
import type { Controller, Operation, ReconcileView, Signal } from "./types.ts";

export const TEST_CLUSTER: ClusterConfig = {
  serviceSubnet: "10.96.0.0/12",
  podSubnet: "10.244.0.0/16",
  dnsDomain: "cluster.local",
  nodePortRange: { from: 30000, to: 32767 },
};

export const TEST_CLOUD: CloudProvider["spec"] = {
  loadBalancer: "nodePort",
  source: "keep",
  addresses: { from: "203.0.113.10", to: "203.0.113.250" },
};

/** `15ms`: what a watch event takes in these tests. */
const DELIVERY = { class: "delivery", micros: 15_000 } as const;

export function node(
  name: string,
  n: number,
  extra: Partial<KubeObject["metadata"]> & { readonly spec?: object } = {},
): KubeObject {
  const { spec, ...metadata } = extra;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, ...metadata },
    spec: { podCIDR: `10.244.${n}.0/24`, podCIDRs: [`10.244.${n}.0/24`], ...spec },
    status: { addresses: [{ type: "InternalIP", address: `192.168.56.${10 + n}` }] },
  } as KubeObject;
}

export interface TestClusterOptions {
  readonly pace?: Pace;
  readonly seed?: number;
  readonly cloud?: Partial<CloudProvider["spec"]>;
  readonly nodes?: readonly KubeObject[];
}

export class TestCluster {
  readonly store: Store = createStore();
  readonly api: Api;
  readonly engine: Engine<null, null>;
  /** Refusals of the API server, which no controller should meet. */
  readonly refusals: string[] = [];
  /** Titles of reconciles, as the journal would show them. */
  readonly titles: string[] = [];
  /** `component reason message` of every event told, in order. */
  readonly events: string[] = [];
  /** Nodes whose kubelet says nothing any more, and since when. */
  readonly silent = new Map<string, Micros>();
  cloud: CloudProvider["spec"];
  private readonly seed: number;
  private readonly memory = new Map<string, Map<string, JsonValue>>();

  constructor(options: TestClusterOptions = {}) {
    this.seed = options.seed ?? 1;
    this.cloud = { ...TEST_CLOUD, ...options.cloud };
    this.api = createApi(this.store, { seed: this.seed, cluster: () => TEST_CLUSTER });
    this.engine = new Engine<null, null>({ get: (id) => this.actor(id) }, null, {
      snapshot: () => null,
      restore: () => undefined,
      version: () => this.store.revision,
    });
    this.engine.setPace(options.pace ?? "settle");
    this.write((context) => {
      this.api.bootstrap({ ...context, writer: "kube-apiserver" });
    });
    for (const object of options.nodes ?? [node("worker-1", 1), node("worker-2", 2), node("worker-3", 3)])
      this.apply(object);
    this.rest();
  }

  /** `kubectl apply`, without waiting for anyone. */
  apply(...objects: readonly KubeObject[]): void {
    this.write((context) => {
      for (const object of objects) {
        const done = this.api.apply(object, context);
        assert(done.ok, done.ok ? "" : done.error.message);
      }
    });
  }

  delete(key: ObjectKey, force = false): void {
    this.write((context) => void this.api.delete(key, context, { force }));
  }

  /** Edits a stored object as `kubectl edit` would. */
  edit<T extends KubeObject>(key: ObjectKey, change: (object: T) => T): void {
    const object = this.store.get<T>(key);
    assert(object !== undefined, `there is no ${key}`);
    this.write((context) => {
      const done = this.api.update(change(object), context);
      assert(done.ok, done.ok ? "" : done.error.message);
    });
  }

  kill(pod: ObjectKey): void {
    this.signal(pod, { type: "kill" });
  }

  /** Something befalls a pod. */
  signal(pod: ObjectKey, signal: Signal): void {
    const nodeName = this.store.get<Pod>(pod)?.spec.nodeName;
    assert(nodeName !== undefined, `${pod} is on no node`);
    const key = kubeletKey(nodeName, pod);
    this.engine.emit(NOW, `kubelet/${nodeName}`, "signal", signal as unknown as JsonValue, key);
  }

  /** Lets everything come to rest and says how it went. */
  rest(): Quiet {
    return this.engine.runToQuiet();
  }

  run(micros: Micros): void {
    this.engine.runUntil(this.engine.now + micros);
  }

  get<T extends KubeObject>(kind: string, namespace: string | undefined, name: string): T | undefined {
    return this.store.get<T>(objectKey(kind, namespace, name));
  }

  list<T extends KubeObject>(kind: string, namespace = "default"): readonly T[] {
    return this.store.list<T>(kind, namespace);
  }

  private write(make: (context: WriteContext) => void): void {
    this.watched(null, () => {
      make({ at: this.engine.now, cause: 0, writer: "kubectl" });
    });
  }

  private watched(context: EngineContext | null, make: () => void): void {
    const before = this.store.journal.length;
    make();
    const emit = context?.emit ?? ((...args: Parameters<EngineContext["emit"]>) => this.engine.emit(...args));
    for (const commit of this.store.journal.slice(before)) {
      for (const controller of ALL_CONTROLLERS) {
        for (const key of controller.keysFor(commit, this.store)) {
          emit(DELIVERY, controller.instanceOf(key), "reconcile", null, key);
        }
      }
    }
  }

  private actor(id: string): Actor<null> | undefined {
    const name = id.split("/")[0];
    const controller = ALL_CONTROLLERS.find((c) => c.name === name);
    return controller && { id, handle: (event, context) => this.handle(controller, event, context) };
  }

  private handle(controller: Controller, event: SimEvent, engine: EngineContext): string | undefined {
    const key = event.key ?? "";
    const instance = event.actor;
    const memory = this.memory.get(instance) ?? new Map<string, JsonValue>();
    this.memory.set(instance, memory);
    const view: ReconcileView = {
      reader: this.store,
      now: engine.now,
      cluster: TEST_CLUSTER,
      cloud: this.cloud,
      signal: event.kind === "signal" ? (event.data as unknown as Signal) : null,
      silentSince: (name) => this.silent.get(name) ?? null,
      draw: (purpose) => draw(this.seed, `${instance}/${purpose}`),
      memory: (slot) => memory.get(slot),
      latency: (delay) => engine.latency(delay),
    };
    const result = controller.reconcile(key, view);
    for (const [slot, value] of Object.entries(result.remember ?? {})) {
      if (value === null) memory.delete(slot);
      else memory.set(slot, value);
    }
    this.watched(engine, () => {
      for (const operation of result.operations)
        this.operate(operation, { at: engine.now, cause: event.seq, writer: instance });
    });
    if (result.requeue !== undefined) engine.emit(result.requeue, instance, "reconcile", null, key);
    for (const { reason, message } of result.events ?? []) this.events.push(`${controller.name} ${reason} ${message}`);
    if (result.title !== undefined) this.titles.push(`${instance}: ${result.title}`);
    return result.title;
  }

  private operate(operation: Operation, context: WriteContext): void {
    const done = operate(this.api, operation, context);
    if (!done.ok) this.refusals.push(`${context.writer} ${operation.op}: ${done.error.message}`);
    // A write that changes nothing is a controller that does not know when it is done.
    else if (done.value.commit === null) this.refusals.push(`${context.writer} ${operation.op}: changed nothing`);
  }
}

/** A Deployment with one container, as people write it. */
export function deployment(
  name: string,
  replicas: number,
  extra: {
    readonly image?: string;
    readonly spec?: object;
    readonly pod?: object;
    readonly container?: object;
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: {
          labels: { app: name },
          ...(extra.annotations === undefined ? {} : { annotations: extra.annotations }),
        },
        spec: {
          containers: [
            {
              name,
              image: extra.image ?? "nginx:1.27",
              ports: [{ name: "http", containerPort: 8080 }],
              ...extra.container,
            },
          ],
          ...extra.pod,
        },
      },
      ...extra.spec,
    },
  } as KubeObject;
}

export function service(name: string, spec: object = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  } as KubeObject;
}

/** Key of an object in the namespace default. */
export function keyIn(kind: string, name: string): ObjectKey {
  const key = objectKey(kind, "default", name);
  splitKey(key);
  return key;
}
