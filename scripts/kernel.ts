/**
 * `npm run test:kernel [-- --only TEXT] [--mode iptables|nftables]`: the rules that we emit, loaded with the real `iptables-restore` and `nft` into network
 * namespaces; real connections sent through them and compared with our walks. Needs root on Linux; says why when it cannot run.
 * Prints a line per topology and ends on `N passed, N failed` (flows); exit code 1 when any disagrees.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { type Mode, MODES } from "./kernel/cluster.ts";
import { Namespaces } from "./kernel/namespaces.ts";
import { Stage, type Verdict } from "./kernel/stage.ts";
import { type Topology, TOPOLOGIES } from "./kernel/topologies.ts";

/** Topologies under way at once: most of their time they wait for connections that never answer. */
const AT_ONCE = 4;
const TOOLS = ["ip", "iptables-restore", "ip6tables-restore", "nft", "conntrack", "unshare"];

function has(tool: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(`${folder}/${tool}`));
}

/** Why nothing can be tested here, or null. */
function obstacle(): string | null {
  if (process.platform !== "linux") return `this is ${process.platform}, and the kernel to ask is Linux`;
  if (process.getuid?.() !== 0) return "making network namespaces needs root";
  const missing = TOOLS.filter((tool) => !has(tool));
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  if (spawnSync("unshare", ["--net", "true"]).status !== 0)
    return "the kernel lets nobody make a network namespace here";
  const probe = spawnSync("unshare", [
    "--net",
    "sh",
    "-c",
    "iptables -t nat -L -n && nft list ruleset && ip link add b0 type bridge && test -e /proc/sys/net/bridge",
  ]);
  return probe.status === 0 ? null : `the kernel lacks something: ${probe.stderr.toString().trim() || "br_netfilter"}`;
}

/** What is not sent here, and why. */
function skips(): readonly (readonly [what: string, why: string])[] {
  const skipped: (readonly [string, string])[] = [
    ["ipvs", existsSync("/proc/net/ip_vs") ? "its rules are not loaded yet" : "this kernel has no ip_vs"],
  ];
  if (!has("ping")) skipped.push(["echo requests", "ping is not installed"]);
  return skipped;
}

interface Choice {
  readonly only: string;
  readonly modes: readonly Mode[];
}

function usage(message: string): never {
  process.stderr.write(`${message}\nusage: npm run test:kernel [-- --only TEXT] [--mode ${MODES.join("|")}]\n`);
  process.exit(2);
}

function choose(argv: readonly string[]): Choice {
  let only = "";
  let modes = MODES;
  for (let i = 0; i < argv.length; i += 2) {
    const value = argv[i + 1] ?? usage(`${argv[i] ?? ""} what?`);
    if (argv[i] === "--only") only = value;
    else if (argv[i] === "--mode") modes = [MODES.find((mode) => mode === value) ?? usage(`unknown mode ${value}`)];
    else usage(`unknown option ${argv[i] ?? ""}`);
  }
  return { only, modes };
}

async function runOne(namespaces: Namespaces, topology: Topology, mode: Mode): Promise<readonly Verdict[]> {
  const stage = await Stage.open(namespaces, topology.yaml, mode, topology.twist ?? {});
  try {
    const flows = topology.flows.filter(({ protocol }) => protocol !== "icmp" || has("ping"));
    const verdicts = await Promise.all(flows.map((flow) => stage.compare(flow)));
    for (const play of topology.plays ?? []) verdicts.push(...(await play(stage)));
    const told: Verdict[] = [];
    for (const verdict of verdicts) {
      const account = await verdict.trace?.();
      told.push(account === undefined ? verdict : { ...verdict, complaint: `${verdict.complaint ?? ""}\n${account}` });
    }
    return told;
  } finally {
    await stage.lab.close();
  }
}

async function main(): Promise<void> {
  const { only, modes } = choose(process.argv.slice(2));
  const reason = obstacle();
  if (reason !== null) {
    process.stdout.write(`skipped: ${reason}\n`);
    return;
  }
  const jobs = TOPOLOGIES.filter(({ name }) => name.includes(only)).flatMap((topology) =>
    modes.filter((mode) => topology.modes?.includes(mode) ?? true).map((mode) => ({ topology, mode })),
  );
  const namespaces = new Namespaces();
  await namespaces.prepare();
  let passed = 0;
  let failed = 0;
  let next = 0;
  const started = Date.now();
  const work = async (): Promise<void> => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
      const { topology, mode } = job;
      const verdicts = await runOne(namespaces, topology, mode).catch((error: unknown): readonly Verdict[] => [
        { flow: "the topology itself", complaint: error instanceof Error ? error.message : String(error) },
      ]);
      const agree = verdicts.filter((v) => v.complaint === null).length;
      passed += agree;
      failed += verdicts.length - agree;
      process.stdout.write(`${topology.name} (${mode}): ${verdicts.length} flows, ${agree} agree\n`);
      for (const { flow, complaint } of verdicts)
        if (complaint !== null) process.stdout.write(`  ${flow}: ${complaint.replaceAll("\n", "\n  ")}\n`);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    namespaces.close();
  }
  for (const [what, why] of skips()) process.stdout.write(`${what}: skipped, ${why}\n`);
  process.stdout.write(`${Math.round((Date.now() - started) / 1_000)} s\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();
