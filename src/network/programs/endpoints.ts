/** Where programs that read the API themselves send what they relay: the endpoints behind a Service's port, past kube-proxy. */
import { compareStrings } from "../../base/compare.ts";
import { joinHostPort } from "../../base/ip.ts";
import type { ProxyEndpoint } from "../../kernel/proxy-socket.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { KubeObject, ObjectKey } from "../../model/meta/types.ts";
import type { Service, ServicePort } from "../../model/service/types.ts";

/** The API, as far as programs in pods read it. */
export interface ApiReader {
  get<T extends KubeObject = KubeObject>(key: ObjectKey): T | undefined;
  /** Sorted by namespace, then name. */
  list<T extends KubeObject = KubeObject>(kind: string, namespace?: string): readonly T[];
  /** Slices tied to a Service by label. */
  slicesOf(namespace: string, service: string): readonly EndpointSlice[];
}

/** What a program in a pod may know: the API, and what names stand for. */
export interface ProgramInputs {
  readonly reader: ApiReader;
  /** The address that a name has in the cluster's DNS or outside; null or absent: nobody knows it. */
  readonly addressOf?: (name: string) => string | null;
}

/** The Service's own port, by number or name; never the pods'. */
export function servicePort(
  service: Service,
  { name, number }: { readonly name?: string; readonly number?: number },
): ServicePort | undefined {
  return service.spec.ports?.find((port) => (number === undefined ? port.name === name : port.port === number));
}

export function endpointAt(ip: string, port: number): ProxyEndpoint {
  return { key: joinHostPort(ip, port), ip, port };
}

/** Ready endpoints of a Service's port over TCP, of the Service's first family, sorted. */
export function readyEndpoints(reader: ApiReader, service: Service, port: ServicePort): readonly ProxyEndpoint[] {
  const { name, namespace = "" } = service.metadata;
  const family = service.spec.ipFamilies?.[0] ?? "IPv4";
  const found = new Map<string, ProxyEndpoint>();
  for (const slice of reader.slicesOf(namespace, name)) {
    if (slice.addressType !== family) continue;
    const number = slice.ports?.find(
      (p) => (p.name ?? "") === (port.name ?? "") && (p.protocol ?? "TCP") === "TCP",
    )?.port;
    if (number === undefined) continue;
    for (const { addresses, conditions } of slice.endpoints ?? []) {
      const ip = addresses[0];
      if (ip === undefined || conditions?.ready === false) continue;
      const endpoint = endpointAt(ip, number);
      found.set(endpoint.key, endpoint);
    }
  }
  return [...found.values()].sort((a, b) => compareStrings(a.key, b.key));
}
