/** What the simulated components write to their logs. */
import { deepEqual } from "../../base/json.ts";
import { objectKey } from "../../model/meta/types.ts";
import type { World } from "../../world/types.ts";
import { klogHead } from "../requests.ts";

const PID = 1;

/** `--v` of kube-proxy's command line, as the clusters have it whose kube-proxy writes to /var/log/kube-proxy.log. */
export const PROXY_VERBOSITY = 2;

/**
 * kube-proxy's log at its verbosity (`logging.verbosity` in its file goes before its command line): from 0 its start and its
 * mode, from 1 Services that come and go, from 2 every sync. Source: cmd/kube-proxy/app, pkg/proxy.
 */
export function kubeProxyLog(world: World, node: string): string {
  const { proxy } = world.config;
  const verbosity = proxy.verbosity ?? PROXY_VERBOSITY;
  const log = world.logOf(`kube-proxy/${node}`);
  const start = log[0]?.at ?? world.now;
  const at = (micros: number, place: string, message: string): string =>
    `${klogHead(micros, "I", PID)} ${place}] ${message}\n`;
  const node_ = world.objects.get(objectKey("Node", undefined, node));
  const ip = addressOf(node_);
  const lines = [
    at(start, "server_linux.go:53", `"Using ${proxy.mode} proxy"`),
    at(start, "server.go:1000", `"Successfully retrieved NodeIPs" NodeIPs=["${ip}"]`),
    at(
      start,
      "conntrack.go:121",
      `"Set sysctl" entry="net/netfilter/nf_conntrack_tcp_timeout_established" value=86400`,
    ),
    at(
      start,
      "server.go:236",
      `"kube-proxy running in single-stack mode, this ipFamily is not supported" ipFamily="IPv6"`,
    ),
    ...(proxy.mode === "iptables"
      ? [
          at(start, "server_linux.go:132", `"Using iptables Proxier"`),
          at(
            start,
            "proxier.go:242",
            `"Setting route_localnet=1 to allow node-ports on localhost; to change this either disable iptables.localhostNodePorts (--iptables-localhost-nodeports) or set nodePortAddresses (--nodeport-addresses) to filter loopback addresses" ipFamily="IPv4"`,
          ),
        ]
      : [at(start, "server_linux.go:132", `"Using ${proxy.mode} Proxier"`)]),
    at(start, "server.go:520", `"Version info" version="v1.36.2"`),
    at(start, "config.go:200", `"Starting service config controller"`),
    at(start, "config.go:106", `"Starting endpoint slice config controller"`),
    at(start, "config.go:329", `"Starting node config controller"`),
    at(start, "shared_informer.go:350", `"Waiting for caches to sync" controller="service config"`),
    at(start, "shared_informer.go:357", `"Caches are synced" controller="service config"`),
    at(start, "shared_informer.go:357", `"Caches are synced" controller="endpoint slice config"`),
    ...(verbosity >= 1 ? serviceLines(world, start, log.at(-1)?.at ?? start, at) : []),
    // A sync takes no virtual time.
    ...log
      .filter((entry) => verbosity >= 2 && entry.title.startsWith("rules written"))
      .map((entry) => at(entry.at, "proxier.go:805", `"SyncProxyRules complete" ipFamily="IPv4" elapsed="0s"`)),
  ];
  return lines.sort((a, b) => (stampOf(a) < stampOf(b) ? -1 : stampOf(a) > stampOf(b) ? 1 : 0)).join("");
}

const stampOf = (line: string): string => line.slice(1, 21);

/** Services that came and went, as the change tracker reports them. */
function serviceLines(
  world: World,
  start: number,
  until: number,
  at: (micros: number, place: string, message: string) => string,
): readonly string[] {
  return world.commitsAfter(0).flatMap((commit) => {
    if (commit.at > until) return [];
    const when = Math.max(commit.at, start);
    const changes = [
      ...commit.added.map((object) => ["Adding new service port", object] as const),
      ...commit.updated
        .filter(([from, to]) => !deepEqual(specOf(from), specOf(to)))
        .map(([, object]) => ["Updating existing service port", object] as const),
      ...commit.removed.map((object) => ["Removing service port", object] as const),
    ];
    return changes.flatMap(([what, object]) => {
      if (object.kind !== "Service") return [];
      const { clusterIP, ports = [], type } = specOf(object);
      if (clusterIP === undefined || clusterIP === "None" || type === "ExternalName") return [];
      return ports.map((port) => {
        const name = `${object.metadata.namespace ?? ""}/${object.metadata.name}${port.name === undefined ? "" : `:${port.name}`}`;
        const where = what.startsWith("Removing")
          ? ""
          : ` servicePort="${clusterIP}:${port.port}/${port.protocol ?? "TCP"}"`;
        return at(when, "servicechangetracker.go:106", `"${what}" portName="${name}"${where}`);
      });
    });
  });
}

interface ServiceSpecLike {
  readonly clusterIP?: string;
  readonly type?: string;
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[];
}

const specOf = (object: object): ServiceSpecLike => ("spec" in object ? (object.spec as ServiceSpecLike) : {});

function addressOf(node: object | undefined): string {
  const status =
    node !== undefined && "status" in node
      ? (node.status as { addresses?: readonly { type: string; address: string }[] })
      : {};
  return status.addresses?.find(({ type }) => type === "InternalIP")?.address ?? "";
}
