/**
 * Which programs a container finds in its $PATH, by its image. This table is the documentation: an image that is not here (or whose
 * name says nothing) is taken to have everything, as an image of one's own for looking around would.
 *
 * | images | what is there |
 * | --- | --- |
 * | busybox; any image with "alpine" in its tag | busybox's applets (alpine also getent, not telnet) |
 * | curlimages/curl, nginx:*-alpine | busybox's applets and curl |
 * | debian, ubuntu, httpd, redis, postgres, mysql, haproxy, python:*-slim ... | bash and coreutils, getent; nothing for the network |
 * | nginx, php, tomcat | the same, and curl |
 * | python, node, golang, ruby, openjdk (without -slim, -alpine) | the same, curl and GNU wget |
 * | dnsutils, jessie-dnsutils | the same, dig, nslookup, host, ping |
 * | agnhost | busybox's applets, curl, dig, nc, ip, ss |
 * | netshoot, network-multitool, anything unknown | all |
 * | distroless, pause, coredns, kube-proxy, etcd, whoami, http-echo, hello-app, traefik, prometheus operators | nothing, not even a shell |
 */

/** Whose ping, wget and nc these are: their words differ. */
export type Flavor = "busybox" | "gnu";

export interface Kit {
  readonly flavor: Flavor;
  /** null: all that this terminal knows. */
  readonly programs: ReadonlySet<string> | null;
  readonly shell: "ash" | "dash" | "bash" | null;
}

const names = (text: string): ReadonlySet<string> => new Set(text.split(" "));
const plus = (base: ReadonlySet<string>, text: string): ReadonlySet<string> => new Set([...base, ...text.split(" ")]);

const FILTER_NAMES =
  "cat grep egrep fgrep awk sed head tail sort uniq wc cut tr xargs tee echo true false printf seq sleep date env printenv hostname id whoami pwd ls ps kill watch timeout time sh test which uname";
const BUSYBOX = names(
  `${FILTER_NAMES} wget nc ping ping6 nslookup telnet traceroute traceroute6 netstat ip arp route ifconfig sysctl`,
);
const ALPINE = new Set([...plus(BUSYBOX, "getent")].filter((name) => name !== "telnet"));
const DEBIAN = new Set(
  [...names(`${FILTER_NAMES} bash getent`)].filter((name) => !["ps", "watch", "kill", "which"].includes(name)),
);
const NOTHING: ReadonlySet<string> = new Set();

const kit = (flavor: Flavor, programs: ReadonlySet<string> | null, shell: Kit["shell"]): Kit => ({
  flavor,
  programs,
  shell,
});

const BUSYBOX_KIT = kit("busybox", BUSYBOX, "ash");
const ALPINE_KIT = kit("busybox", ALPINE, "ash");
const ALPINE_CURL = kit("busybox", plus(ALPINE, "curl"), "ash");
const DEBIAN_KIT = kit("gnu", DEBIAN, "dash");
const DEBIAN_CURL = kit("gnu", plus(DEBIAN, "curl"), "dash");
const DEBIAN_FULL = kit("gnu", plus(DEBIAN, "curl wget ps watch kill which"), "dash");
const DEBIAN_DNS = kit("gnu", plus(DEBIAN, "dig nslookup host ping ping6 ps"), "dash");
const AGNHOST = kit("busybox", plus(ALPINE, "curl dig host nslookup ss bash iptables"), "ash");
const SCRATCH = kit("gnu", NOTHING, null);
const EVERYTHING = kit("gnu", null, "bash");

/** Nodes and machines outside have everything. */
export const NODE_KIT: Kit = EVERYTHING;

const KNOWN: Readonly<Record<string, Kit>> = {
  busybox: BUSYBOX_KIT,
  busyboxplus: kit("busybox", plus(BUSYBOX, "curl"), "ash"),
  alpine: ALPINE_KIT,
  curl: ALPINE_CURL,
  agnhost: AGNHOST,
  dnsutils: DEBIAN_DNS,
  "jessie-dnsutils": DEBIAN_DNS,
  nginx: DEBIAN_CURL,
  "nginx-unprivileged": DEBIAN_CURL,
  php: DEBIAN_CURL,
  tomcat: DEBIAN_CURL,
  netshoot: EVERYTHING,
  "network-multitool": EVERYTHING,
  ...every(DEBIAN_KIT, "debian ubuntu httpd redis valkey postgres mysql mariadb mongo haproxy memcached wordpress"),
  ...every(DEBIAN_FULL, "python node golang ruby openjdk rust perl buildpack-deps"),
  ...every(
    SCRATCH,
    "pause coredns kube-proxy kube-apiserver kube-scheduler kube-controller-manager etcd whoami http-echo hello-app metrics-server static-debian12 base-debian12 hello-world scratch",
  ),
};

function every(given: Kit, images: string): Readonly<Record<string, Kit>> {
  return Object.fromEntries(images.split(" ").map((image) => [image, given]));
}

/** `docker.io/library/nginx:1.27-alpine@sha256:...` → nginx, 1.27-alpine. */
function split(image: string): { readonly path: string; readonly name: string; readonly tag: string } {
  const path = image.split("@")[0] ?? "";
  const [name = "", tag = ""] = path.replace(/^.*\//, "").split(":");
  return { path, name, tag };
}

/** The programs of an image. */
export function kitOf(image: string): Kit {
  const { path, name, tag } = split(image);
  if (/distroless|chainguard/.test(path)) return SCRATCH;
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  if (known === SCRATCH || name === "agnhost") return known ?? EVERYTHING;
  if (/alpine/.test(tag)) return known?.programs?.has("curl") === true && name === "nginx" ? ALPINE_CURL : ALPINE_KIT;
  if (/slim/.test(tag) && known === DEBIAN_FULL) return DEBIAN_KIT;
  if (name === "busyboxplus" && tag !== "curl") return BUSYBOX_KIT;
  return known ?? EVERYTHING;
}

/** Is the program in the container's $PATH? */
export const hasProgram = ({ programs, shell }: Kit, program: string): boolean => {
  const name = program.replace(/^\/(usr\/)?(local\/)?s?bin\//, "");
  if (name === "sh") return shell !== null;
  if (programs === null) return true;
  if (name === "ash") return shell === "ash";
  return programs.has(name);
};
