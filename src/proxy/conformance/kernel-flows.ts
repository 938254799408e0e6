import type { Chooser } from "../../base/choose.ts";
import { cidrContains, isIPv6, joinHostPort } from "../../base/ip.ts";
import { EMPTY_HOST } from "../../kernel/conntrack.ts";
import { LOOPBACK, type Host, type Interface, type Route } from "../../kernel/host.ts";
import type { Rules } from "../../kernel/netfilter.ts";
import { receive, send } from "../../kernel/stack.ts";
import type { Outcome } from "../../kernel/visit.ts";
import type { Packet } from "../../model/trace/types.ts";
import { buildView } from "../view.ts";
import { readerOf, type Case, type CaseStep } from "./case.ts";
import { exploreBranches } from "./explore.ts";
import { stepIndex } from "./steps.ts";

/** What real connections through the real kernel did: endpoint or error → how often, and the source the server saw. */
interface KernelFlow {
  readonly name: string;
  readonly sourceIP: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly destIP: string;
  readonly destPort: number;
  readonly kernel: Readonly<Record<string, { readonly count: number; readonly seenSource?: string }>>;
}

interface KernelStep {
  readonly step: string;
  readonly flows: readonly KernelFlow[];
}

/** One way that a flow can end: at an endpoint with the source seen there, or not. */
export type Ending =
  | { readonly kind: "endpoint"; readonly endpoint: string; readonly seenSource: string }
  /** An answer says no. */
  | { readonly kind: "refused" }
  /** Dropped on purpose: nobody answers. */
  | { readonly kind: "silent" }
  /** Sent on to where nobody owns the address: silence, or a router's "unreachable". */
  | { readonly kind: "nowhere" };

/** Walks one flow through the case's node and says all ways in which it can end. */
export type WalkFlow = (capture: Case, step: CaseStep, rules: Rules, flow: KernelFlow) => readonly Ending[];

/**
 * Compares with connections through the real Linux kernel, one text per flow that differs. Linux draws a few times, so it may have
 * met fewer endpoints than there are; each one it met has to be possible, with the source it saw.
 */
export function checkKernelFlows(
  capture: Case,
  file: string,
  rulesAfterStep: readonly Rules[],
  walkFlow: WalkFlow = walkOnNode,
): readonly string[] {
  const text = capture.files[file];
  if (text === undefined) return [];
  const wrong: string[] = [];
  for (const [i, step] of (JSON.parse(text) as readonly KernelStep[]).entries()) {
    const at = stepIndex(capture, step.step, i);
    const rules = rulesAfterStep[at];
    const objects = capture.steps[at];
    if (rules === undefined || objects === undefined) continue;
    for (const flow of step.flows) {
      const endings = walkFlow(capture, objects, rules, flow);
      for (const [result, seen] of Object.entries(flow.kernel)) {
        if (possible(endings, result, seen.seenSource)) continue;
        wrong.push(
          `${step.step}, ${flow.name} (${flow.sourceIP} > ${flow.destIP}:${flow.destPort}/${flow.protocol}): ` +
            `Linux had ${result}${seen.seenSource ? ` seeing ${seen.seenSource}` : ""}, we have ${endings.map(endingWords).join(" or ")}`,
        );
      }
    }
  }
  return wrong;
}

function endingWords(ending: Ending): string {
  return ending.kind === "endpoint" ? `${ending.endpoint} seeing ${ending.seenSource}` : ending.kind;
}

/** Error → the endings that can look so to a client. ICMP errors are rate-limited: a refusal may also end in a timeout. */
const LOOKS_LIKE: Readonly<Record<string, readonly Ending["kind"][]>> = {
  refused: ["refused"],
  EPERM: ["refused"],
  timeout: ["silent", "nowhere", "refused"],
  unreachable: ["nowhere"],
};

function possible(endings: readonly Ending[], result: string, seenSource: string | undefined): boolean {
  const kinds = LOOKS_LIKE[result];
  if (kinds !== undefined) return endings.some((ending) => kinds.includes(ending.kind));
  return endings.some((e) => e.kind === "endpoint" && e.endpoint === result && e.seenSource === seenSource);
}

function isLoopback(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.");
}

const WIRE = "eth0";

function vethOf(ip: string): string {
  return `veth${ip.split(".").at(-1)}`;
}

/**
 * The node of the capture with pods attached without a bridge: a routed veth each, without an address of its own, so that
 * masquerading always takes the node's.
 */
function captureHost(capture: Case, rules: Rules, pods: readonly string[]): Host {
  const veths: Interface[] = pods.map((ip) => ({
    name: vethOf(ip),
    kind: "veth",
    addresses: [],
    master: null,
    hairpin: false,
    peer: null,
    neighbours: [ip],
  }));
  const wire: Interface = {
    name: WIRE,
    kind: "eth",
    addresses: capture.node.ips.filter((ip) => !isIPv6(ip)).map((ip) => ({ ip, prefix: 24 })),
    master: null,
    hairpin: false,
    peer: null,
    neighbours: [],
  };
  const vips = rules.virtual?.addresses.map((ip) => ({ ip, prefix: 32 }));
  const dummy: Interface[] =
    vips === undefined ? [] : [{ ...wire, name: "kube-ipvs0", kind: "dummy", addresses: vips }];
  const routes: Route[] = [
    ...pods.map((ip) => ({ to: `${ip}/32`, via: null, dev: vethOf(ip) })),
    { to: "0.0.0.0/0", via: null, dev: WIRE },
  ];
  return {
    id: `node/${capture.node.name}`,
    interfaces: [LOOPBACK, wire, ...veths, ...dummy],
    routes,
    sysctls: { ipForward: true, bridgeNfCallIptables: true, routeLocalnet: true },
    rules,
    listeners: [],
  };
}

/** The default walk: the flow's packet on the captured node, through the kernel's own packet path. */
export const walkOnNode: WalkFlow = (capture, step, rules, flow) => {
  const endpoints = buildView(readerOf(step), 4).entries.flatMap((entry) => entry.endpoints);
  const isPod = (ip: string): boolean => capture.node.podCIDRs.some((cidr) => cidrContains(cidr, ip));
  const pods = [...new Set([...endpoints.map((ep) => ep.ip), flow.sourceIP])].filter(isPod);
  const host = captureHost(capture, rules, pods);
  const known = new Set(endpoints.map((ep) => ep.key));
  const packet: Packet = {
    src: flow.sourceIP,
    dst: flow.destIP,
    sport: 40_000,
    dport: flow.destPort,
    protocol: flow.protocol,
    mark: 0,
    ttl: 64,
    flags: flow.protocol === "tcp" ? "SYN" : null,
    icmp: null,
    quoted: null,
  };
  const local = isLoopback(packet.src) || capture.node.ips.includes(packet.src);
  const endings = exploreBranches((chooser: Chooser) => {
    const env = { now: 0, chooser, flow: flow.name };
    const { outcome } = local
      ? send(host, EMPTY_HOST, packet, env)
      : receive(
          host,
          EMPTY_HOST,
          { packet, iface: isPod(packet.src) ? vethOf(packet.src) : WIRE, nextHop: packet.dst },
          env,
        );
    return endingOf(outcome, known);
  });
  return [...new Map(endings.map((ending) => [endingWords(ending), ending])).values()];
};

function endingOf(outcome: Outcome, known: ReadonlySet<string>): Ending {
  switch (outcome.kind) {
    case "transmit":
    case "deliver": {
      const endpoint = joinHostPort(outcome.packet.dst, outcome.packet.dport);
      if (known.has(endpoint)) return { kind: "endpoint", endpoint, seenSource: outcome.packet.src };
      // Nothing listens on the bare node: its kernel answers with a reset.
      return outcome.kind === "deliver" ? { kind: "refused" } : { kind: "nowhere" };
    }
    case "answer":
      return { kind: "refused" };
    case "lost":
      return { kind: "silent" };
    case "error":
      return { kind: "nowhere" };
  }
}
