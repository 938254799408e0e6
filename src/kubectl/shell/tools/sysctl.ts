/** `sysctl net...`: the kernel switches that decide a packet's way. */
import { SECOND } from "../../../base/time.ts";
import type { Host } from "../../../kernel/host.ts";
import { TIMEOUTS } from "../../../kernel/conntrack.ts";
import { failure, type Output } from "../../output.ts";
import type { Tool } from "./seat.ts";

/** nf_conntrack_max of a small machine, where nothing says otherwise (kube-proxy: 32768 a core, at least 131072). */
const CONNTRACK_MAX = 131_072;

const seconds = (micros: number): string => String(Math.round(micros / SECOND));
const flag = (on: boolean): string => (on ? "1" : "0");

function valuesOf({ id, sysctls, rules }: Host): Readonly<Record<string, string>> {
  const { ipForward, bridgeNfCallIptables, routeLocalnet, rpFilter = 0, conntrackMax = CONNTRACK_MAX } = sysctls;
  const tracked: Readonly<Record<string, string>> =
    rules === null && !id.startsWith("node/")
      ? {}
      : {
          "net.netfilter.nf_conntrack_max": String(conntrackMax),
          "net.netfilter.nf_conntrack_tcp_timeout_close": seconds(TIMEOUTS.CLOSE),
          "net.netfilter.nf_conntrack_tcp_timeout_established": seconds(TIMEOUTS.ESTABLISHED),
          "net.netfilter.nf_conntrack_tcp_timeout_syn_recv": seconds(TIMEOUTS.SYN_RECV),
          "net.netfilter.nf_conntrack_tcp_timeout_syn_sent": seconds(TIMEOUTS.SYN_SENT),
          "net.netfilter.nf_conntrack_tcp_timeout_time_wait": seconds(TIMEOUTS.TIME_WAIT),
          "net.netfilter.nf_conntrack_udp_timeout": seconds(TIMEOUTS.REPLIED),
          "net.netfilter.nf_conntrack_udp_timeout_stream": seconds(TIMEOUTS.ASSURED),
        };
  const bridged: Readonly<Record<string, string>> = id.startsWith("node/")
    ? {
        "net.bridge.bridge-nf-call-ip6tables": flag(bridgeNfCallIptables),
        "net.bridge.bridge-nf-call-iptables": flag(bridgeNfCallIptables),
      }
    : {};
  return {
    ...bridged,
    "net.ipv4.conf.all.forwarding": flag(ipForward),
    "net.ipv4.conf.all.route_localnet": flag(routeLocalnet && id.startsWith("node/")),
    "net.ipv4.conf.all.rp_filter": String(rpFilter),
    "net.ipv4.ip_default_ttl": "64",
    "net.ipv4.ip_forward": flag(ipForward),
    "net.ipv4.ip_local_port_range": "32768\t60999",
    "net.ipv4.ip_unprivileged_port_start": "0",
    "net.ipv4.tcp_syn_retries": "6",
    "net.ipv6.conf.all.forwarding": flag(ipForward),
    ...tracked,
  };
}

export const sysctl: Tool = (words, { world, host: id }) => {
  const host = world.host(id);
  if (host === undefined) return failure("sysctl: the machine does not run");
  const values = valuesOf(host);
  const isBare = words.includes("-n");
  const asked = words.filter((word) => !word.startsWith("-")).map((word) => word.replaceAll("/", "."));
  if (words.includes("-w") || asked.some((word) => word.includes("="))) {
    return failure(
      "sysctl: setting is not supported here: the scenario's Lab and Node annotations say what a machine's switches are",
    );
  }
  const print = (key: string): string => `${isBare ? "" : `${key} = `}${values[key] ?? ""}\n`;
  const all = Object.keys(values).sort();
  if (words.some((word) => /^-(a|A|X|-all)$/.test(word)))
    return { stdout: all.map(print).join(""), stderr: "", code: 0 };
  if (asked.length === 0)
    return {
      stdout: "",
      stderr: "sysctl: no variables specified\nTry `sysctl --help' for more information.\n",
      code: 1,
    };
  const outputs = asked.map((word): Output => {
    const under = all.filter((key) => key === word || key.startsWith(`${word}.`));
    return under.length > 0
      ? { stdout: under.map(print).join(""), stderr: "", code: 0 }
      : {
          stdout: "",
          stderr: `sysctl: cannot stat /proc/sys/${word.replaceAll(".", "/")}: No such file or directory\n`,
          code: 255,
        };
  });
  return {
    stdout: outputs.map((o) => o.stdout).join(""),
    stderr: outputs.map((o) => o.stderr).join(""),
    code: outputs.find((o) => o.code !== 0)?.code ?? 0,
  };
};
