import type { ObjectReader } from "../apiserver/types.ts";
import type { Client } from "../model/kubehop/types.ts";
import { type Node, nodeInternalIP } from "../model/node/types.ts";
import type { Pod, TransportProtocol } from "../model/pod/types.ts";
import type { Service, ServicePort } from "../model/service/types.ts";
import type { Choice, Queries } from "../wire/protocol.ts";

const spoken = (protocol: TransportProtocol | undefined): NonNullable<Choice["protocol"]> =>
  protocol === "UDP" ? "udp" : protocol === "SCTP" ? "sctp" : "tcp";

/** What a send form offers: everything that can dial, and everything that can be dialled. */
export function choices(reader: ObjectReader): Queries["choices"]["answer"] {
  const clients = reader.list<Client>("Client").map((c): Choice => ({
    value: `client/${c.metadata.name}`,
    label: `${c.metadata.name} ${c.spec.ip}`,
    group: "outside",
  }));
  const pods = reader.list<Pod>("Pod").filter((p) => p.status.podIP !== undefined);
  const nodes = reader.list<Node>("Node");
  const services = reader.list<Service>("Service").filter((s) => s.spec.type !== "ExternalName");
  const name = (o: Pod | Service): string => `${o.metadata.namespace ?? "default"}/${o.metadata.name}`;
  const ports = (s: Service): readonly ServicePort[] => s.spec.ports ?? [];

  return {
    from: [
      ...clients,
      ...pods.map((p): Choice => ({
        value: `pod/${name(p)}`,
        label: `${name(p)} ${p.status.podIP ?? ""}`,
        group: "pods",
      })),
      ...nodes.map((n): Choice => ({
        value: `node/${n.metadata.name}`,
        label: `${n.metadata.name} ${nodeInternalIP(n) ?? ""}`,
        group: "nodes",
      })),
    ],
    to: [
      ...services.flatMap((s) =>
        (s.status.loadBalancer.ingress ?? []).slice(0, 1).flatMap(({ ip }) =>
          ip === undefined
            ? []
            : ports(s).map(({ port, protocol }): Choice => ({
                value: `lb/${name(s)}:${port}`,
                label: `${name(s)} ${ip}:${port}`,
                protocol: spoken(protocol),
                group: "load balancers",
              })),
        ),
      ),
      ...services
        .filter((s) => s.spec.clusterIP !== undefined && s.spec.clusterIP !== "None")
        .flatMap((s) =>
          ports(s).map(({ port, protocol }): Choice => ({
            protocol: spoken(protocol),
            value: `service/${name(s)}:${port}`,
            label: `${name(s)} ${s.spec.clusterIP}:${port}`,
            group: "services",
          })),
        ),
      ...nodes.flatMap((n) =>
        services.flatMap((s) =>
          ports(s).flatMap(({ nodePort, protocol }) =>
            nodePort === undefined
              ? []
              : [
                  {
                    value: `node/${n.metadata.name}:${nodePort}`,
                    label: `${n.metadata.name}:${nodePort} (${name(s)})`,
                    protocol: spoken(protocol),
                    group: "nodes",
                  } as const,
                ],
          ),
        ),
      ),
      ...pods.flatMap((p) =>
        p.spec.containers.flatMap((c) =>
          (c.ports ?? []).map(({ containerPort, protocol }): Choice => ({
            protocol: spoken(protocol),
            value: `pod/${name(p)}:${containerPort}`,
            label: `${name(p)} ${p.status.podIP ?? ""}:${containerPort}`,
            group: "pods",
          })),
        ),
      ),
      ...reader.list<Service>("Service").flatMap((s) =>
        ports(s).map(({ port, protocol }): Choice => {
          const value = `${s.metadata.name}.${s.metadata.namespace ?? "default"}:${port}`;
          return { value, label: value, protocol: spoken(protocol), group: "names" };
        }),
      ),
    ],
  };
}
