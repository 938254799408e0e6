import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { iptablesRules } from "../../kernel/iptables/evaluate.ts";
import { compileIptables } from "../iptables/compile.ts";
import { compileIpvs, virtualService } from "../ipvs/compile.ts";
import { buildView, type ServicePortView } from "../view.ts";
import { readArchive } from "./archive.ts";
import { loadCase, readerOf, type CaseStep } from "./case.ts";
import type { Flow, FlowStep } from "./flows.ts";
import { walkOnNode, type Ending } from "./kernel-flows.ts";
import { stepIndex } from "./steps.ts";

/**
 * The packet matrices of the captures, run through a node's whole packet path in ipvs mode and in iptables mode, whose endings the
 * real kernel has confirmed. They are to end alike but where the table below says why not.
 */
const FOLDER = fileURLToPath(new URL("./captures/", import.meta.url));
const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".txt") && !file.startsWith("15-"))
  .map((file) => file.slice(0, -".txt".length));

interface Row {
  readonly flow: Flow;
  readonly port: ServicePortView | undefined;
  /** Is the cluster IP dialled, and not an external address or node port? */
  readonly internal: boolean;
  readonly nodeIPs: readonly string[];
  readonly iptables: readonly Ending[];
  readonly ipvs: readonly Ending[];
}

const kinds = (endings: readonly Ending[]): string => [...new Set(endings.map((e) => e.kind))].join();
const keys = (endings: readonly Ending[]): readonly string[] =>
  endings.flatMap((e) => (e.kind === "endpoint" ? [e.endpoint] : []));
const words = (endings: readonly Ending[]): readonly string[] =>
  endings.map((e) => (e.kind === "endpoint" ? `${e.endpoint} as ${e.seenSource}` : e.kind)).toSorted();

/** Where the modes differ, and the source of it. */
const DIFFERENCES: Readonly<Record<string, (row: Row) => boolean>> = {
  /** iptables mode lets it go where the routes lead; KUBE-IPVS-FILTER rejects (kubernetes issue 72236). */
  "unknown port of a cluster IP": (r) =>
    r.flow.name.includes("unknown port") && kinds(r.iptables) === "nowhere" && kinds(r.ipvs) === "refused",
  /** filter OUTPUT of iptables mode does not ask KUBE-EXTERNAL-SERVICES, so the packet leaves; IPVS has an empty virtual server. */
  "external address without endpoints, from the node": (r) =>
    r.nodeIPs.includes(r.flow.sourceIP) &&
    !r.internal &&
    kinds(r.iptables) === "nowhere" &&
    kinds(r.ipvs) === "refused",
  /** KUBE-PROXY-FIREWALL stands in INPUT before IPVS; iptables mode refuses the missing endpoints first. */
  "source ranges without endpoints": (r) =>
    (r.port?.sourceRanges.length ?? 0) > 0 && kinds(r.iptables) === "refused" && kinds(r.ipvs) === "silent",
  /** Local output never meets KUBE-PROXY-FIREWALL, and KUBE-IPVS-OUT-FILTER asks for the dialled address as the source. */
  "source ranges, from the node by another address": (r) =>
    (r.port?.sourceRanges.length ?? 0) > 0 && r.nodeIPs.includes(r.flow.sourceIP) && kinds(r.iptables) === "silent",
  /** syncEndpoint: all endpoints when none is local (PR 97081), nothing is dropped, and the source is kept. */
  "policy Local, none local": (r) =>
    r.port?.externalPolicyLocal === true &&
    !r.internal &&
    kinds(r.iptables) === "silent" &&
    r.ipvs.every((e) => e.kind === "endpoint" && e.seenSource === r.flow.sourceIP),
  /** One virtual server for everybody: no short cut to all endpoints for pods and the node. */
  "policy Local, some local, from inside": (r) =>
    r.port?.externalPolicyLocal === true &&
    !r.internal &&
    kinds(r.iptables) === "endpoint" &&
    kinds(r.ipvs) === "endpoint" &&
    keys(r.ipvs).every((key) => keys(r.iptables).includes(key) || keys(r.iptables).length === 1),
};

function portOf(step: CaseStep, flow: Flow): { port: ServicePortView | undefined; internal: boolean } {
  const ports = buildView(readerOf(step), 4).entries.map((entry) => entry.port);
  const at = (p: ServicePortView): boolean => p.protocol === flow.protocol;
  const internal = ports.find((p) => at(p) && p.clusterIP === flow.destIP && p.port === flow.destPort);
  const port =
    internal ??
    ports.find(
      (p) =>
        at(p) &&
        ((p.port === flow.destPort &&
          [...p.externalIPs, ...p.loadBalancerVIPs].some(({ value }) => value === flow.destIP)) ||
          p.nodePort === flow.destPort),
    );
  return { port, internal: internal !== undefined };
}

function rowsOf(name: string): readonly Row[] {
  const capture = loadCase(name, readArchive(readFileSync(`${FOLDER}${name}.txt`, "utf8")));
  const steps = JSON.parse(capture.files["flows.iptables.json"] ?? "[]") as readonly FlowStep[];
  return steps.flatMap(({ step: stepName, flows }, i) => {
    const step = capture.steps[stepIndex(capture, stepName, i)] as CaseStep;
    const view = buildView(readerOf(step), 4);
    const ipvs = compileIpvs(view, capture.node, capture.config);
    const rules = {
      iptables: iptablesRules(compileIptables(view, capture.node, capture.config)),
      ipvs: iptablesRules(ipvs.ruleset, virtualService(ipvs)),
    };
    const ends = (mode: keyof typeof rules, flow: Flow): readonly Ending[] =>
      walkOnNode(capture, step, rules[mode], { ...flow, kernel: {} });
    // Node ports on 127.0.0.1 are for iptables mode alone; a capture's SCTP packets do not open an association.
    return flows
      .filter((flow) => !`${flow.sourceIP} ${flow.destIP}`.includes("127.") && flow.protocol !== "sctp")
      .map((flow) => ({
        flow,
        ...portOf(step, flow),
        nodeIPs: capture.node.ips,
        iptables: ends("iptables", flow),
        ipvs: ends("ipvs", flow),
      }));
  });
}

describe("flows in ipvs mode", () => {
  const rows = NAMES.flatMap(rowsOf);
  const differing = rows.filter((r) => words(r.iptables).join() !== words(r.ipvs).join());

  it("are as many as there should be", () => {
    expect(rows.length).toBeGreaterThan(500);
    expect(differing.length).toBeLessThan(rows.length / 5);
  });

  it("end as in iptables mode, with the same source, but where there is a reason", () => {
    const unexplained = differing.filter((r) => !Object.values(DIFFERENCES).some((reason) => reason(r)));
    expect(
      unexplained.map((r) => `${r.flow.name}: ${words(r.iptables).join(", ")} => ${words(r.ipvs).join(", ")}`),
    ).toEqual([]);
  });

  it.each(Object.entries(DIFFERENCES))("differ by: %s", (_name, reason) => {
    expect(differing.some(reason)).toBe(true);
  });
});
