import { joinHostPort } from "../../base/ip.ts";
import type { Match, Rule, Target } from "../../kernel/iptables/types.ts";
import type { ProxySocket } from "../../kernel/proxy-socket.ts";
import type { Origin } from "../../model/trace/types.ts";
import { ACCEPT, comment, dport, DST_LOCAL, PROTOCOL, rule } from "../iptables/parts.ts";
import type { FromField, ServiceEntry, ServicePortView } from "../view.ts";
import {
  NODEPORT_CONTAINER,
  NODEPORT_HOST,
  NODEPORT_NON_LOCAL,
  PORTALS_CONTAINER,
  PORTALS_HOST,
  type PortalChain,
} from "./chains.ts";
import type { Settings } from "./settings.ts";

/**
 * One address, or the node port, at which a Service port is to be had. kube-proxy opens a Service port's portals one after
 * another and gives up at the first whose port it cannot claim. Upstream: openPortal in proxier.go.
 */
export interface Portal {
  /** A port of the node that must be held first. */
  readonly claim: ProxySocket | null;
  /** Chain → rules appended to it. */
  readonly rules: readonly (readonly [chain: PortalChain, rule: Rule])[];
}

/** All that kube-proxy sets up for one Service port, if nobody else holds what it must hold. */
export interface Block {
  readonly port: Served;
  readonly socket: ProxySocket;
  /** They depend on the Service port and the proxy port, never on endpoints. */
  readonly portals: readonly Portal[];
}

const NOT_BRIDGED: Match = { kind: "physdev-is-in", invert: true };
const STATE_NEW: Match = { kind: "conntrack", states: ["NEW"], as: "state" };

type Served = ServicePortView & { readonly protocol: "tcp" | "udp" };

/** What kube-proxy sets up for a Service port on its proxy port; `portals` are those that it had for them before, if it had. */
export function compileBlock(
  entry: ServiceEntry,
  port: Served,
  proxyPort: number,
  s: Settings,
  portals: readonly Portal[] | null,
): Block {
  const { name, service, protocol, affinitySeconds } = port;
  const socket: ProxySocket = {
    use: "serve",
    name,
    service,
    protocol,
    ip: s.listenIP,
    port: proxyPort,
    // It watches Endpoints, which list what is ready; of policies, hints and terminating pods it knows nothing.
    endpoints: entry.endpoints.filter((e) => e.ready).map((e) => ({ key: e.key, ip: e.ip, port: e.port })),
    affinitySeconds,
  };
  return { port, socket, portals: portals ?? openPortals(port, socket, s) };
}

function openPortals(port: Served, socket: ProxySocket, s: Settings): readonly Portal[] {
  const make = new PortalMaker(port, socket, s);
  return [
    make.at({ value: port.clusterIP, path: "spec.clusterIP" }, "cluster IP"),
    ...unique(port.externalIPs).map((ip) => make.external(ip)),
    ...unique(port.loadBalancerVIPs).map((ip) => make.at(ip, "load balancer address")),
    ...(port.nodePort === null ? [] : [make.nodePort(port.nodePort)]),
  ];
}

function unique(ips: readonly FromField<string>[]): readonly FromField<string>[] {
  return ips.filter(({ value }, i) => ips.findIndex((other) => other.value === value) === i);
}

class PortalMaker {
  private readonly port: Served;
  private readonly socket: ProxySocket;
  private readonly s: Settings;
  /** REDIRECT: to the address of the interface that the packet came in by. */
  private readonly redirect: Target;
  /** For the node's own packets REDIRECT would mean 127.0.0.1, so they are sent to the node's address. */
  private readonly toHost: Target;
  private readonly because: Origin["because"];

  constructor(port: Served, socket: ProxySocket, s: Settings) {
    this.port = port;
    this.socket = socket;
    this.s = s;
    this.redirect = { kind: "redirect", port: socket.port };
    this.toHost = { kind: "dnat", ip: s.hostIP, port: socket.port };
    this.because = [
      {
        object: port.service,
        path: port.path,
        why: `kube-proxy on ${s.node.name} has opened port ${socket.port} for ${port.name} and proxies what comes in there.`,
      },
    ];
  }

  /** A cluster IP or a load balancer's address. */
  at(ip: FromField<string>, what: string): Portal {
    const why = `${ip.value} port ${this.port.port} is the ${what} of ${this.port.name}; kube-proxy itself answers there.`;
    const matches = this.to(ip.value, this.port.port);
    const role = ip.path === "spec.clusterIP" ? "cluster-ip" : `load-balancer/${ip.value}`;
    return {
      claim: this.claim(ip.value, this.port.port),
      rules: [
        [PORTALS_CONTAINER, this.rule(role, matches, this.redirect, ip.path, why)],
        [PORTALS_HOST, this.rule(role, matches, this.toHost, ip.path, why)],
      ],
    };
  }

  /** An external IP leads here only from outside, not from pods on the bridge, unless it is an address of this very node. */
  external(ip: FromField<string>): Portal {
    const { port } = this;
    const role = `external-ip/${ip.value}`;
    const matches = this.to(ip.value, port.port);
    const what = `${ip.value} port ${port.port} is an external IP of ${port.name}`;
    const local = `${what} and an address of this node; kube-proxy itself answers there.`;
    return {
      claim: this.claim(ip.value, port.port),
      rules: [
        [
          PORTALS_CONTAINER,
          this.rule(
            `${role}/not-bridged`,
            [...matches, NOT_BRIDGED],
            this.redirect,
            ip.path,
            `${what}; kube-proxy itself answers there, but not to pods on this node's bridge.`,
          ),
        ],
        [PORTALS_CONTAINER, this.rule(`${role}/local`, [...matches, DST_LOCAL], this.redirect, ip.path, local)],
        [PORTALS_HOST, this.rule(`${role}/local`, [...matches, DST_LOCAL], this.toHost, ip.path, local)],
      ],
    };
  }

  nodePort(nodePort: number): Portal {
    const { s, socket } = this;
    const path = `${this.port.path}.nodePort`;
    const matches = this.to(null, nodePort);
    const why = `${nodePort} is the node port of ${this.port.name} on every node; kube-proxy itself answers there.`;
    return {
      claim: this.hold(s.listenIP, nodePort),
      rules: [
        [NODEPORT_CONTAINER, this.rule("node-port", matches, this.redirect, path, why)],
        [NODEPORT_HOST, this.rule("node-port", matches, this.toHost, path, why)],
        [
          NODEPORT_NON_LOCAL,
          this.rule(
            "node-port",
            [...this.to(null, socket.port), STATE_NEW],
            ACCEPT,
            path,
            `Node port ${nodePort} leads to kube-proxy's port ${socket.port}, which must be let in.`,
          ),
        ],
      ],
    };
  }

  /** In the order in which kube-proxy gives its arguments: comment, protocol, port, address. */
  private to(ip: string | null, port: number): readonly Match[] {
    const [module, protocol] = PROTOCOL[this.port.protocol];
    return [
      comment(this.port.name),
      protocol,
      module,
      dport(port),
      ...(ip === null ? [] : [{ kind: "dst", cidr: ip } as const]),
    ];
  }

  private rule(role: string, matches: readonly Match[], target: Target, path: string, why: string): Rule {
    const origin: Origin = { object: this.port.service, path, why, ...(this.because ? { because: this.because } : {}) };
    return rule(`${this.port.name}/${this.port.protocol}/${role}`, matches, target, origin);
  }

  private claim(ip: string, port: number): ProxySocket | null {
    return this.s.localIPs.has(ip) ? this.hold(ip, port) : null;
  }

  private hold(ip: string, port: number): ProxySocket {
    return { ...this.socket, use: "hold", ip, port, endpoints: [], affinitySeconds: null };
  }
}

/** Names a held port. */
export function claimKey({ ip, port, protocol }: ProxySocket): string {
  return `${joinHostPort(ip, port)}/${protocol}`;
}

/** The entry's port when userspace mode serves its protocol: proxysocket.go knows no SCTP. */
export function served(port: ServicePortView): Served | null {
  return port.protocol === "sctp" ? null : { ...port, protocol: port.protocol };
}
