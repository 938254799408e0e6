/** The network tools by name. */
import { curl } from "./curl.ts";
import { getent } from "./getent.ts";
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
  getent,
};

/** Tools that send requests: what a loop or `watch` of them is for. */
export const REQUESTING: ReadonlySet<string> = new Set(
  "curl wget nc netcat ncat telnet ping ping4 ping6 traceroute traceroute6 tracepath dig nslookup host getent".split(
    " ",
  ),
);
