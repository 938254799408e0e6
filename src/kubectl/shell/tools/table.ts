/** The network tools by name. */
import { dig } from "../dns/dig.ts";
import { getent, host } from "../dns/host.ts";
import { nslookup } from "../dns/nslookup.ts";
import { conntrack } from "../conntrack-list.ts";
import { curl } from "./curl.ts";
import { arp, bridge, ip } from "./ip.ts";
import { nc, ncat, telnet } from "./netcat.ts";
import { ping } from "./ping.ts";
import type { Tool } from "./seat.ts";
import { netstat, ss } from "./sockets.ts";
import { sysctl } from "./sysctl.ts";
import { tcpdump } from "./tcpdump.ts";
import { tracepath, traceroute } from "./traceroute.ts";
import { wget } from "./wget.ts";

export const TOOLS: Readonly<Record<string, Tool>> = {
  curl,
  wget,
  nc,
  netcat: nc,
  ncat,
  telnet,
  ping: ping(null),
  ping4: ping(4),
  ping6: ping(6),
  traceroute,
  traceroute6: (words, seat) => traceroute(["-6", ...words], seat),
  tracepath,
  ss,
  netstat,
  ip,
  bridge,
  arp,
  sysctl,
  tcpdump,
  conntrack,
  dig,
  nslookup,
  host,
  getent,
};

/** Tools that send requests: what a loop or `watch` of them is for. */
export const REQUESTING: ReadonlySet<string> = new Set(
  "curl wget nc netcat ncat telnet ping ping4 ping6 traceroute traceroute6 tracepath dig nslookup host getent".split(
    " ",
  ),
);

/** Tools that ask name servers: the cluster's own is reached from a node, not from outside. */
export const ASKING: ReadonlySet<string> = new Set(["dig", "nslookup", "host", "getent"]);
