import { LISTEN_ANNOTATION } from "../kubehop/types.ts";
import { type Bound, boundBy } from "./bound.ts";
import type { Container, Pod } from "./types.ts";

/** One socket that a container's process listens on. */
export interface ContainerListener {
  /** `0.0.0.0` accepts any destination of either family. */
  readonly ip: string;
  /** null: any port (a process of which nothing is known). */
  readonly port: number | null;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** What listens, for a note: "container web (containerPort 8080)". */
  readonly what: string;
  /** True when nothing says that it listens and we take it on trust. */
  readonly assumed: boolean;
}

type PortList = readonly (readonly [port: number, protocol: ContainerListener["protocol"]])[];

/** What the stock images listen on when their container declares no ports (their own documentation, default command). */
const WELL_KNOWN: Readonly<Record<string, PortList>> = {
  nginx: [[80, "tcp"]],
  "nginx-unprivileged": [[8080, "tcp"]],
  httpd: [[80, "tcp"]],
  caddy: [
    [80, "tcp"],
    [443, "tcp"],
  ],
  traefik: [[80, "tcp"]],
  haproxy: [],
  redis: [[6379, "tcp"]],
  valkey: [[6379, "tcp"]],
  postgres: [[5432, "tcp"]],
  mysql: [
    [3306, "tcp"],
    [33060, "tcp"],
  ],
  mariadb: [[3306, "tcp"]],
  memcached: [[11211, "tcp"]],
  mongo: [[27017, "tcp"]],
  rabbitmq: [
    [5672, "tcp"],
    [15692, "tcp"],
    [25672, "tcp"],
    [4369, "tcp"],
  ],
  elasticsearch: [
    [9200, "tcp"],
    [9300, "tcp"],
  ],
  etcd: [
    [2379, "tcp"],
    [2380, "tcp"],
  ],
  zookeeper: [
    [2181, "tcp"],
    [8080, "tcp"],
  ],
  nats: [
    [4222, "tcp"],
    [8222, "tcp"],
    [6222, "tcp"],
  ],
  registry: [[5000, "tcp"]],
  tomcat: [[8080, "tcp"]],
  wordpress: [[80, "tcp"]],
  grafana: [[3000, "tcp"]],
  prometheus: [[9090, "tcp"]],
  whoami: [[80, "tcp"]],
  "http-echo": [[5678, "tcp"]],
  "hello-app": [[8080, "tcp"]],
  echoserver: [[8080, "tcp"]],
  coredns: [
    [53, "udp"],
    [53, "tcp"],
  ],
};

/** What infrastructure serves besides the ports that its manifests declare: health, metrics, administration. */
const BESIDES: Readonly<Record<string, readonly number[]>> = {
  "ingress-nginx/controller": [10_246, 10_254],
  "nginx-ingress-controller": [10_246, 10_254],
  coredns: [8080, 8181, 9153],
  etcd: [2381],
  traefik: [8080],
  proxyv2: [15_000, 15_001, 15_006, 15_020, 15_021, 15_090],
};

/** Images that people run as a shell or client: unless told what to run, they listen on nothing. */
const SHELLS: ReadonlySet<string> = new Set([
  "busybox",
  "alpine",
  "debian",
  "ubuntu",
  "curl",
  "netshoot",
  "dnsutils",
  "jessie-dnsutils",
  "pause",
  "toolbox",
]);

/** `docker.io/library/nginx:1.27@sha256:...` is nginx. */
function imageName(image: string): string {
  const bare = (image.split("@")[0] ?? "").replace(/^.*\//, "");
  return bare.split(":")[0] ?? "";
}

function besides(image: string): readonly number[] {
  const bare = (image.split("@")[0] ?? "").replace(/:[^/:]*$/, "");
  return Object.entries(BESIDES).find(([name]) => bare === name || bare.endsWith(`/${name}`))?.[1] ?? [];
}

/** A shell image serves something only when its command names a server. */
function idles(container: Container): boolean {
  const words = [...(container.command ?? []), ...(container.args ?? [])].join(" ");
  return !/\b(nc|ncat|netcat|httpd|http\.server|socat|serve|server|listen)\b/i.test(words);
}

const ENTRY = /^(?:(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]):)?(\d{1,5})(?:\/(TCP|UDP|SCTP))?$/i;

/** The listeners that the annotation names; entries that cannot be read are left out. */
export function parseListen(text: string): readonly Pick<ContainerListener, "ip" | "port" | "protocol">[] {
  return text.split(",").flatMap((part) => {
    const match = ENTRY.exec(part.trim());
    if (match === null) return [];
    const port = Number(match[2]);
    if (port < 1 || port > 65_535) return [];
    return [
      {
        ip: (match[1] ?? "0.0.0.0").replace(/^\[|\]$/g, ""),
        port,
        protocol: (match[3] ?? "TCP").toLowerCase() as ContainerListener["protocol"],
      },
    ];
  });
}

/** An image of which it is known what is in it. */
export function isStockImage({ image = "" }: Container): boolean {
  const name = imageName(image);
  return WELL_KNOWN[name] !== undefined || SHELLS.has(name);
}

/** Stock images whose program goes by the variable PORT all the same. */
const BY_VARIABLE: ReadonlySet<string> = new Set(["hello-app"]);

/** What the container's own command line and environment say about its sockets; null: nothing. */
export function boundOf(container: Container): readonly Bound[] | null {
  const image = imageName(container.image ?? "");
  return boundBy(container, image, WELL_KNOWN[image] !== undefined && !BY_VARIABLE.has(image));
}

/**
 * What the process of one container listens on while it runs: what its command line or environment says, for programs that people run
 * ({@link boundOf}); declared containerPorts, taken as complete and on all addresses; the ports of a well-known image that declares none.
 * A pod of unknown images that declares no port at all takes any TCP or UDP port (assumed). The annotation kubehop.dev/listen overrules
 * all of it: {@link toldListeners}.
 */
export function containerListeners(pod: Pod, container: Container): readonly ContainerListener[] {
  const plain = plainListeners(pod, container);
  const told = boundOf(container);
  if (told === null) return plain;
  const what = (one: Bound): string =>
    `container ${container.name} (${one.path === null ? "what it runs" : one.path.replace(/\[.*$/, "")} says so)`;
  const own = told.flatMap((one): readonly ContainerListener[] => {
    const { ip, port, protocol } = one;
    const base = { ip, protocol, what: what(one), assumed: false };
    if (port !== null) return [{ ...base, port }];
    // An address alone: of the ports that it has anyway.
    return plain.filter((l) => l.protocol === protocol).map((l) => ({ ...l, ip, what: what(one), assumed: false }));
  });
  const isTold = (one: ContainerListener): boolean =>
    one.assumed || own.some(({ port, protocol }) => protocol === one.protocol && (port === null || port === one.port));
  const others = plain.filter((one) => !isTold(one));
  // A single port that is declared is what somebody took it to listen on.
  const isMistaken =
    others.filter(({ protocol }) => protocol === "tcp").length === 1 && (container.ports?.length ?? 0) <= 1;
  const isStock = (container.ports ?? []).length === 0;
  return [
    ...own,
    ...(isMistaken || isStock ? others.filter(({ protocol }) => protocol !== "tcp" && !isStock) : others),
  ];
}

/** What is taken for granted where the command line says nothing. */
function plainListeners(pod: Pod, container: Container): readonly ContainerListener[] {
  const base = { ip: "0.0.0.0", assumed: false };
  if (container.ports !== undefined && container.ports.length > 0) {
    const declared = container.ports.map((p) => ({
      ...base,
      port: p.containerPort,
      protocol: (p.protocol ?? "TCP").toLowerCase() as ContainerListener["protocol"],
      what: `container ${container.name} (containerPort ${p.containerPort})`,
    }));
    const more = besides(container.image ?? "").filter(
      (port) => !declared.some((one) => one.protocol === "tcp" && one.port === port),
    );
    return [
      ...declared,
      ...more.map((port) => ({
        ...base,
        port,
        protocol: "tcp" as const,
        what: `container ${container.name} (its image serves ${String(port)} besides)`,
      })),
    ];
  }
  const image = imageName(container.image ?? "");
  const known = WELL_KNOWN[image];
  if (known !== undefined) {
    return known.map(([port, protocol]) => ({
      ...base,
      port,
      protocol,
      what: `container ${container.name} (image ${image} listens on ${port} by default)`,
    }));
  }
  // A sidecar without ports beside a container that declares some is not taken for a server of everything.
  const declares = pod.spec.containers.some((c) => (c.ports?.length ?? 0) > 0);
  if (declares || (SHELLS.has(image) && idles(container))) return [];
  return (["tcp", "udp"] as const).map((protocol) => ({
    ...base,
    port: null,
    protocol,
    what: `container ${container.name} declares no port, so it is assumed to listen here`,
    assumed: true,
  }));
}

/** What the annotation kubehop.dev/listen says of the whole pod, or null when it is not there. */
export function toldListeners(pod: Pod): readonly ContainerListener[] | null {
  const told = pod.metadata.annotations?.[LISTEN_ANNOTATION];
  if (told === undefined) return null;
  return parseListen(told).map((l) => ({ ...l, what: `annotation ${LISTEN_ANNOTATION}`, assumed: false }));
}
