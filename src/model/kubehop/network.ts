/** The wires of a lab: how pods hang on nodes, how nodes reach each other's pods, and the kernel switches on the way. */
import { type Result, err, ok } from "../../base/result.ts";
import type { Lab } from "./types.ts";

/** A route with one next hop or several: with several, each flow keeps to the one that its hash picks (ECMP). */
export interface StaticRoute {
  /** A CIDR. */
  readonly to: string;
  /** Nodes by name (the route follows the Node's address and goes with it, as BGP's do), or addresses. */
  readonly via: readonly string[];
}

export const MASQUERADES = ["none", "outside", "all"] as const;

/** What `Lab.spec.network` may say; whatever it does not say has its value of {@link DEFAULT_NETWORK}. */
export interface LabNetwork {
  /** bridge: a veth pair each into cni0. ptp: a routed veth each, no bridge. */
  readonly attachment?: "bridge" | "ptp";
  /** How a node reaches the pods of another: through its address, in VXLAN, or by the routes of the cloud's router. */
  readonly routes?: "host-gw" | "vxlan" | "cloud";
  /** net.bridge.bridge-nf-call-iptables */
  readonly bridgeNetfilter?: boolean;
  /** hairpin_mode of cni0's ports. */
  readonly hairpin?: boolean;
  /**
   * Masquerading by others than kube-proxy, behind its rules. outside: of what goes to public addresses, as ip-masq-agent does it (GKE).
   * all: of all that leaves the pod network, for the nodes' own too, as flannel does it. none: pods keep their addresses, and only who
   * has a route to them can answer.
   */
  readonly masquerade?: (typeof MASQUERADES)[number];
  /** Policy of filter FORWARD; DROP is what Docker sets. */
  readonly forwardPolicy?: "ACCEPT" | "DROP";
  /** net.ipv4.conf.all.rp_filter: 0 off, 1 strict, 2 loose. */
  readonly rpFilter?: 0 | 1 | 2;
  /** net.netfilter.nf_conntrack_max of the nodes; absent: more connections than anyone here opens. */
  readonly conntrackMax?: number;
  /** Hosts and pods do not reach each other, only pods pods. */
  readonly isolatedPods?: boolean;
  /** Bytes of the largest packet in the pod network; by default what the nodes' 1500 leave. */
  readonly mtu?: number;
  /** Does the CNI enforce NetworkPolicies (Calico, Cilium ...) or not (flannel)? */
  readonly policies?: "enforced" | "ignored";
  /** Routes of the nodes' router, static or learned by BGP. */
  readonly routerRoutes?: readonly StaticRoute[];
}

/** These have no value unless one is given. */
type Unsaid = "mtu" | "conntrackMax";
export type NetworkSettings = Required<Omit<LabNetwork, Unsaid>> & Pick<LabNetwork, Unsaid>;

export const DEFAULT_NETWORK: NetworkSettings = {
  attachment: "bridge",
  routes: "host-gw",
  bridgeNetfilter: true,
  hairpin: true,
  masquerade: "outside",
  forwardPolicy: "ACCEPT",
  rpFilter: 0,
  isolatedPods: false,
  policies: "enforced",
  routerRoutes: [],
};

/** The network of a cluster that has these Labs: the last one that says something of it counts. */
export function networkOf(labs: readonly Lab[]): NetworkSettings {
  const said = labs.findLast((lab) => lab.spec.network !== undefined)?.spec.network;
  return said === undefined ? DEFAULT_NETWORK : { ...DEFAULT_NETWORK, ...said };
}

/** `kubehop.dev/network: "rpFilter=1, defaultRoute=false, routeLocalnet=0"` on a Node: where it differs from the others. */
export const NETWORK_ANNOTATION = "kubehop.dev/network";

/** What a Node's annotation may set. */
export interface NodeNetwork extends Pick<
  LabNetwork,
  "bridgeNetfilter" | "hairpin" | "masquerade" | "forwardPolicy" | "rpFilter" | "conntrackMax"
> {
  /** net.ipv4.conf.all.route_localnet */
  readonly routeLocalnet?: boolean;
  /** net.ipv4.ip_forward */
  readonly ipForward?: boolean;
  /** Has it a default route? */
  readonly defaultRoute?: boolean;
}

const SWITCH = ["true", "false", "1", "0"] as const;
/** Any number from 1 on that the kernel's field (unsigned int) holds. */
const COUNT = "a number from 1 to 4294967295";
const VALUES: Readonly<Record<keyof NodeNetwork, readonly string[] | typeof COUNT>> = {
  bridgeNetfilter: SWITCH,
  hairpin: SWITCH,
  masquerade: MASQUERADES,
  forwardPolicy: ["ACCEPT", "DROP"],
  rpFilter: ["0", "1", "2"],
  conntrackMax: COUNT,
  routeLocalnet: SWITCH,
  ipForward: SWITCH,
  defaultRoute: SWITCH,
};

/** Can net.netfilter.nf_conntrack_max be this? (0 would switch the limit off.) */
export function isConntrackMax(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 4_294_967_295;
}

/** A node annotation's settings, or in the error what is wrong with it. */
export function parseNodeNetwork(text: string): Result<NodeNetwork, string> {
  const settings: Record<string, unknown> = {};
  for (const part of text.split(",").map((one) => one.trim())) {
    if (part === "") continue;
    const [name = "", value = ""] = part.split("=").map((one) => one.trim());
    const values = Object.hasOwn(VALUES, name) ? VALUES[name as keyof NodeNetwork] : undefined;
    if (values === undefined) return err(`must be KEY=VALUE pairs with the keys ${Object.keys(VALUES).join(", ")}`);
    if (values === COUNT) {
      if (!/^[1-9]\d{0,9}$/.test(value) || !isConntrackMax(Number(value))) return err(`${name} must be ${COUNT}`);
    } else if (!values.includes(value)) return err(`${name} must be one of ${values.join(", ")}`);
    const isNumber = name === "rpFilter" || values === COUNT;
    settings[name] = isNumber ? Number(value) : values === SWITCH ? value === "true" || value === "1" : value;
  }
  return ok(settings as NodeNetwork);
}

/** The network as one node has it. What its annotation says wrong (it was refused) counts as not said. */
export function nodeNetwork(
  network: NetworkSettings,
  annotations: Readonly<Record<string, string>> | undefined,
): NetworkSettings & NodeNetwork {
  const text = annotations?.[NETWORK_ANNOTATION];
  const own = text === undefined ? null : parseNodeNetwork(text);
  return own === null || !own.ok ? network : { ...network, ...own.value };
}
