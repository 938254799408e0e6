import type { Chooser } from "../base/choose.ts";
import type { Micros } from "../base/time.ts";
import type { HostState } from "../kernel/conntrack.ts";
import type { Listener, Sysctls } from "../kernel/host.ts";
import type { Rules } from "../kernel/netfilter.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import type { NetworkSettings, StaticRoute } from "../model/kubehop/network.ts";
import type { CloudProvider } from "../model/kubehop/types.ts";
import type { Labels } from "../model/meta/types.ts";
import type { NetworkPolicy } from "../model/networkpolicy/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Connection } from "../model/trace/connection.ts";
import type { HostId, Request, Walk } from "../model/trace/types.ts";
import type { NameService } from "./lookup.ts";
import type { Program } from "./program.ts";

/** A machine outside the cluster. */
export interface OutsideClient {
  readonly name: string;
  readonly ip: string;
  /** Besides its default route. */
  readonly routes?: readonly StaticRoute[];
  /** As `kubehop.dev/listen` has it; absent: it only sends. */
  readonly listen?: string;
}

/** A pod as a load balancer that forwards to pods has it. */
export interface PodTarget {
  readonly ip: string;
  /** `namespace/name`, for people. */
  readonly name: string;
  /** By name of the Service's port. */
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
}

/** One target of a load balancer. */
export interface BalancerTarget {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Does it pass the balancer's health checks, as the balancer knows? */
  readonly healthy: boolean;
  /** null: a node. */
  readonly pod: PodTarget | null;
}

/** Everything the network needs to know of the cluster at one moment; built by `world`, never stored. */
export interface ClusterView {
  readonly now: Micros;
  readonly cluster: ClusterConfig;
  readonly cloud: CloudProvider["spec"];
  readonly network: NetworkSettings;
  node(name: string): Node | undefined;
  nodes(): readonly Node[];
  pod(namespace: string, name: string): Pod | undefined;
  /** The pod that owns this IP now (hostNetwork pods do not count), or undefined. */
  podByIP(ip: string): Pod | undefined;
  podsOnNode(node: string): readonly Pod[];
  service(namespace: string, name: string): Service | undefined;
  services(): readonly Service[];
  /** Pods owned, through ReplicaSets, by a Deployment; sorted by name. */
  podsOfDeployment(namespace: string, name: string): readonly Pod[];
  clients(): readonly OutsideClient[];
  /** Address of a cloud's load balancer → its Service: only those whose status a controller filled. */
  loadBalancer(ip: string): Service | undefined;
  /** Addresses of all of the cloud's load balancers. */
  loadBalancers?(): readonly string[];
  /** Addresses of the Service's balancer, which its status may only name; absent: those of the status. */
  balancerAddresses?(service: Service): readonly string[];
  /** What is registered with the balancer of this Service, sorted by name. */
  targetsOf(service: Service): readonly BalancerTarget[];
  /**
   * The node that answers ARP (NDP) on the nodes' link for an address that is on no interface there: MetalLB's speaker for one
   * that it announces, or a node that has it on kube-ipvs0. null: nobody. Several may answer: `asker` keeps to one of them.
   */
  answererOf?(ip: string, asker: HostId): { readonly node: string; readonly why: string } | null;
  /** Routes that the nodes' router has learned from them by BGP: next hops are nodes by name. */
  learnedRoutes?(): readonly { readonly to: string; readonly via: readonly string[] }[];
  /** The rules that this node's kernel holds now: what its kube-proxy has written, which may lag behind the objects. */
  rulesOf(node: string): Rules;
  /** Kernel switches of a node that differ from ip_forward 1, bridge-nf-call-iptables 1, route_localnet 1. */
  sysctlsOf?(node: string): Partial<Sysctls>;
  /** Has this node no power? It receives, forwards and answers nothing, and neither do its pods. */
  isDown?(node: string): boolean;
  /**
   * What a process of this pod does with a connection: `hangs`, the kernel completes the handshake and no answer ever comes;
   * `closed`, after SIGTERM, the port refuses although the container still runs. Absent counts as `answers`.
   */
  processOf?(pod: Pod): "answers" | "hangs" | "closed";
  /** What this node's kube-proxy listens on and answers; none while it is stopped. Absent: the ports that it has by default. */
  proxySockets?(node: string): readonly Listener[];
  /** What the process behind this socket of a pod does with what it hears; null, or absent: it accepts and answers, no more. */
  programOf?(pod: Pod, listener: Listener): Program | null;
  /** Name servers and hosts files of the machines; absent: no name is known anywhere. */
  readonly names?: NameService;
  /** What the pod network enforces, sorted by namespace and name; absent: nothing. */
  networkPolicies?(): readonly NetworkPolicy[];
  /** Undefined when there is no such namespace. */
  namespaceLabels?(namespace: string): Labels | undefined;
  /** Machines in the nodes' network that are no Nodes, with what listens there: the control plane's. */
  machines?(): readonly { readonly name: string; readonly ip: string; readonly listeners: readonly Listener[] }[];
}

/** What outlives a packet: each host's kernel state, and the sockets of connections that stay open. Plain data, saved in checkpoints. */
export interface NetworkState {
  readonly hosts: Readonly<Record<HostId, HostState>>;
  /** Connections that were opened to stay, closed ones included; by number, from 1. Absent: there never was one. */
  readonly connections?: readonly Connection[];
}

export type { HostState };

export const EMPTY_NETWORK: NetworkState = { hosts: {} };

/**
 * Why a request cannot even be sent: the named sender or target does not exist, or the target has no such port. A refusal of
 * the user's input (exit 1 in the CLI), unlike any simulated outcome.
 */
export interface RequestError {
  readonly field: "from" | "to" | "protocol" | "family";
  readonly message: string;
}

export interface SendResult {
  readonly walk: Walk;
  readonly state: NetworkState;
}

export interface SendOptions {
  readonly id: number;
  readonly chooser: Chooser;
  /** Which part of the walk this is, when a proxy makes it on behalf of another: keeps their draws apart. */
  readonly part?: readonly string[];
  /** Names the walk for draws; absent: by its id. */
  readonly flow?: string;
  /** The client's port; absent: by draw. */
  readonly port?: number;
  /** A connection that is made stays open. */
  readonly keep?: true;
  /** Nobody will look at the walk: its hops are counted, not written down. */
  readonly unseen?: true;
}

export type { Request };
