/** What the cluster is at a moment, beside its objects and its controllers' notes. */
import type { Micros } from "../base/time.ts";
import type { Pace } from "../engine/types.ts";
import { DEFAULT_CLUSTER } from "../model/config/cluster-config.ts";
import type { ClusterConfig, ProxyMode } from "../model/config/types.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import type { CloudProvider } from "../model/kubehop/types.ts";
import type { ObjectKey } from "../model/meta/types.ts";
import type { LoadReport } from "../model/trace/load.ts";
import type { Walk } from "../model/trace/types.ts";
import { EMPTY_NETWORK, type NetworkState, type PodTarget } from "../network/types.ts";
import { DEFAULT_CLOUD } from "./defaults.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";
import type { TargetHealth } from "./health-checks.ts";
import type { ProxyProcess } from "./proxies.ts";

/** One moment of a load: what there was before its requests left, from which their walks can be made again. */
export interface Departure {
  readonly at: Micros;
  /** The objects by which they went. */
  readonly revision: number;
  readonly report: LoadReport;
  readonly network: NetworkState;
}

/** Replaced as a whole, never changed in place: checkpoints share it. */
export interface Rest {
  /** Grows with every change. */
  readonly version: number;
  readonly network: NetworkState;
  readonly walks: readonly Walk[];
  /** Loads in the order in which they began, with what became of them so far. */
  readonly loads: readonly LoadReport[];
  /** Requests of loads that left a moment ago: their packets may be on the way still. */
  readonly departures: readonly Departure[];
  /** The kube-proxy of each node, from its first start on. */
  readonly proxies: Readonly<Record<string, ProxyProcess>>;
  readonly cluster: ClusterConfig;
  /** kube-proxy's files as the text in force makes them. */
  readonly proxyFiles: readonly ConfigMap[];
  /** The mode that the text in force names, as it is written there; null: there was no text yet. */
  readonly askedMode: string | null;
  /** The mode that kube-proxy was restarted with by hand; it outlives edits of the text that do not speak of the mode. */
  readonly modeSwitch: ProxyMode | null;
  readonly cloud: CloudProvider["spec"];
  readonly faults: Faults;
  /** What balancers believe of their targets, by health check and target. */
  readonly health: Readonly<Record<string, Readonly<Record<string, TargetHealth>>>>;
  /** Pods that are registered with balancers that forward to pods, by Service. */
  readonly podTargets: Readonly<Record<ObjectKey, readonly PodTarget[]>>;
  /** How commands go: to rest at once, or in their own time. */
  readonly pace: Pace;
  /** Explicit seed of the history, else the text's, else 1. */
  readonly seed: number;
  /** Objects that the text in force named: what the next text prunes. */
  readonly applied: readonly ObjectKey[];
}

/** Before any text. */
export const FRESH: Rest = {
  version: 0,
  network: EMPTY_NETWORK,
  walks: [],
  loads: [],
  departures: [],
  proxies: {},
  cluster: DEFAULT_CLUSTER,
  proxyFiles: [],
  askedMode: null,
  modeSwitch: null,
  cloud: DEFAULT_CLOUD,
  faults: NO_FAULTS,
  health: {},
  podTargets: {},
  pace: "settle",
  seed: 1,
  applied: [],
};

/** Holds the {@link Rest} of the present for those who change it. */
export class State {
  private current: Rest;
  /** The record of kube-proxies as long as nobody else has it: a node's process may then change in place. */
  private own: Record<string, ProxyProcess> | null = null;

  constructor(rest: Rest) {
    this.current = rest;
  }

  /** For a look: what is kept for later is taken by {@link share}. */
  get rest(): Rest {
    return this.current;
  }

  set rest(rest: Rest) {
    this.current = rest;
    this.own = null;
  }

  /** The present as it may be kept: nothing of it changes any more. */
  share(): Rest {
    this.own = null;
    return this.current;
  }

  change(patch: Partial<Omit<Rest, "version">>): void {
    this.current = { ...this.current, ...patch, version: this.current.version + 1 };
  }

  /** One node's kube-proxy, of thousands that write their rules one after the other. */
  changeProxy(node: string, process: ProxyProcess): void {
    if (this.own === null || this.own !== this.current.proxies) this.own = { ...this.current.proxies };
    this.own[node] = process;
    this.change({ proxies: this.own });
  }

  /** Does the node run at all? */
  isDown(node: string): boolean {
    return node in this.rest.faults.down;
  }

  /** Does the node's kube-proxy run? */
  isProxyOff(node: string): boolean {
    return node in this.rest.faults.proxyStopped || this.isDown(node);
  }

  /** When the API server last heard of the node's kubelet, if it hears no more. */
  silentSince(node: string): Micros | null {
    return this.rest.faults.down[node] ?? null;
  }
}
