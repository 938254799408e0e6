import type { MirrorState } from "../mirror/types.ts";
import { keyOf, type ObjectKey } from "../model/meta/types.ts";
import type { HostId, Walk } from "../model/trace/types.ts";
import type { Card } from "./cards.ts";
import { rect } from "./geometry.ts";
import { CLIENT, COLUMN } from "./metrics.ts";
import { balancerAddresses, type Cast } from "./read.ts";

/** Clients outside the cluster, one below the other. */
export function clientCards(cast: Cast, top: number): readonly Card[] {
  const small = cast.clients.length > 1;
  return cast.clients.map(({ name, ip, object }, i) => ({
    kind: "client",
    id: `client/${name}`,
    host: `client/${name}` as HostId,
    object,
    rect: rect(
      COLUMN.client,
      top + i * CLIENT.smallPitch,
      COLUMN.clientWidth,
      small ? CLIENT.smallHeight : CLIENT.height,
    ),
    label: `Outside client ${name}, ${ip}`,
    name,
    ip,
    small,
  }));
}

/** The balancer of the cloud, where there is one. */
export function balancerCards(mirror: MirrorState, cast: Cast, walk: Walk | null, top: number): readonly Card[] {
  const hosts = [...(walk?.hops ?? []), ...(walk?.reply ?? [])].map((h) => h.place).filter((p) => p.startsWith("lb/"));
  const used = hosts[0]?.slice("lb/".length) ?? null;
  const waiting = cast.services.filter(
    (s) => s.spec.type === "LoadBalancer" && (s.status?.loadBalancer?.ingress ?? []).length === 0,
  );
  const addresses = [...new Set([...(used === null ? [] : [used]), ...balancerAddresses(cast)])];
  if (addresses.length === 0 && (waiting.length === 0 || mirror.cloud === "none")) return [];
  const vip = mirror.cloud === "vip";
  return [
    {
      kind: "lb",
      id: "lb",
      host: used === null ? null : (`lb/${used}` as HostId),
      object: cast.services.find((s) => (s.status?.loadBalancer?.ingress ?? []).some((i) => i.ip === addresses[0]))
        ? keyOfBalanced(cast, addresses[0] ?? "")
        : null,
      rect: rect(COLUMN.balancer, top, COLUMN.balancerWidth, vip ? 84 : 128),
      label: `Cloud load balancer, ${addresses.length === 0 ? "address pending" : addresses.join(", ")}, ${BALANCER_WORK[mirror.cloud]}`,
      addresses,
      mode: vip ? "vip" : "nodePort",
    },
  ];
}

/** What the balancer does with a packet, by kind of cloud. One that stands without a cloud is taken for one of the first kind. */
const BALANCER_WORK: Readonly<Record<MirrorState["cloud"], string>> = {
  nodePort: "forwards to a node port",
  vip: "keeps the header",
  pod: "forwards to pods",
  none: "forwards to a node port",
};

function keyOfBalanced(cast: Cast, ip: string): ObjectKey | null {
  const found = cast.services.find((s) => (s.status?.loadBalancer?.ingress ?? []).some((i) => i.ip === ip));
  return found === undefined ? null : keyOf(found);
}
