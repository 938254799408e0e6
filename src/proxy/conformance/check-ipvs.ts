import { compareStrings } from "../../base/compare.ts";
import { printSave } from "../../kernel/iptables/save.ts";
import { SECOND } from "../../base/time.ts";
import { NO_LOAD, type VirtualServer } from "../../kernel/ipvs/types.ts";
import type { CompiledIpvs } from "../ipvs/compile.ts";
import { syncIpvs, type SyncedServers } from "../ipvs/sync.ts";
import { buildView } from "../view.ts";
import { readerOf, type Case } from "./case.ts";
import { firstDifference } from "./difference.ts";
import { stepIndex } from "./steps.ts";

/** One family of a capture's ipvs.json. */
interface Captured {
  readonly steps: readonly CapturedStep[];
  readonly sysctls: Readonly<Record<string, number>>;
}

interface CapturedStep {
  readonly step: string;
  readonly virtualServers: readonly CapturedServer[];
  readonly ipsets: Readonly<Record<string, { readonly type: string; readonly entries: readonly string[] }>>;
  readonly "kube-ipvs0": readonly string[];
  readonly iptables: string;
}

interface CapturedServer {
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
  readonly scheduler: string;
  readonly flagsRaw: number;
  readonly timeout: number;
  readonly realServers: readonly { readonly address: string; readonly port: number; readonly weight: number }[];
}

/** One line per virtual server and real server: sets of lines are compared, since the real one adds them in the order of a Go map. */
function capturedLines(servers: readonly CapturedServer[]): string {
  const lines = servers.flatMap((server) => {
    const head = `${server.protocol} ${server.address} ${server.port}`;
    return [
      `${head} ${server.scheduler} flags ${server.flagsRaw} timeout ${server.timeout}`,
      ...server.realServers.map((real) => `${head} -> ${real.address} ${real.port} weight ${real.weight}`),
    ];
  });
  return lines.sort(compareStrings).join("\n");
}

function asCaptured(server: VirtualServer): CapturedServer {
  return {
    address: server.ip,
    port: server.port,
    protocol: server.protocol.toUpperCase(),
    scheduler: server.scheduler,
    flagsRaw: server.flags,
    timeout: server.timeout,
    realServers: server.destinations.map(({ ip, port, weight }) => ({ address: ip, port, weight })),
  };
}

function setLines(sets: CapturedStep["ipsets"]): string {
  return Object.entries(sets)
    .flatMap(([name, { type, entries }]) => [`${name} ${type}`, ...entries.map((entry) => `${name} ${entry}`)])
    .sort(compareStrings)
    .join("\n");
}

function ourSets(compiled: CompiledIpvs): CapturedStep["ipsets"] {
  return Object.fromEntries([...(compiled.ruleset.sets ?? [])].map(([name, set]) => [name, set]));
}

function sysctlLines(sysctls: Readonly<Record<string, number>>): string {
  return Object.entries(sysctls)
    .map(([name, value]) => `${name} = ${value}`)
    .sort(compareStrings)
    .join("\n");
}

/** Compares everything that ipvs.json says of a capture in one family with ours, one text per part that differs. */
export function checkIpvs(capture: Case, family: 4 | 6): readonly string[] {
  const text = capture.files["ipvs.json"];
  if (text === undefined) return ["ipvs.json: not in the case"];
  const captured = (JSON.parse(text) as Readonly<Record<string, Captured | undefined>>)[`IPv${family}`];
  if (captured === undefined) return [`ipvs.json: no IPv${family}`];
  const differences: string[] = [];
  const compare = (what: string, wanted: string, got: string): void => {
    const difference = firstDifference(wanted, got);
    if (difference !== null) differences.push(`ipvs.json IPv${family} ${what}: ${difference}`);
  };
  if (captured.steps.length !== capture.steps.length)
    differences.push(`ipvs.json IPv${family}: ${captured.steps.length} steps, the case has ${capture.steps.length}`);
  const synced: SyncedServers[] = [];
  capture.steps.forEach((step, i) => {
    const view = buildView(readerOf(step), family);
    // The captured machine carries no traffic, so nothing has to be drained.
    synced.push(syncIpvs(synced.at(-1) ?? null, view, capture.node, capture.config, i * SECOND, () => NO_LOAD));
  });
  captured.steps.forEach((wanted, i) => {
    const got = synced[stepIndex(capture, wanted.step, i)];
    if (got === undefined) return void differences.push(`ipvs.json: step "${wanted.step}" is not one of the case`);
    const { compiled } = got;
    compare(
      `${wanted.step}, virtual servers`,
      capturedLines(wanted.virtualServers),
      capturedLines(got.servers.map(asCaptured)),
    );
    compare(`${wanted.step}, ip sets`, setLines(wanted.ipsets), setLines(ourSets(compiled)));
    compare(
      `${wanted.step}, kube-ipvs0`,
      [...wanted["kube-ipvs0"]].sort(compareStrings).join("\n"),
      compiled.addresses.join("\n"),
    );
    compare(`${wanted.step}, iptables`, wanted.iptables, printSave(compiled.ruleset, { form: "proxy" }));
  });
  const last = synced.at(-1);
  if (last !== undefined) compare("sysctls", sysctlLines(captured.sysctls), sysctlLines(last.compiled.sysctls));
  return differences;
}
