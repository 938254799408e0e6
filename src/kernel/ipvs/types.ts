import { joinHostPort } from "../../base/ip.ts";
import type { Micros } from "../../base/time.ts";
import type { IpvsScheduler } from "../../model/config/types.ts";
import type { Origin } from "../../model/trace/types.ts";

export type VirtualProtocol = "tcp" | "udp" | "sctp";

/** A real server of a virtual server. All forward by NAT ("Masq"), the only way that kube-proxy uses. */
export interface Destination {
  /** `ip:port`, `[ip]:port` for IPv6. */
  readonly key: string;
  readonly ip: string;
  readonly port: number;
  /** 0: takes no new connections (it is being drained). */
  readonly weight: number;
  readonly origin: Origin | null;
}

/** IP_VS_SVC_F_PERSISTENT: connections of one client go to one server. */
export const PERSISTENT = 0x1;
/** IP_VS_SVC_F_SCHED2: for sh and mh, the source port is hashed too. kube-proxy sets it for mh, calling it "source hash". */
export const SCHED_PORT = 0x10;

export interface VirtualServer {
  /** `tcp 10.96.0.50:80`. */
  readonly id: string;
  readonly ip: string;
  readonly port: number;
  readonly protocol: VirtualProtocol;
  readonly scheduler: IpvsScheduler;
  /** Bits of IP_VS_SVC_F_*. */
  readonly flags: number;
  /** Seconds for which a client is remembered after its last new connection; 0 without persistence. */
  readonly timeout: number;
  /** In a stable order; the kernel keeps them in the order of adding, which in kube-proxy is that of a Go map. */
  readonly destinations: readonly Destination[];
  readonly origin: Origin | null;
}

export function serverId(protocol: string, ip: string, port: number): string {
  return `${protocol} ${joinHostPort(ip, port)}`;
}

/** What IPVS remembers on one host besides its connections, which are conntrack's here: plain data, saved in checkpoints. */
export interface IpvsState {
  /** Virtual server id → where its round robin stands. */
  readonly turns: Readonly<Record<string, Turn>>;
  readonly templates: readonly Template[];
  /** Destinations that kube-proxy has given weight 0 and not yet deleted; absent: none. */
  readonly draining?: readonly Draining[];
}

/** A destination that takes no new connections and stands for those that it still has. */
export interface Draining {
  /** Virtual server id. */
  readonly server: string;
  /** Key of the destination. */
  readonly key: string;
}

export interface Turn {
  /** Key of the destination that was chosen last; null before the first. */
  readonly last: string | null;
  /** wrr: the weight that a destination must have in this round. */
  readonly weight: number;
}

/** A persistence template: this client's connections to this virtual server go there. */
export interface Template {
  readonly server: string;
  readonly client: string;
  readonly destination: string;
  readonly expiresAt: Micros;
}

export const EMPTY_IPVS: IpvsState = { turns: {}, templates: [] };

/** Connections that a destination has now. */
export interface Load {
  /** TCP from SYN to FIN. */
  readonly active: number;
  /** Everything else that is remembered: closing TCP, all UDP. */
  readonly inactive: number;
}

export const NO_LOAD: Load = { active: 0, inactive: 0 };
