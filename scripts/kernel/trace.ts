/** The kernel's own account of a few packets: every rule that they meet, on every node. */
import { setTimeout as wait } from "node:timers/promises";
import type { Mode } from "./cluster.ts";
import type { Lab } from "./lab.ts";

const TABLE = "kubehop-trace";
const LINES = 60;

const MARKING = `table inet ${TABLE} {
  chain prerouting { type filter hook prerouting priority -350; meta l4proto { tcp, udp } meta nftrace set 1; }
  chain output { type filter hook output priority -350; meta l4proto { tcp, udp } meta nftrace set 1; }
}
`;

/** Runs `traffic` under trace and gives what the kernel said of it, per node. */
export async function traced(lab: Lab, mode: Mode, traffic: () => Promise<unknown>): Promise<string> {
  const tool = mode === "iptables" ? "xtables-monitor --trace" : "nft monitor trace";
  const agents = lab.nodes().map((node) => ({ node, agent: lab.agent(node) }));
  await Promise.all(agents.map(({ agent }) => agent.run(["nft", "-f", "-"], MARKING)));
  const watches = agents.map(({ agent }) => agent.run(["timeout", "5", "sh", "-c", tool]));
  await wait(300);
  await traffic();
  const told = await Promise.all(watches);
  await Promise.all(agents.map(({ agent }) => agent.run(["nft", "delete", "table", "inet", TABLE])));
  return agents
    .map(({ node }, i) => {
      const lines = (told[i]?.output ?? "").split("\n").filter((line) => line.trim() !== "" && !line.includes(TABLE));
      return lines.length === 0
        ? `    ${node}: no packet seen`
        : [`    ${node}:`, ...lines.slice(0, LINES).map((line) => `      ${line}`)].join("\n");
    })
    .join("\n");
}
