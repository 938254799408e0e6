/** What a difference likely means, in one sentence. */
import { joinHostPort } from "../../base/ip.ts";
import type { ObjectKey } from "../../model/meta/types.ts";
import type { ProxyView, ServiceEntry } from "../view.ts";
import type { Compared } from "./compare.ts";
import type { Group, Item } from "./groups.ts";
import { isServiceChain } from "./owners.ts";

/** Everything that names in rules can be looked up in. */
export interface Known {
  /** `shop/web` → the Service and its ports. */
  readonly services: ReadonlyMap<string, { readonly object: ObjectKey; readonly entries: readonly ServiceEntry[] }>;
  /** `10.96.0.50` → `shop/web`. */
  readonly byAddress: ReadonlyMap<string, string>;
  /** Chain → the Service port whose rules it holds, as either side's comments say: `shop/web:http`. */
  readonly portOfChain: ReadonlyMap<string, string>;
  /** Endpoint chain → `10.244.1.5:8080`. */
  readonly endpointOfChain: ReadonlyMap<string, string>;
  /** Services that the dump has at least one rule of. */
  readonly inDump: ReadonlySet<string>;
}

const COMMENT = /--comment "?([^\s"/]+\/[^\s":]+(?::[^\s"]+)?)/;
const NFT_NAME = /[A-Z2-7]{8}-([^/\s"]+)\/([^/\s"]+)\/(?:tcp|udp|sctp)\/([^\s"_}]*)(?:__([^\s"/]+)\/(\d+))?/;
const JUMP = /-[jg] (KUBE-\S+)/;

function portName(namespace: string, service: string, port: string): string {
  return `${namespace}/${service}${port === "" ? "" : `:${port}`}`;
}

/** The Service port that a rule's own words name. */
function portIn(chain: string, text: string): string | null {
  const comment = COMMENT.exec(text)?.[1];
  if (comment !== undefined) return comment;
  const nft = NFT_NAME.exec(text) ?? NFT_NAME.exec(chain);
  return nft === null ? null : portName(nft[1] ?? "", nft[2] ?? "", nft[3] ?? "");
}

const serviceOfPort = (port: string): string => port.split(":")[0] ?? port;

export function lookUp(views: readonly ProxyView[], dump: readonly Group[], expected: readonly Group[]): Known {
  const services = new Map<string, { readonly object: ObjectKey; readonly entries: ServiceEntry[] }>();
  const byAddress = new Map<string, string>();
  for (const entry of views.flatMap((view) => view.entries)) {
    const { namespace, serviceName, service, clusterIP, loadBalancerVIPs, externalIPs } = entry.port;
    const name = `${namespace}/${serviceName}`;
    const known = services.get(name);
    if (known === undefined) services.set(name, { object: service, entries: [entry] });
    else known.entries.push(entry);
    for (const ip of [clusterIP, ...[...loadBalancerVIPs, ...externalIPs].map(({ value }) => value)])
      byAddress.set(ip, name);
  }
  const portOfChain = new Map<string, string>();
  const endpointOfChain = new Map<string, string>();
  for (const { chain, items } of [...expected, ...dump]) {
    for (const { text } of items) {
      const port = portIn(chain, text);
      if (port !== null && isServiceChain(chain)) portOfChain.set(chain, port);
      const target = JUMP.exec(text)?.[1];
      if (port !== null && target !== undefined && isServiceChain(target)) portOfChain.set(target, port);
      const to = /--to-destination (\S+)/.exec(text)?.[1];
      if (to !== undefined && chain.startsWith("KUBE-SEP-")) endpointOfChain.set(chain, to);
    }
  }
  const partial = { services, byAddress, portOfChain, endpointOfChain, inDump: new Set<string>() };
  const inDump = new Set<string>();
  for (const { chain, items } of dump) {
    for (const item of items) {
      const service = portOf(chain, item, partial);
      if (service !== null) inDump.add(serviceOfPort(service));
    }
  }
  return { ...partial, inDump };
}

function portOf(chain: string, item: Item, known: Known): string | null {
  const named = portIn(chain, item.text) ?? known.portOfChain.get(chain);
  if (named !== undefined) return named;
  const target = JUMP.exec(item.text)?.[1];
  const jumped = target === undefined ? undefined : known.portOfChain.get(target);
  if (jumped !== undefined) return jumped;
  for (const address of `${chain} ${item.text}`.matchAll(/\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:]*:[0-9a-f]+/g)) {
    const service = known.byAddress.get(address[0]);
    if (service !== undefined) return service;
  }
  const object = item.origin?.object?.split("/");
  return object?.[0] === "Service" ? `${object[1]}/${object[2]}` : null;
}

/** `shop/web`, or null for rules that stand on every node. */
export function serviceOf({ chain, dump, expected }: Compared, known: Known): string | null {
  const port = (expected && portOf(chain, expected, known)) ?? (dump && portOf(chain, dump, known));
  return port === null ? null : serviceOfPort(port);
}

function endpointOf(chain: string, { text }: Item, known: Known): string | null {
  const chained = known.endpointOfChain.get(chain) ?? known.endpointOfChain.get(JUMP.exec(text)?.[1] ?? "");
  if (chained !== undefined) return chained;
  const real = / -r (\S+) /.exec(text)?.[1];
  if (real !== undefined) return real;
  const nft = NFT_NAME.exec(text) ?? NFT_NAME.exec(chain);
  if (nft?.[4] === undefined) return null;
  const ip = nft[4].split(".").length === 4 ? nft[4] : nft[4].replaceAll(".", ":");
  return joinHostPort(ip, Number(nft[5]));
}

export function meaning(row: Compared, known: Known): string {
  const { dump, expected } = row;
  if (dump !== null && expected !== null) {
    return row.moved ? movedTo(row.chain, dump, expected) : changed(dump.text, expected.text);
  }
  if (dump !== null) return onlyInDump(row.chain, dump, known);
  return expected === null ? "" : onlyExpected(row, expected, known);
}

function movedTo(chain: string, dump: Item, expected: Item): string {
  return `The same rule stands at place ${dump.position} of ${chain} instead of ${expected.position}, and the first that fits decides.`;
}

function onlyInDump(chain: string, item: Item, known: Known): string {
  const port = portOf(chain, item, known);
  if (/KUBE-XLB-/.test(`${chain} ${item.text}`))
    return "KUBE-XLB is what kube-proxy up to 1.23 called KUBE-EXT: an older version wrote these rules.";
  if (item.text.includes("KUBE-MARK-DROP"))
    return "KUBE-MARK-DROP is the kubelet's, and kube-proxy up to 1.25 jumped to it: an older version wrote these rules.";
  if (port === null) return "kube-proxy would not write this rule: it is another version's, or was added by hand.";
  const service = known.services.get(serviceOfPort(port));
  const name = serviceOfPort(port);
  if (/^chain \S+ \{ \}$/.test(item.text))
    return `Emptied: kube-proxy flushes the chains of a Service ${service === undefined ? "that is gone" : "first"} and deletes them a second later.`;
  if (service === undefined) {
    return `The cluster shown has no Service ${name}: it was deleted and kube-proxy has not synced since, or its manifest is not loaded here.`;
  }
  const entries = service.entries.filter((entry) => entry.port.name === port);
  if (entries.length === 0 && port.includes(":")) {
    const names = service.entries.map((entry) => entry.port.name.slice(name.length + 1) || "without a name");
    return `Service ${name} has no port ${port.slice(name.length + 1)} here (${[...new Set(names)].join(", ")}): another port name or protocol makes other chain names.`;
  }
  const endpoint = endpointOf(chain, item, known);
  if (endpoint !== null) {
    const own = (entries.length > 0 ? entries : service.entries).flatMap((entry) => entry.endpoints);
    const there = own.find(({ key }) => key === endpoint);
    if (there === undefined)
      return `${endpoint} is an endpoint that Service ${name} no longer has: kube-proxy has not synced since.`;
    if (!there.ready)
      return `${endpoint} is an endpoint of Service ${name} that is not ready now: kube-proxy has not synced since.`;
  }
  if (/no endpoints/.test(item.text))
    return `Service ${name} has endpoints now, and the node still refuses: kube-proxy has not synced since.`;
  return `Service ${name} asks for no such rule: kube-proxy has not synced since the Service changed, or it was added by hand.`;
}

function onlyExpected({ table, chain }: Compared, item: Item, known: Known): string {
  const port = portOf(chain, item, known);
  const { text } = item;
  if (port !== null) {
    const name = serviceOfPort(port);
    if (!known.inDump.has(name))
      return `Missing: Service ${name} is not in the node's rules. kube-proxy has not synced since it was made.`;
    const endpoint = endpointOf(chain, item, known);
    if (endpoint !== null)
      return `Missing: ${endpoint}, an endpoint of Service ${name}. kube-proxy has not synced since it became ready.`;
    if (/no endpoints/.test(text))
      return `Missing: Service ${name} has no endpoints now, and the node does not refuse yet.`;
    if (/KUBE-MARK-MASQ/.test(text) && / -[si] /.test(text))
      return `Missing: no sender outside the pod network is masqueraded for Service ${name}. kube-proxy was started without a cluster CIDR.`;
    return `Missing, though Service ${name} is in the rules: ${item.origin?.why ?? "the Service has changed since the last sync."}`;
  }
  const jump = JUMP.exec(text)?.[1];
  if (jump !== undefined && (table === "nat" || table === "filter") && !chain.startsWith("KUBE-"))
    return `Missing: without this jump from ${chain} nothing in ${jump} is ever asked. Somebody flushed or replaced the chain.`;
  if (/--ctstate INVALID/.test(text))
    return "Missing: kube-proxy runs with conntrack.tcpBeLiberal, or a version before 1.15 wrote the rules.";
  if (/127\.0\.0\.0\/8/.test(text) && chain === "KUBE-FIREWALL")
    return "Missing: node ports are not served on 127.0.0.0/8 there (iptables.localhostNodePorts), or the kubelet wrote the chain.";
  return `Missing: ${item.origin?.why ?? "kube-proxy would write it."}`;
}

/** Words of either text that the other has not. */
function onlyIn(a: readonly string[], b: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const word of b) left.set(word, (left.get(word) ?? 0) + 1);
  return a.filter((word) => {
    const count = left.get(word) ?? 0;
    if (count > 0) left.set(word, count - 1);
    return count === 0;
  });
}

/** Options with what belongs to them: `-s 10.0.0.0/8`, `--dport 80`. */
function options(text: string): readonly string[] {
  return text.match(/(?:! )?--?[a-z][\w-]*(?: (?:"(?:[^"\\]|\\.)*"|(?!-)[^\s"]+))*|[^\s]+/g) ?? [];
}

function fractionOf(probability: string): string {
  const n = Math.round(1 / Number(probability));
  return Math.abs(1 / n - Number(probability)) < 1e-6 ? `1/${n}` : probability;
}

function changed(dump: string, expected: string): string {
  const [a, b] = [options(dump), options(expected)];
  const [has, wants] = [onlyIn(a, b), onlyIn(b, a)];
  const [is, should] = [has.join(" "), wants.join(" ")];
  const find = (words: readonly string[], of: RegExp): string | null => {
    for (const word of words) {
      const found = of.exec(word);
      if (found !== null) return found[1] ?? found[0];
    }
    return null;
  };
  const pair = (of: RegExp): readonly [string, string] | null => {
    const [x, y] = [find(has, of), find(wants, of)];
    return x === null || y === null || x === y ? null : [x, y];
  };
  if (
    wants.some((word) => /--random-fully|fully-random/.test(word)) &&
    !has.some((word) => /random/.test(word)) &&
    dump.includes("ASQUERADE")
  )
    return "--random-fully is missing: the node has an older kernel (before 3.13) or iptables (before 1.6.2).";
  if (/--random-fully/.test(is))
    return "--random-fully is in the dump only: the node's kernel can do it, and here it was set to be without.";
  const probability = pair(/--probability (\S+)/);
  if (probability !== null)
    return `${fractionOf(probability[0])} in the dump, ${fractionOf(probability[1])} here: the rules count another number of endpoints.`;
  if (/--probability/.test(is) || /--probability/.test(should))
    return `${is === "" ? "No draw" : "A draw"} in the dump, ${should === "" ? "none" : "another"} here: the rules count another number of endpoints.`;
  const mark = pair(/(?:--mark|--set-xmark|mark (?:& |set ).*?)\s*(0x[0-9a-f]+)/);
  if (mark !== null)
    return `The masquerade bit differs: ${mark[0]} in the dump, ${mark[1]} here (iptables.masqueradeBit).`;
  const to = pair(/--to-destination (\S+)/);
  if (to !== null) return `It leads to ${to[0]} instead of ${to[1]}.`;
  if (/numgen random mod/.test(dump) || /numgen random mod/.test(expected)) {
    const of = (text: string): readonly string[] =>
      Array.from(
        text.matchAll(/\d+ : (?:goto \S+__)?([0-9a-f.:]+)(?: \. |\/)(\d+)/g),
        ([, ip, port]) => `${ip ?? ""}:${port ?? ""}`,
      );
    const [is, should] = [of(dump), of(expected)];
    const gone = is.filter((endpoint) => !should.includes(endpoint));
    const come = should.filter((endpoint) => !is.includes(endpoint));
    return [
      `${is.length} endpoint${is.length === 1 ? "" : "s"} in the dump, ${should.length} here:`,
      [
        ...(gone.length === 0 ? [] : [`the cluster no longer has ${gone.join(", ")}`]),
        ...(come.length === 0 ? [] : [`the rules lack ${come.join(", ")}`]),
        "kube-proxy has not synced since",
      ].join("; ") + ".",
    ].join(" ");
  }
  if (
    /KUBE-MARK-MASQ|masquerade|mark set/.test(expected) &&
    (pair(/-[si] (\S+)/) !== null || pair(/saddr (?:!= )?(\S+)/) !== null)
  )
    return `What counts as a local pod differs: ${is} in the dump, ${should} here (clusterCIDR, detectLocalMode).`;
  const port = pair(/--dport (\S+)/);
  if (port !== null) return `Port ${port[0]} in the dump, ${port[1]} here.`;
  const address = pair(/-d (\S+)/);
  if (address !== null) return `Address ${address[0]} in the dump, ${address[1]} here.`;
  const weight = pair(/-w (\d+)/);
  if (weight?.[0] === "0") return "Weight 0 in the dump: kube-proxy is draining this real server.";
  const scheduler = pair(/-s ([a-z]+)/);
  if (scheduler !== null) return `Scheduler ${scheduler[0]} in the dump, ${scheduler[1]} here (ipvs.scheduler).`;
  if (/KUBE-XLB-/.test(is))
    return "KUBE-XLB is what kube-proxy up to 1.23 called KUBE-EXT: an older version wrote the rule.";
  const target = pair(/-[jg] (\S+)/);
  if (target !== null) return `It leads to ${target[0]} instead of ${target[1]}.`;
  if (/^-m comment|^--comment|^comment/.test(is || should) && !/ -[sdpijg] /.test(is))
    return "Only the comment differs.";
  if (is === "") return `The dump lacks ${should}.`;
  return should === "" ? `The dump has ${is} in addition.` : `${is} in the dump, ${should} here.`;
}
