/** Pods of other nodes: flannel's three ways to them, as routes and as the VXLAN device. */
import { cidrContains, cidrNth } from "../../base/ip.ts";
import type { Interface, Route } from "../../kernel/host.ts";
import type { NetworkSettings } from "../../model/kubehop/network.ts";
import type { Node } from "../../model/node/types.ts";
import { type Family, nodeAddress, podCidrs } from "../addresses.ts";
import { hostRoute, iface, wholeAddress } from "./parts.ts";

/** Ethernet in the nodes' network. */
export const UNDERLAY_MTU = 1500;
/** Outer Ethernet 14, IP 20 or 40, UDP 8, VXLAN 8. */
export const OVERHEAD: Readonly<Record<Family, number>> = { 4: 50, 6: 70 };
/** Linux' own port for VXLAN (vxlan.ko's udp_port default), which flannel keeps; the IANA's is 4789. */
export const VXLAN_PORT = 8472;
/** flannel's VXLAN network identifier. */
export const VNI = 1;

export function familyOfCidr(cidr: string): Family {
  return cidr.includes(":") ? 6 : 4;
}

/** `flannel.<VNI>`, and the device of its own that flannel makes for IPv6. */
export function vxlanDevice(family: Family): string {
  return family === 4 ? `flannel.${VNI}` : `flannel-v6.${VNI}`;
}

/** The address of a node's VXLAN device: the first of its podCIDR, network address or not. */
export function vxlanAddress(cidr: string): string {
  return cidrNth(cidr, 0);
}

/** The largest packet in the pod network. */
export function podMtu({ routes, mtu }: NetworkSettings, family: Family): number {
  return mtu ?? (routes === "vxlan" ? UNDERLAY_MTU - OVERHEAD[family] : UNDERLAY_MTU);
}

/** A node's VXLAN devices, one per family of its podCIDRs. */
export function vxlanDevices(node: Node, network: NetworkSettings): readonly Interface[] {
  if (network.routes !== "vxlan") return [];
  return podCidrs(node).map((cidr): Interface => {
    const family = familyOfCidr(cidr);
    return {
      ...iface(vxlanDevice(family), "vxlan", [wholeAddress(vxlanAddress(cidr))]),
      mtu: podMtu(network, family),
    };
  });
}

/** How another machine of the cluster reaches what stands behind this podCIDR, or this one pod (`to`) of its node. */
function routeTo(node: Node, cidr: string, to: string, network: NetworkSettings): readonly Route[] {
  const family = familyOfCidr(cidr);
  switch (network.routes) {
    case "vxlan":
      return [{ to, via: vxlanAddress(cidr), dev: vxlanDevice(family), onlink: true }];
    case "host-gw": {
      const via = nodeAddress(node, family);
      return via === undefined ? [] : [{ to, via, dev: "eth0" }];
    }
    case "cloud":
      // The nodes know nothing of each other's pods: their default gateway does.
      return [];
  }
}

export function routesToPods(node: Node, network: NetworkSettings): readonly Route[] {
  return podCidrs(node).flatMap((cidr) => routeTo(node, cidr, cidr, network));
}

/** The same for a pod whose address lies outside its node's podCIDR. */
export function routeToPod(node: Node, ip: string, network: NetworkSettings): readonly Route[] {
  const { to } = hostRoute(ip, null, "");
  const cidr = podCidrs(node).find((one) => familyOfCidr(one) === familyOfCidr(ip));
  return cidr === undefined || cidrContains(cidr, ip) ? [] : routeTo(node, cidr, to, network);
}
