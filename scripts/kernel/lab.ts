/**
 * The real side: the hosts of a simulated network rebuilt as network namespaces, with the interfaces, addresses, routes, switches and
 * processes that the model says they have. What the kernel then does with packets is its own.
 */
import { createHash } from "node:crypto";
import { cidrContains, cidrOf, isIPv6 } from "../../src/base/ip.ts";
import type { Host, Interface } from "../../src/kernel/host.ts";
import type { HostId } from "../../src/model/trace/types.ts";

import { VNI, VXLAN_PORT } from "../../src/network/topology/overlay.ts";
import { podHost } from "../../src/network/topology/pod.ts";
import { ROUTER } from "../../src/network/topology/router.ts";
import { createTopology, type Topology } from "../../src/network/topology/topology.ts";
import type { ClusterView } from "../../src/network/types.ts";
import type { ServerPlace } from "./agent-types.ts";
import type { Mode, NodeRules } from "./cluster.ts";
import type { Agent, Namespaces } from "./namespaces.ts";

const LAN = "lan";

/** `ip` commands to be run in the namespace of each label. */
type Commands = Map<string, string[]>;

const STEPS = ["switches", "cables", "bridges", "pods", "addresses", "routes"] as const;
type Step = (typeof STEPS)[number];

interface Cable {
  readonly to: HostId | typeof LAN;
  readonly port: Interface | null;
  readonly master: string | null;
}

export class Lab {
  private readonly namespaces: Namespaces;
  private readonly mode: Mode;
  /** Host (or "lan") to namespace. */
  private readonly places = new Map<string, string>();
  private links = 0;

  constructor(namespaces: Namespaces, mode: Mode) {
    this.namespaces = namespaces;
    this.mode = mode;
  }

  agent(host: HostId): Agent {
    return this.namespaces.agent(this.place(host));
  }

  nodes(): readonly HostId[] {
    return [...this.places.keys()].filter((id): id is HostId => id.startsWith("node/"));
  }

  private place(id: string): string {
    const name = this.places.get(id);
    if (name === undefined) throw new Error(`${id} is not in the lab`);
    return name;
  }

  /** Makes hosts that have come, removes those that have gone, and loads every node's rules. */
  async follow(view: ClusterView, rulesOf: (node: string) => NodeRules): Promise<void> {
    const topology = createTopology(view);
    const wanted = hostsOf(view, topology);
    const gone = [...this.places.keys()].filter((id) => id !== LAN && !wanted.has(id as HostId));
    await this.namespaces.remove(gone.map((id) => this.place(id)));
    for (const id of gone) this.places.delete(id);
    const fresh = [...wanted.values()].filter(({ id }) => !this.places.has(id));
    const labels = [...(this.places.has(LAN) ? [] : [LAN]), ...fresh.map(({ id }) => id)];
    if (labels.length > 0) {
      const names = await this.namespaces.create(labels);
      for (const [i, label] of labels.entries()) this.places.set(label, names[i] as string);
      await this.wire(view, topology, fresh, labels.includes(LAN));
    }
    await Promise.all(view.nodes().map((node) => this.load(node.metadata.name, rulesOf(node.metadata.name))));
  }

  private async wire(view: ClusterView, topology: Topology, fresh: readonly Host[], isFirst: boolean): Promise<void> {
    await Promise.all([
      ...fresh.map((host) => this.agent(host.id).tell({ op: "sysctls", values: switches(host) })),
      ...(isFirst ? [this.namespaces.agent(this.place(LAN)).tell({ op: "sysctls", values: BRIDGE_ONLY })] : []),
    ]);
    // Interfaces come in the model's order, which masquerading over lo goes by: eth0, a node's bridge, its pods' cables.
    const steps = STEPS.map((): Commands => new Map());
    const say = (step: Step, id: string, ...lines: readonly string[]): void => {
      const commands = steps[STEPS.indexOf(step)] as Commands;
      commands.set(id, [...(commands.get(id) ?? []), ...lines]);
    };
    if (isFirst) say("switches", LAN, ...bridge("br0"));
    const answering: (readonly [HostId, string])[] = [];
    const forwarding: (readonly [HostId, readonly string[]])[] = [];
    for (const host of fresh) {
      for (const one of host.interfaces) {
        if (host.id === ROUTER && one.name === "eth1") say("switches", host.id, ...bridge(one.name));
        else if (one.kind === "bridge") say("bridges", host.id, ...bridge(one.name));
        else if (one.kind === "vxlan") {
          say("bridges", host.id, ...vxlan(one, host));
          // flanneld's part: who is behind each VTEP address, and by which MAC.
          const others = wiredNodes(topology, view).filter(({ id }) => id !== host.id);
          const entries = others.flatMap((other) => vtep(other, one.name));
          say(
            "routes",
            host.id,
            ...entries.map(({ ip, mac }) => `neigh replace ${ip} lladdr ${mac} dev ${one.name} nud permanent`),
          );
          forwarding.push(
            ...entries.map(
              ({ mac, node }) => [host.id, ["bridge", "fdb", "append", mac, "dev", one.name, "dst", node]] as const,
            ),
          );
        }
      }
      const cable = this.cable(topology, host);
      if (cable !== null) {
        const { to, port, master } = cable;
        const far = `veth${this.links++}`;
        say(
          port === null ? "cables" : "pods",
          host.id,
          `link add eth0 type veth peer name ${far} netns ${this.place(to)}`,
          "link set eth0 up",
        );
        say("addresses", to, `link set ${far} up`, ...(master === null ? [] : [`link set ${far} master ${master}`]));
        if (port?.hairpin === true) say("addresses", to, `link set ${far} type bridge_slave hairpin on`);
        if (port !== null && master === null) {
          say("addresses", to, ...port.neighbours.map((ip) => `route add ${ip} dev ${far}`));
          answering.push([to as HostId, far]);
        }
      }
      for (const { name, kind, addresses } of host.interfaces) {
        if (kind === "lo") continue;
        const add = addresses.map((a) => `address add ${a.ip}/${a.prefix} dev ${name}${isIPv6(a.ip) ? " nodad" : ""}`);
        say("addresses", host.id, ...add);
      }
      say("routes", host.id, ...routes(host, view));
    }
    for (const step of steps)
      await Promise.all([...step].map(([id, lines]) => this.namespaces.configure(this.place(id), lines)));
    // A routed veth: the node answers ARP for the pod's gateway, which nobody has.
    for (const [node, dev] of answering) await this.agent(node).tell({ op: "sysctls", values: proxyArp(dev) });
    for (const [node, command] of forwarding) {
      const { code, output } = await this.agent(node).run(command, "");
      if (code !== 0) throw new Error(`${command.join(" ")} on ${node}: ${output.trim()}`);
    }
    await Promise.all(fresh.map((host) => this.agent(host.id).tell({ op: "listen", places: servers(host) })));
  }

  /** Where the other end of a host's eth0 is, the model's port there if it is a pod's, and the bridge it joins. */
  private cable(topology: Topology, host: Host): Cable | null {
    const eth0 = host.interfaces.find((i) => i.name === "eth0");
    if (eth0 === undefined) return null;
    if (eth0.peer !== null) {
      const port = topology.host(eth0.peer)?.interfaces.find((i) => i.peer === host.id);
      if (port === undefined) throw new Error(`${host.id} hangs on nothing`);
      return { to: eth0.peer, port, master: port.master };
    }
    const gateway = host.routes.find((r) => r.via !== null)?.via ?? null;
    const isOutside =
      host.id.startsWith("client/") &&
      gateway !== null &&
      topology.neighbour(host, "eth0", null, gateway)?.iface === "eth1";
    return isOutside ? { to: ROUTER, port: null, master: "eth1" } : { to: LAN, port: null, master: "br0" };
  }

  /** Replaces the rules of a node by these, as one transaction per family. */
  private async load(node: string, { texts }: NodeRules): Promise<void> {
    const agent = this.agent(`node/${node}`);
    for (const { family, text } of texts) {
      const [command, input] =
        this.mode === "iptables"
          ? [[family === 4 ? "iptables-restore" : "ip6tables-restore"], text]
          : [
              ["nft", "-f", "-"],
              [...tablesOf(text).flatMap((t) => [`table ${t} {}`, `delete table ${t}`]), plainPriorities(text)].join(
                "\n",
              ),
            ];
      const { code, output } = await agent.run(command, input);
      if (code !== 0) throw new Error(`${command.join(" ")} on ${node}: ${output.trim()}\n${atFault(output, input)}`);
    }
  }

  async close(): Promise<void> {
    await this.namespaces.remove([...this.places.values()]);
    this.places.clear();
  }
}

const PRIORITIES: Readonly<Record<string, number>> = { filter: 0, dstnat: -100, srcnat: 100 };

/** Priorities as numbers: older nft prints names in output chains, and does not read them there. */
function plainPriorities(text: string): string {
  return text.replaceAll(
    /priority (filter|dstnat|srcnat)(?: ([+-]) (\d+))?;/g,
    (_, name: string, sign = "+", offset = "0") => {
      return `priority ${(PRIORITIES[name] ?? 0) + Number(`${String(sign)}${String(offset)}`)};`;
    },
  );
}

function tablesOf(text: string): readonly string[] {
  return [...text.matchAll(/^table (\S+ \S+) \{/gm)].map((match) => match[1] ?? "");
}

/** The line of the input that a tool complains about. */
function atFault(output: string, input: string): string {
  const line = /line:? (\d+)|:(\d+):/.exec(output);
  return input.split("\n")[Number(line?.[1] ?? line?.[2] ?? 0) - 1] ?? "";
}

function hostsOf(view: ClusterView, topology: Topology): ReadonlyMap<HostId, Host> {
  const ids = new Set<HostId>([
    ROUTER,
    ...view.nodes().map((n): HostId => `node/${n.metadata.name}`),
    ...view.nodes().flatMap((n) => view.podsOnNode(n.metadata.name).map(podHost)),
    ...view.clients().map((c): HostId => `client/${c.name}`),
  ]);
  const hosts = new Map<HostId, Host>();
  for (const id of ids) {
    const host = topology.host(id);
    if (host !== undefined) hosts.set(id, host);
  }
  return hosts;
}

function bridge(name: string): readonly string[] {
  return [`link add ${name} type bridge mcast_snooping 0`, `link set ${name} up`];
}

/** An interface's address of a family, its MAC made of it, and the node's own address there. */
function vtep(
  host: Host,
  name: string,
): readonly { readonly ip: string; readonly mac: string; readonly node: string }[] {
  const ip = host.interfaces.find((i) => i.name === name)?.addresses[0]?.ip;
  const eth0 = host.interfaces.find((i) => i.name === "eth0")?.addresses ?? [];
  const node = eth0.find((a) => ip !== undefined && isIPv6(a.ip) === isIPv6(ip))?.ip;
  if (ip === undefined || node === undefined) return [];
  const bytes = createHash("sha256").update(ip).digest().subarray(0, 5);
  return [{ ip, node, mac: ["02", ...[...bytes].map((byte) => byte.toString(16).padStart(2, "0"))].join(":") }];
}

function vxlan({ name, mtu }: Interface, host: Host): readonly string[] {
  return vtep(host, name).flatMap(({ mac, node }) => [
    `link add ${name} address ${mac} type vxlan id ${VNI} local ${node} dev eth0 dstport ${VXLAN_PORT} nolearning`,
    `link set ${name} mtu ${mtu ?? 1450} up`,
  ]);
}

function wiredNodes(topology: Topology, view: ClusterView): readonly Host[] {
  return view.nodes().flatMap((node) => topology.host(`node/${node.metadata.name}`) ?? []);
}

const BRIDGE_ONLY = {
  "net/bridge/bridge-nf-call-iptables": "0",
  "net/bridge/bridge-nf-call-ip6tables": "0",
};

/** What the model takes for granted is said to the kernel: no rate limit on ICMP errors, and no redirects. */
function switches(host: Host): Readonly<Record<string, string>> {
  const bit = (on: boolean): string => (on ? "1" : "0");
  const { ipForward, bridgeNfCallIptables, routeLocalnet, rpFilter = 0 } = host.sysctls;
  const isNode = host.id.startsWith("node/");
  return {
    "net/ipv4/conf/all/rp_filter": String(rpFilter),
    "net/ipv4/conf/default/rp_filter": "0",
    // Namespaces of one machine pass a socket's own hash along with its packets; drawn anew, a repeated SYN would take another next hop.
    "net/core/txrehash": "0",
    "net/ipv4/icmp_ratemask": "0",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
    "net/ipv6/icmp/ratelimit": "0",
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv4/ip_forward": bit(ipForward),
    "net/ipv6/conf/all/forwarding": bit(ipForward),
    "net/ipv4/fib_multipath_hash_policy": "1",
    "net/ipv6/fib_multipath_hash_policy": "1",
    "net/bridge/bridge-nf-call-iptables": bit(isNode && bridgeNfCallIptables),
    "net/bridge/bridge-nf-call-ip6tables": bit(isNode && bridgeNfCallIptables),
    "net/ipv4/conf/all/route_localnet": bit(isNode && routeLocalnet),
  };
}

function servers(host: Host): readonly ServerPlace[] {
  return host.listeners.map(({ ip, port, protocol, owner }) => {
    if (port === null || protocol === "sctp")
      throw new Error(`${host.id} must say which TCP or UDP ports it listens on`);
    return { ip, port, protocol, owner: owner ?? "-" };
  });
}

function proxyArp(dev: string): Readonly<Record<string, string>> {
  return { [`net/ipv4/conf/${dev}/proxy_arp`]: "1", [`net/ipv4/neigh/${dev}/proxy_delay`]: "0" };
}

/** Routes that addresses do not bring along by themselves; a gateway's own route comes before those through it. */
function routes(host: Host, view: ClusterView): readonly string[] {
  const own = host.interfaces.flatMap((i) => i.addresses.map((a) => ({ dev: i.name, cidr: `${a.ip}/${a.prefix}` })));
  const direct: string[] = [];
  const through: string[] = [];
  for (const { to, via, dev, blackhole, hops } of host.routes) {
    const single = to.split("/")[0] ?? "";
    // The router in front of a balancer that keeps the header.
    const isBalanced = host.id === ROUTER && view.loadBalancer(single) !== undefined;
    // Those of routed veths are made with the veth.
    const isVeth = host.id.startsWith("node/") && host.interfaces.some((i) => i.name === dev && i.kind === "veth");
    if (blackhole === true) direct.push(`route add blackhole ${to}`);
    else if (hops !== undefined)
      through.push(`route add ${to} ${hops.map((hop) => `nexthop via ${hop.via} dev ${hop.dev}`).join(" ")}`);
    else if (via !== null) {
      // A gateway that no route leads to is taken to be on the link: pods on routed veths have no other.
      const isKnown = own.some((o) => o.dev === dev && cidrContains(o.cidr, via)) || isRouted(host, via);
      through.push(`route add ${to} via ${via} dev ${dev}${isKnown ? "" : " onlink"}`);
    } else if (isBalanced) through.push(announced(single, view));
    else if (!isVeth && !own.some((o) => o.dev === dev && isSameNetwork(o.cidr, to)))
      direct.push(`route add ${to} dev ${dev}`);
  }
  return [...direct, ...through];
}

function isRouted(host: Host, gateway: string): boolean {
  return host.routes.some((r) => r.via === null && r.blackhole !== true && cidrContains(r.to, gateway));
}

function isSameNetwork(a: string, b: string): boolean {
  const x = cidrOf(a);
  const y = cidrOf(b);
  return x !== null && y !== null && x.family === y.family && x.base === y.base && x.prefix === y.prefix;
}

/** A balancer that keeps the header is, to the kernel, a route over every node that passes its health check. */
function announced(ip: string, view: ClusterView): string {
  const service = view.loadBalancer(ip);
  const targets = service === undefined ? [] : view.targetsOf(service);
  const healthy = targets.filter((target) => target.healthy);
  const hops = (healthy.length === 0 ? targets : healthy).flatMap(
    ({ addresses }) => addresses.find((address) => isIPv6(address) === isIPv6(ip)) ?? [],
  );
  return hops.length === 0
    ? `route add blackhole ${ip}`
    : `route add ${ip} ${hops.map((hop) => `nexthop via ${hop}`).join(" ")}`;
}
