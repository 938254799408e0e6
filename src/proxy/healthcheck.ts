import { isIPv6 } from "../base/ip.ts";
import { type Micros, SECOND, timestamp } from "../base/time.ts";
import type { Listener } from "../kernel/host.ts";
import type { ProxyConfig } from "../model/config/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Service } from "../model/service/types.ts";
import type { HttpResponse } from "../model/trace/message.ts";
import { nodePortAddresses, nodePortIPs, type ProxyNode } from "./node.ts";
import { type ServiceReader, serviceEntries } from "./view.ts";

/** The HTTP answers by which load balancers learn whether to send to a node. Source: pkg/proxy/healthcheck. */

/** What a running kube-proxy has to go by. */
export interface ProxyStanding {
  /** The objects as of its last sync; null before the first. */
  readonly synced: { readonly reader: ServiceReader; readonly at: Micros } | null;
  /** Its own Node as it knows it, or undefined. */
  readonly node: Node | undefined;
  readonly self: ProxyNode;
  readonly config: ProxyConfig;
  readonly now: Micros;
}

const HEALTHZ_PORT = 10_256;
const METRICS_PORT = 10_249;
const DELETION_TAINT = "ToBeDeletedByClusterAutoscaler";
/** How Go's JSON writes the zero time. */
const NEVER = "0001-01-01T00:00:00Z";

/** RFC 3339 with as many digits of the second as there are, as Go's JSON writes a time. */
function nanoTimestamp(at: Micros): string {
  const digits = String(at % SECOND)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return timestamp(at).replace(/Z$/, digits === "" ? "Z" : `.${digits}Z`);
}

/** Headers in the order of Go's server: the handler's own by name, then Date and Content-Length. */
function json(
  path: string,
  ok: boolean,
  body: string,
  now: Micros,
  more: readonly HttpResponse["headers"][number][] = [],
): HttpResponse {
  return {
    path,
    version: "HTTP/1.1",
    status: ok ? 200 : 503,
    reason: ok ? "OK" : "Service Unavailable",
    headers: [
      { name: "Content-Type", value: "application/json" },
      { name: "X-Content-Type-Options", value: "nosniff" },
      ...more,
      { name: "Date", value: new Date(timestamp(now)).toUTCString() },
      { name: "Content-Length", value: String(body.length) },
    ],
    body,
  };
}

/** Neither being deleted nor marked by the autoscaler: new connections may come here. Source: NodeEligible. */
function isEligible(node: Node | undefined): boolean {
  if (node === undefined || node.metadata.deletionTimestamp !== undefined) return false;
  return node.spec.taints?.some(({ key }) => key === DELETION_TAINT) !== true;
}

/** `/healthz` of kube-proxy itself. A simulated kube-proxy that runs never falls behind with its rules for a minute. */
function healthz({ synced, node, self, now }: ProxyStanding): HttpResponse {
  const eligible = isEligible(node);
  const families = self.ips.some(isIPv6) ? (self.ips.every(isIPv6) ? ["IPv6"] : ["IPv4", "IPv6"]) : ["IPv4"];
  const lastSync = synced === null ? NEVER : nanoTimestamp(synced.at);
  const body = JSON.stringify({
    // A healthy proxy was always updated just now: it would not be healthy otherwise.
    lastUpdated: eligible ? nanoTimestamp(now) : lastSync,
    currentTime: nanoTimestamp(now),
    nodeEligible: eligible,
    healthy: true,
    ...(synced === null
      ? {}
      : { status: Object.fromEntries(families.map((f) => [f, { lastUpdated: lastSync, healthy: true }])) }),
  });
  return json("/healthz", eligible, body, now);
}

/** Ready endpoints of a Service on this node, by address: what kube-proxy counts, whatever traffic falls back to. */
function localEndpoints(reader: ServiceReader, service: Service, self: ProxyNode, family: 4 | 6): number | null {
  const entries = serviceEntries(
    service,
    reader.slicesOf(service.metadata.namespace ?? "", service.metadata.name),
    family,
  );
  if (entries.every(({ port }) => port.healthCheckNodePort === null)) return null;
  const ips = entries.flatMap(({ endpoints }) =>
    endpoints.filter((e) => e.ready && e.nodeName === self.name).map((e) => e.ip),
  );
  return new Set(ips).size;
}

/** The answer on a Service's healthCheckNodePort, on any path: 200 while this node has a ready endpoint of its own. */
function serviceHealth({ metadata }: Service, count: number, now: Micros): HttpResponse {
  const body = [
    "{",
    '\t"service": {',
    `\t\t"namespace": ${JSON.stringify(metadata.namespace ?? "")},`,
    `\t\t"name": ${JSON.stringify(metadata.name)}`,
    "\t},",
    `\t"localEndpoints": ${count},`,
    '\t"serviceProxyHealthy": true',
    "}",
  ].join("\n");
  return json("/", count > 0, body, now, [{ name: "X-Load-Balancing-Endpoint-Weight", value: String(count) }]);
}

/**
 * The sockets of a running kube-proxy, with what they answer: healthz on 10256, metrics, and a health check port for each
 * load balancer Service with externalTrafficPolicy Local, on the addresses that node ports answer on. The userspace proxy had no
 * health checks for Services.
 */
export function proxyListeners(standing: ProxyStanding): readonly Listener[] {
  const { synced, self, config, now } = standing;
  const base = { protocol: "tcp", owner: null, assumed: false } as const;
  const own: readonly Listener[] = [
    { ...base, ip: "0.0.0.0", port: HEALTHZ_PORT, what: "kube-proxy (healthz)", response: healthz(standing) },
    { ...base, ip: "127.0.0.1", port: METRICS_PORT, what: "kube-proxy (metrics)" },
  ];
  if (synced === null || config.mode === "userspace") return own;
  // nftables mode answers node ports on the primary address unless it is told otherwise.
  const configured = config.nodePortAddresses ?? (config.mode === "nftables" ? ["primary"] : null);
  const checks = synced.reader.list<Service>("Service").flatMap((service): readonly Listener[] => {
    const port = service.spec.healthCheckNodePort;
    if (port === undefined || port === 0) return [];
    const family = ([4, 6] as const).find((f) => localEndpoints(synced.reader, service, self, f) !== null);
    if (family === undefined || (family === 6 && !self.ips.some(isIPv6))) return [];
    const addresses = nodePortAddresses(configured, self, family);
    const what = `kube-proxy (health check of ${service.metadata.namespace ?? ""}/${service.metadata.name})`;
    const response = serviceHealth(service, localEndpoints(synced.reader, service, self, family) ?? 0, now);
    return (addresses.all ? ["0.0.0.0"] : nodePortIPs(addresses, self, family)).map((ip) => ({
      ...base,
      ip,
      port,
      what,
      response,
    }));
  });
  return [...own, ...checks];
}

/** Does kube-proxy answer a balancer's check with 200: on /healthz (null), or on this Service's health check node port? */
export function passesCheck(standing: ProxyStanding, service: Service | null): boolean {
  const { synced, self, config } = standing;
  if (service === null) return isEligible(standing.node);
  if (synced === null || config.mode === "userspace") return false;
  const { namespace, name } = service.metadata;
  const known = synced.reader.list<Service>("Service", namespace).find(({ metadata }) => metadata.name === name);
  if (known === undefined || (known.spec.healthCheckNodePort ?? 0) === 0) return false;
  const family = ([4, 6] as const).find((f) => localEndpoints(synced.reader, known, self, f) !== null);
  return family !== undefined && (localEndpoints(synced.reader, known, self, family) ?? 0) > 0;
}
