/** `describe` of Services, their endpoints and Ingresses. */
import type { ObjectReader } from "../../apiserver/types.ts";
import { joinHostPort } from "../../base/ip.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { Endpoints } from "../../model/endpoints/types.ts";
import type { Ingress, IngressBackend } from "../../model/ingress/types.ts";
import { objectKey } from "../../model/meta/types.ts";
import { formatLabels } from "../../model/selectors.ts";
import type { Service } from "../../model/service/types.ts";
import { quote } from "../../model/status.ts";
import { annotationsLines, labelsLines, Lines, orNone } from "./lines.ts";

const SHOWN = 3;

/** The ready endpoints of a Service port. No slice at all: `<none>`; slices without ready endpoints: nothing. */
export function endpointsText(slices: readonly EndpointSlice[], portName: string): string {
  if (slices.length === 0) return "<none>";
  const list: string[] = [];
  let more = false;
  let ready = 0;
  const take = (slice: EndpointSlice, written: (address: string) => string): void => {
    for (const endpoint of slice.endpoints ?? []) {
      if (list.length === SHOWN) more = true;
      if (endpoint.conditions?.ready === false) continue;
      if (!more) list.push(written(endpoint.addresses[0] ?? ""));
      ready += 1;
    }
  };
  for (const slice of slices) {
    const ports = slice.ports ?? [];
    if (ports.length === 0) take(slice, (address) => address);
    for (const { name = "", port } of ports) {
      if (name === portName) take(slice, (address) => (port === undefined ? address : joinHostPort(address, port)));
    }
  }
  return more ? `${list.join(",")} + ${ready - SHOWN} more...` : list.join(",");
}

export function describeService(reader: ObjectReader, service: Service): string {
  const { metadata, spec, status } = service;
  const slices = reader.slicesOf(metadata.namespace ?? "", metadata.name);
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Namespace:\t${metadata.namespace ?? ""}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .line(`Selector:\t${formatLabels(spec.selector)}`)
    .line(`Type:\t${spec.type}`);
  if (spec.ipFamilyPolicy !== undefined) out.line(`IP Family Policy:\t${spec.ipFamilyPolicy}`);
  out
    .line(`IP Families:\t${orNone((spec.ipFamilies ?? []).join(","))}`)
    .line(`IP:\t${spec.clusterIP ?? ""}`)
    .line(`IPs:\t${orNone((spec.clusterIPs ?? []).join(","))}`);
  if ((spec.externalIPs ?? []).length > 0) out.line(`External IPs:\t${spec.externalIPs?.join(",")}`);
  if (spec.loadBalancerIP) out.line(`Desired LoadBalancer IP:\t${spec.loadBalancerIP}`);
  if (spec.externalName) out.line(`External Name:\t${spec.externalName}`);
  const ingress = status.loadBalancer.ingress ?? [];
  if (ingress.length > 0) {
    const addresses = ingress.map(({ ip, ipMode, hostname }) =>
      ip === undefined ? (hostname ?? "") : `${ip}${ipMode === undefined ? "" : ` (${ipMode})`}`,
    );
    out.line(`LoadBalancer Ingress:\t${addresses.join(", ")}`);
  }
  for (const port of spec.ports ?? []) {
    const name = port.name === undefined || port.name === "" ? "<unset>" : port.name;
    out.line(`Port:\t${name}\t${port.port}/${port.protocol}`).line(`TargetPort:\t${port.targetPort}/${port.protocol}`);
    if (port.nodePort !== undefined && port.nodePort !== 0)
      out.line(`NodePort:\t${name}\t${port.nodePort}/${port.protocol}`);
    out.line(`Endpoints:\t${endpointsText(slices, port.name ?? "")}`);
  }
  out.line(`Session Affinity:\t${spec.sessionAffinity ?? ""}`);
  if (spec.externalTrafficPolicy !== undefined) out.line(`External Traffic Policy:\t${spec.externalTrafficPolicy}`);
  if (spec.internalTrafficPolicy !== undefined) out.line(`Internal Traffic Policy:\t${spec.internalTrafficPolicy}`);
  if (spec.healthCheckNodePort) out.line(`HealthCheck NodePort:\t${spec.healthCheckNodePort}`);
  if ((spec.loadBalancerSourceRanges ?? []).length > 0) {
    out.line(`LoadBalancer Source Ranges:\t${spec.loadBalancerSourceRanges?.join(",")}`);
  }
  if (spec.trafficDistribution) out.line(`Traffic Distribution:\t${spec.trafficDistribution}`);
  return out.toString();
}

export function describeEndpoints({ metadata, subsets = [] }: Endpoints): string {
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Namespace:\t${metadata.namespace ?? ""}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .line("Subsets:");
  for (const subset of subsets) {
    out.at(1, `Addresses:\t${orNone((subset.addresses ?? []).map((a) => a.ip).join(","))}`);
    out.at(1, `NotReadyAddresses:\t${orNone((subset.notReadyAddresses ?? []).map((a) => a.ip).join(","))}`);
    const ports = subset.ports ?? [];
    if (ports.length > 0) {
      out.at(1, "Ports:").at(2, "Name\tPort\tProtocol").at(2, "----\t----\t--------");
      for (const { name, port, protocol } of ports) {
        out.at(2, `${name === undefined || name === "" ? "<unset>" : name}\t${port}\t${protocol ?? "TCP"}`);
      }
    }
    out.line("");
  }
  return out.toString();
}

export function describeEndpointSlice({ metadata, addressType, ports, endpoints }: EndpointSlice): string {
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Namespace:\t${metadata.namespace ?? ""}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .line(`AddressType:\t${addressType}`);
  if ((ports ?? []).length === 0) out.line("Ports: <unset>");
  else {
    out.line("Ports:").at(1, "Name\tPort\tProtocol").at(1, "----\t----\t--------");
    for (const { name, port, protocol } of ports ?? []) {
      out.at(1, `${name === undefined || name === "" ? "<unset>" : name}\t${port ?? "<unset>"}\t${protocol ?? "TCP"}`);
    }
  }
  if ((endpoints ?? []).length === 0) out.line("Endpoints: <none>");
  else {
    out.line("Endpoints:");
    for (const endpoint of endpoints ?? []) {
      out
        .at(1, `- Addresses:\t${orNone(endpoint.addresses.join(", "))}`)
        .at(2, "Conditions:")
        .at(3, `Ready:\t${endpoint.conditions?.ready ?? "<unset>"}`)
        .at(2, `Hostname:\t${endpoint.hostname ?? "<unset>"}`);
      if (endpoint.targetRef !== undefined) {
        out.at(2, `TargetRef:\t${endpoint.targetRef.kind ?? ""}/${endpoint.targetRef.name ?? ""}`);
      }
      out.at(2, `NodeName:\t${endpoint.nodeName ?? "<unset>"}`).at(2, `Zone:\t${endpoint.zone ?? "<unset>"}`);
    }
  }
  return out.toString();
}

function backendText(reader: ObjectReader, namespace: string, { service, resource }: IngressBackend): string {
  if (service === undefined) {
    return `APIGroup: ${resource?.apiGroup ?? ""}, Kind: ${resource?.kind ?? ""}, Name: ${resource?.name ?? ""}`;
  }
  const port = service.port?.name ?? service.port?.number ?? "";
  const written = `${service.name}:${port}`;
  const found = reader.get<Service>(objectKey("Service", namespace, service.name));
  if (found === undefined) return `${written} (<error: services ${quote(service.name)} not found>)`;
  const named = found.spec.ports?.find((p) =>
    service.port?.number === undefined ? p.name === service.port?.name : p.port === service.port.number,
  );
  return `${written} (${endpointsText(reader.slicesOf(namespace, service.name), named?.name ?? "")})`;
}

export function describeIngress(reader: ObjectReader, ingress: Ingress): string {
  const { metadata, spec, status } = ingress;
  const namespace = metadata.namespace ?? "";
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? "");
  const fallback =
    spec.defaultBackend === undefined ? "<default>" : backendText(reader, namespace, spec.defaultBackend);
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .add(labelsLines("Labels", metadata.labels))
    .line(`Namespace:\t${namespace}`)
    .line(`Address:\t${addresses.join(",")}`)
    .line(`Ingress Class:\t${spec.ingressClassName ?? "<none>"}`)
    .line(`Default backend:\t${fallback}`);
  if ((spec.tls ?? []).length > 0) {
    out.line("TLS:");
    for (const { secretName, hosts = [] } of spec.tls ?? []) {
      out.at(1, secretName ? `${secretName} terminates ${hosts.join(",")}` : `SNI routes ${hosts.join(",")}`);
    }
  }
  out.line("Rules:").at(1, "Host\tPath\tBackends").at(1, "----\t----\t--------");
  const rules = (spec.rules ?? []).filter((rule) => rule.http !== undefined);
  for (const { host, http } of rules) {
    out.at(1, `${host || "*"}\t`);
    for (const { path = "", backend } of http?.paths ?? []) {
      out.at(2, `\t${path} \t${backendText(reader, namespace, backend)}`);
    }
  }
  if (rules.length === 0) out.at(1, `*\t*\t${fallback}`);
  return out.add(annotationsLines("Annotations", metadata.annotations)).toString();
}
