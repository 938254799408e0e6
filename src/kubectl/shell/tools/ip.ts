/** `ip addr|link|route|neigh`, `bridge link`, `arp`: a network namespace's interfaces, addresses and routes. */
import { fnv1a32 } from "../../../base/hash.ts";
import { cidrContains, cidrNth, isIPv6, parseIP } from "../../../base/ip.ts";
import type { Host, Interface, Route } from "../../../kernel/host.ts";
import { lookupRoute } from "../../../kernel/route.ts";
import { failure, type Output, success } from "../../output.ts";
import type { Seat, Tool } from "./seat.ts";

const hex = (n: number): string => n.toString(16).padStart(2, "0");

/** CNI's bridge plug-in makes a pod's MAC of its address: 0a:58 and its four bytes. Others are drawn by name. */
function macOf(host: Host, one: Interface): string {
  if (one.kind === "lo") return "00:00:00:00:00:00";
  const ip = one.addresses.find((address) => !isIPv6(address.ip))?.ip;
  if ((one.kind === "veth" && host.id.startsWith("pod/")) || one.kind === "bridge") {
    if (ip !== undefined)
      return `0a:58:${ip
        .split(".")
        .map((part) => hex(Number(part)))
        .join(":")}`;
  }
  const n = fnv1a32(`${host.id} ${one.name}`);
  const start =
    one.kind === "eth" ? "08:00:27" : `${hex((fnv1a32(one.name) & 0xfc) | 2)}:${hex(fnv1a32(`${host.id}`) & 0xff)}:6b`;
  return `${start}:${hex((n >>> 16) & 0xff)}:${hex((n >>> 8) & 0xff)}:${hex(n & 0xff)}`;
}

function flagsOf({ kind }: Interface): string {
  if (kind === "lo") return "<LOOPBACK,UP,LOWER_UP>";
  return kind === "dummy" ? "<BROADCAST,NOARP>" : "<BROADCAST,MULTICAST,UP,LOWER_UP>";
}

const stateOf = ({ kind }: Interface): string =>
  kind === "lo" || kind === "vxlan" ? "UNKNOWN" : kind === "dummy" ? "DOWN" : "UP";
const shownName = (one: Interface): string => (one.kind === "veth" ? `${one.name}@if2` : one.name);
const mtuOf = ({ kind, mtu }: Interface): number => (kind === "lo" ? 65536 : (mtu ?? 1500));

function broadcast(ip: string, prefix: number): string {
  if (prefix >= 31 || isIPv6(ip)) return "";
  const base = cidrNth(`${ip}/${prefix}`, 2n ** BigInt(32 - prefix) - 1n);
  return ` brd ${base}`;
}

function linkLines(host: Host, one: Interface, index: number): readonly string[] {
  const master = one.master === null ? "" : ` master ${one.master}`;
  const kind = one.kind === "lo" ? "loopback" : "ether";
  const spread = one.kind === "lo" ? "00:00:00:00:00:00" : "ff:ff:ff:ff:ff:ff";
  const peer = one.kind === "veth" ? " link-netnsid 0" : "";
  return [
    `${index}: ${shownName(one)}: ${flagsOf(one)} mtu ${mtuOf(one)} qdisc ${one.kind === "dummy" ? "noop" : "noqueue"}${master} state ${stateOf(one)} group default qlen 1000`,
    `    link/${kind} ${macOf(host, one)} brd ${spread}${peer}`,
  ];
}

function addressLines({ kind, name, addresses }: Interface, family: 4 | 6 | null): readonly string[] {
  return addresses
    .filter(({ ip }) => family === null || (isIPv6(ip) ? 6 : 4) === family)
    .flatMap(({ ip, prefix }) => {
      const scope = kind === "lo" ? "host" : "global";
      const line = isIPv6(ip)
        ? `    inet6 ${ip}/${prefix} scope ${scope}${kind === "lo" ? " noprefixroute" : ""}`
        : `    inet ${ip}/${prefix}${kind === "lo" ? "" : broadcast(ip, prefix)} scope ${scope} ${name}`;
      return [line, "       valid_lft forever preferred_lft forever"];
    });
}

function routeLine(host: Host, route: Route): string {
  const to = route.to === "0.0.0.0/0" || route.to === "::/0" ? "default" : route.to.replace(/\/(32|128)$/, "");
  if (route.blackhole === true) return `blackhole ${to}`;
  const onlink = route.onlink === true ? " onlink" : "";
  if (route.hops !== undefined) {
    return [to, ...route.hops.map(({ via, dev }) => `\tnexthop via ${via} dev ${dev} weight 1`)].join("\n");
  }
  if (route.via !== null) return `${to} via ${route.via} dev ${route.dev}${onlink}`;
  const six = route.to.includes(":");
  const source = host.interfaces
    .find((one) => one.name === route.dev)
    ?.addresses.find(({ ip }) => isIPv6(ip) === six && cidrContains(route.to, ip))?.ip;
  if (six) return `${to} dev ${route.dev} proto kernel metric 256 pref medium`;
  return source === undefined
    ? `${to} dev ${route.dev} scope link`
    : `${to} dev ${route.dev} proto kernel scope link src ${source}`;
}

/** Who has been asked for by ARP or ND: gateways and what hangs on the host's veths. */
function neighboursOf(
  seat: Seat,
  host: Host,
): readonly { readonly ip: string; readonly dev: string; readonly mac: string }[] {
  const found = new Map<string, { ip: string; dev: string; mac: string }>();
  const node = seat.world;
  for (const { via, dev, hops } of host.routes) {
    for (const next of hops ?? (via === null ? [] : [{ via, dev }])) {
      if (!found.has(next.via))
        found.set(next.via, { ip: next.via, dev: next.dev, mac: macByIP(node, host, next.via) });
    }
  }
  for (const one of host.interfaces) {
    for (const ip of one.neighbours)
      found.set(ip, {
        ip,
        dev: one.master ?? one.name,
        mac: `0a:58:${
          ip.includes(":")
            ? "00:00:00:01"
            : ip
                .split(".")
                .map((p) => hex(Number(p)))
                .join(":")
        }`,
      });
  }
  return [...found.values()];
}

function macByIP(world: Seat["world"], from: Host, ip: string): string {
  const peers = [
    ...from.interfaces.flatMap((one) => (one.peer === null ? [] : [one.peer])),
    ...world.objects.list("Node").map((n) => `node/${n.metadata.name}` as const),
  ];
  for (const id of peers) {
    const host = world.host(id);
    const one = host?.interfaces.find(({ addresses }) => addresses.some((address) => address.ip === ip));
    if (host !== undefined && one !== undefined) return macOf(host, one);
  }
  const n = fnv1a32(ip);
  return `52:54:00:${hex((n >>> 16) & 0xff)}:${hex((n >>> 8) & 0xff)}:${hex(n & 0xff)}`;
}

const isPrefixOf = (word: string, full: string): boolean => word !== "" && full.startsWith(word);
const lines = (rows: readonly string[]): Output => success(rows.map((row) => `${row}\n`).join(""));

export const ip: Tool = (words, seat) => {
  const host = seat.world.host(seat.host);
  if (host === undefined) return failure("Cannot open netlink socket: the machine does not run");
  const flags = words.filter((word) => word.startsWith("-"));
  const family = flags.includes("-6") ? 6 : flags.includes("-4") ? 4 : null;
  const brief = flags.some((f) => f === "-br" || f === "-brief");
  const [what = "", verb = "show", ...rest] = words.filter((word) => !word.startsWith("-"));
  if (what === "") return { stdout: "", stderr: "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n", code: 255 };
  const reads =
    ["show", "list", "ls", "get", "lst"].some((known) => isPrefixOf(verb, known)) ||
    verb === "dev" ||
    host.interfaces.some(({ name }) => name === verb);
  if (!reads) {
    return ["add", "del", "delete", "set", "flush", "replace", "change", "append"].some((known) =>
      isPrefixOf(verb, known),
    )
      ? failure(
          "ip: changing links, addresses and routes is not supported here: the scenario's Lab says how machines are wired",
        )
      : { stdout: "", stderr: `Command "${verb}" is unknown, try "ip ${what} help".\n`, code: 255 };
  }
  const wanted = [verb === "show" || verb === "list" || verb === "ls" ? "" : verb, ...rest].filter(
    (word) => word !== "" && word !== "dev" && word !== "get",
  );
  const shown = host.interfaces
    .map((one, i) => ({ one, index: i + 1 }))
    .filter(({ one }) => wanted.length === 0 || wanted.includes(one.name));
  const missing = (): Output => ({ stdout: "", stderr: `Device "${wanted[0] ?? ""}" does not exist.\n`, code: 1 });
  if (isPrefixOf(what, "address") || what === "addr") {
    if (shown.length === 0) return missing();
    if (brief)
      return lines(
        shown.map(
          ({ one }) =>
            `${shownName(one).padEnd(16)} ${stateOf(one).padEnd(14)} ${one.addresses.map((a) => `${a.ip}/${a.prefix}`).join(" ")} `,
        ),
      );
    return lines(shown.flatMap(({ one, index }) => [...linkLines(host, one, index), ...addressLines(one, family)]));
  }
  if (isPrefixOf(what, "link")) {
    if (shown.length === 0) return missing();
    if (brief)
      return lines(
        shown.map(
          ({ one }) => `${shownName(one).padEnd(16)} ${stateOf(one).padEnd(14)} ${macOf(host, one)} ${flagsOf(one)} `,
        ),
      );
    return lines(shown.flatMap(({ one, index }) => linkLines(host, one, index)));
  }
  if (isPrefixOf(what, "route"))
    return verb === "get" || isPrefixOf(verb, "get") ? routeGet(host, rest[0] ?? "") : lines(routes(host, family ?? 4));
  if (isPrefixOf(what, "neighbour") || what === "neighbor") {
    const all = neighboursOf(seat, host).filter(({ ip: one }) => family === null || (isIPv6(one) ? 6 : 4) === family);
    return lines(all.map(({ ip: one, dev, mac }) => `${one} dev ${dev} lladdr ${mac} REACHABLE`));
  }
  if (isPrefixOf(what, "rule"))
    return lines(["0:\tfrom all lookup local", "32766:\tfrom all lookup main", "32767:\tfrom all lookup default"]);
  return { stdout: "", stderr: `Object "${what}" is unknown, try "ip help".\n`, code: 1 };
};

/** As the kernel lists them: the default route first, then by network. */
function routes(host: Host, family: 4 | 6): readonly string[] {
  const own = host.routes.filter(({ to }) => (to.includes(":") ? 6 : 4) === family);
  const isDefault = ({ to }: Route): boolean => to === "0.0.0.0/0" || to === "::/0";
  const value = ({ to }: Route): bigint => parseIP(to.split("/")[0] ?? "")?.value ?? 0n;
  const order = (a: Route, b: Route): number => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0);
  return [...own.filter(isDefault), ...own.filter((route) => !isDefault(route)).toSorted(order)].map((route) =>
    routeLine(host, route),
  );
}

function routeGet(host: Host, target: string): Output {
  if (parseIP(target) === null) {
    return { stdout: "", stderr: `Error: any valid prefix is expected rather than "${target}".\n`, code: 1 };
  }
  const found = lookupRoute(host, target);
  switch (found.kind) {
    case "local":
      return lines([`local ${target} dev lo src ${found.source} uid 0 `, "    cache <local> "]);
    case "unicast":
      return lines([
        `${target}${found.via === null ? "" : ` via ${found.via}`} dev ${found.dev}${found.source === null ? "" : ` src ${found.source}`} uid 0 `,
        "    cache ",
      ]);
    case "blackhole":
      return { stdout: "", stderr: "RTNETLINK answers: Invalid argument\n", code: 2 };
    case "none":
      return { stdout: "", stderr: "RTNETLINK answers: Network is unreachable\n", code: 2 };
  }
}

export const bridge: Tool = (words, seat) => {
  const host = seat.world.host(seat.host);
  const [what = "", ...rest] = words.filter((word) => !word.startsWith("-"));
  if (what === "fdb") return failure("bridge: only link is supported here");
  if (!isPrefixOf(what, "link"))
    return { stdout: "", stderr: "Usage: bridge [ OPTIONS ] OBJECT { COMMAND | help }\n", code: 255 };
  const detailed = words.some((word) => word === "-d" || word === "-details");
  const wanted = rest.filter((word) => word !== "show" && word !== "dev");
  const rows = (host?.interfaces ?? []).flatMap((one, i) => {
    if (one.master === null || (wanted.length > 0 && !wanted.includes(one.name))) return [];
    const line = `${i + 1}: ${one.name}@if2: ${flagsOf(one)} mtu ${mtuOf(one)} master ${one.master} state forwarding priority 32 cost 2 `;
    return detailed
      ? [
          line,
          `    hairpin ${one.hairpin ? "on" : "off"} guard off root_block off fastleave off learning on flood on mcast_flood on `,
        ]
      : [line];
  });
  return lines(rows);
};

export const arp: Tool = (words, seat) => {
  const host = seat.world.host(seat.host);
  const all = host === undefined ? [] : neighboursOf(seat, host).filter(({ ip: one }) => !isIPv6(one));
  if (words.some((word) => word === "-a") || seat.kit.flavor === "busybox") {
    return lines(all.map(({ ip: one, dev, mac }) => `? (${one}) at ${mac} [ether] on ${dev}`));
  }
  return lines([
    "Address                  HWtype  HWaddress           Flags Mask            Iface",
    ...all.map(({ ip: one, dev, mac }) => `${one.padEnd(24)} ether   ${mac}   C                     ${dev}`),
  ]);
};
