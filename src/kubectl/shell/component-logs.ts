/** What the simulated components write to their logs. */
import { deepEqual } from "../../base/json.ts";
import type { ProxyConfig, ProxyMode } from "../../model/config/types.ts";
import { objectKey } from "../../model/meta/types.ts";
import type { World } from "../../world/types.ts";
import { klogHead } from "../requests.ts";

const PID = 1;

/** `--v` of kube-proxy's command line, as the clusters have it whose kube-proxy writes to /var/log/kube-proxy.log. */
export const PROXY_VERBOSITY = 2;

type Line = (micros: number, severity: "I" | "W" | "E", text: string) => string;

const line: Line = (micros, severity, text) => `${klogHead(micros, severity, PID)} ${text}\n`;

const UNSET =
  "nodePortAddresses is unset; NodePort connections will be accepted on all local IPs. Consider using `--nodeport-addresses primary`";
const DEPRECATED =
  "The ipvs proxier is now deprecated and may be removed in a future release. Please use 'nftables' instead.";

/** Where cmd/kube-proxy/app/server_linux.go names the proxier. */
const USING: Readonly<Record<ProxyMode, number>> = { iptables: 137, ipvs: 194, nftables: 254, userspace: 137 };

/** What a kube-proxy says between reading its file and its first sync, each line with its severity. */
function startLines(config: ProxyConfig, nodeIP: string): readonly (readonly ["I" | "W" | "E", string])[] {
  const { mode } = config;
  const informers = ["service config", "endpoint slice config", "serviceCIDR config", "node config"];
  return [
    ["I", `server.go:228] "Successfully retrieved NodeIPs" NodeIPs=["${nodeIP}"]`],
    ["I", `sysctls.go:147] "Setting nf_conntrack_max" nfConntrackMax=131072`],
    ...(config.nodePortAddresses === null && mode !== "nftables"
      ? [["E", `server.go:265] "Kube-proxy configuration may be incomplete or incorrect" err="${UNSET}"`] as const]
      : []),
    [
      "I",
      `server.go:274] "kube-proxy running in dual-stack mode" primary ipFamily="${nodeIP.includes(":") ? "IPv6" : "IPv4"}"`,
    ],
    ["I", `server_linux.go:${USING[mode]}] "Using ${mode} Proxier"`],
    ...(mode === "ipvs"
      ? ([
          ["E", `server_linux.go:196] "${DEPRECATED}"`],
          ...(config.ipvsScheduler === undefined
            ? (["IPv4", "IPv6"] as const).map(
                (family) =>
                  [
                    "I",
                    `proxier.go:351] "IPVS scheduler not specified, use rr by default" ipFamily="${family}"`,
                  ] as const,
              )
            : []),
          [
            "I",
            `ipset.go:117] "Ipset name truncated" ipSetName="KUBE-6-LOAD-BALANCER-SOURCE-CIDR" truncatedName="KUBE-6-LOAD-BALANCER-SOURCE-CID"`,
          ],
          [
            "I",
            `ipset.go:117] "Ipset name truncated" ipSetName="KUBE-6-NODE-PORT-LOCAL-SCTP-HASH" truncatedName="KUBE-6-NODE-PORT-LOCAL-SCTP-HAS"`,
          ],
        ] as const)
      : []),
    ...(mode === "iptables" && config.localhostNodePorts
      ? [
          [
            "I",
            `proxier.go:242] "Setting route_localnet=1 to allow node-ports on localhost; to change this either disable iptables.localhostNodePorts (--iptables-localhost-nodeports) or set nodePortAddresses (--nodeport-addresses) to filter loopback addresses" ipFamily="IPv4"`,
          ] as const,
        ]
      : []),
    ["I", `server.go:539] "Version info" version="v1.36.2"`],
    ["I", `server.go:541] "Golang settings" GOGC="" GOMAXPROCS="" GOTRACEBACK=""`],
    ["I", `config.go:200] "Starting service config controller"`],
    ["I", `config.go:106] "Starting endpoint slice config controller"`],
    ["I", `config.go:403] "Starting serviceCIDR config controller"`],
    ["I", `config.go:309] "Starting node config controller"`],
    ...informers.map(
      (name) => ["I", `shared_informer.go:381] "Waiting for caches to sync" controller="${name}"`] as const,
    ),
    ...informers.map((name) => ["I", `shared_informer.go:388] "Caches are synced" controller="${name}"`] as const),
  ];
}

/**
 * The log of a node's kube-proxy since its last start (`previous`: since the one before, up to the last): what it read and said at
 * its start, at its verbosity (`logging.verbosity` in its file goes before its command line) from 1 the Services that it heard of,
 * and from 2 every sync that changed something. Wording and places as 1.36 has them.
 */
export function kubeProxyLog(world: World, node: string, previous = false): string {
  const { starts } = world.proxy(node);
  const start = starts.at(previous ? -2 : -1);
  if (start === undefined) return "";
  const end = previous ? (starts.at(-1)?.at ?? world.now) : Number.POSITIVE_INFINITY;
  const said = start.said.map(({ severity, text }) => line(start.at, severity, text));
  const { config } = start;
  if (config === null) return said.join("");
  const verbosity = config.verbosity ?? PROXY_VERBOSITY;
  const log = world.logOf(`kube-proxy/${node}`).filter((entry) => entry.at >= start.at && entry.at < end);
  const lines = [
    ...said,
    ...startLines(config, addressOf(world.objects.get(objectKey("Node", undefined, node)))).map(([severity, text]) =>
      line(start.at, severity, text),
    ),
    ...(verbosity >= 1
      ? serviceLines(world, start.at, Math.min(end, log.at(-1)?.at ?? start.at), (micros, place, message) =>
          line(micros, "I", `${place}] ${message}`),
        )
      : []),
    ...log.flatMap((entry) => {
      const deleted = /; (\d+) stale UDP/.exec(entry.title)?.[1];
      if (verbosity < 4 || deleted === undefined) return [];
      const text = `cleanup.go:117] "Finished reconciling conntrack entries" ipFamily="IPv4" entriesDeleted=${deleted} took="0s"`;
      return [line(entry.at, "I", text)];
    }),
    // A sync takes no virtual time.
    ...log
      .filter((entry) => verbosity >= 2 && entry.title.startsWith("rules written"))
      .map((entry) => line(entry.at, "I", `proxier.go:805] "SyncProxyRules complete" ipFamily="IPv4" elapsed="0s"`)),
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
