import { describe, expect, it } from "vitest";
import { NO_COUNTERS } from "../counters.ts";
import { iptablesRules } from "./evaluate.ts";
import { listRules } from "./listing.ts";
import { parseSave } from "./parse.ts";
import { printSave } from "./save.ts";
import { hookContext } from "./testing.ts";

/**
 * Dumps as common firewalls leave them: what we do not evaluate is kept to the letter, named, listed, and said where a packet meets it.
 */
interface Dump {
  readonly name: string;
  readonly text: string;
  /** What is said not to be evaluated. */
  readonly unknown: readonly string[];
}

const UFW: Dump = {
  name: "ufw",
  text: `*filter
:INPUT DROP [5:300]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-before-input - [0:0]
:ufw-logging-deny - [0:0]
:ufw-not-local - [0:0]
:ufw-user-input - [0:0]
:ufw-user-limit - [0:0]
:ufw-user-limit-accept - [0:0]
[21:1680] -A INPUT -j ufw-before-input
[4:240] -A INPUT -j ufw-user-input
[16:1344] -A ufw-before-input -i lo -j ACCEPT
[1:96] -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
[0:0] -A ufw-before-input -m conntrack --ctstate INVALID -j DROP
[0:0] -A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
[4:240] -A ufw-before-input -j ufw-not-local
[0:0] -A ufw-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "
[4:240] -A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
[0:0] -A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j ufw-logging-deny
[0:0] -A ufw-not-local -j DROP
[2:120] -A ufw-user-input -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --set --name DEFAULT --mask 255.255.255.255 --rsource
[0:0] -A ufw-user-input -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --update --seconds 30 --hitcount 6 --name DEFAULT --mask 255.255.255.255 --rsource -j ufw-user-limit
[2:120] -A ufw-user-input -p tcp -m multiport --dports 80,443 -j ACCEPT
[0:0] -A ufw-user-limit -m limit --limit 3/min -j LOG --log-prefix "[UFW LIMIT BLOCK] "
[0:0] -A ufw-user-limit -j REJECT --reject-with icmp-port-unreachable
[0:0] -A ufw-user-limit-accept -j ACCEPT
COMMIT
`,
  unknown: [
    "-m icmp --icmp-type 8",
    "-m limit --limit 3/min --limit-burst 10",
    '-j LOG --log-prefix "[UFW BLOCK] "',
    "-m limit --limit 3/min --limit-burst 10",
    "-m recent --update --seconds 30 --hitcount 6 --name DEFAULT --mask 255.255.255.255 --rsource",
    "-m multiport --dports 80,443",
    "-m limit --limit 3/min",
    '-j LOG --log-prefix "[UFW LIMIT BLOCK] "',
  ],
};

const DOCKER: Dump = {
  name: "Docker, with a table of SELinux's",
  text: `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
[0:0] -A FORWARD -j DOCKER-USER
[0:0] -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
[0:0] -A FORWARD -o docker0 -j DOCKER
[0:0] -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
[0:0] -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
[0:0] -A DOCKER-USER -j RETURN
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
[0:0] -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
[0:0] -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
[0:0] -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
[0:0] -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*security
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
[0:0] -A INPUT -p tcp -m tcp --dport 22 -j SECMARK --selctx system_u:object_r:ssh_packet_t:s0
COMMIT
`,
  unknown: ["table security"],
};

const CALICO: Dump = {
  name: "Calico",
  text: `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:cali-FORWARD - [0:0]
:cali-fw-cali1234567890a - [0:0]
[0:0] -A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
[0:0] -A cali-FORWARD -m comment --comment "cali:vjrMJCRpqwy5oRoX" -j MARK --set-xmark 0x0/0xe0000
[0:0] -A cali-FORWARD -m comment --comment "cali:8EIlIHG1lUS90KNr" -m mark --mark 0x0/0x10000 -j cali-fw-cali1234567890a
[0:0] -A cali-FORWARD -m comment --comment "cali:MH9kMp5aNICL-Olv" -m comment --comment "Policy explicitly accepted packet." -m mark --mark 0x10000/0x10000 -j ACCEPT
[0:0] -A cali-fw-cali1234567890a -m comment --comment "cali:abc" -m set --match-set cali40s:0123456789abcdef src -j MARK --set-xmark 0x10000/0x10000
[0:0] -A cali-fw-cali1234567890a -p ipencap -m comment --comment "cali:def" -m comment --comment "Drop IPinIP" -j DROP
[0:0] -A cali-fw-cali1234567890a -m comment --comment "cali:ghi" -m bpf --object-pinned /sys/fs/bpf/x -j DROP
COMMIT
`,
  unknown: ["-m set --match-set cali40s:0123456789abcdef src", "-m bpf --object-pinned /sys/fs/bpf/x"],
};

const CILIUM: Dump = {
  name: "Cilium",
  text: `*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:CILIUM_PRE_mangle - [0:0]
[0:0] -A PREROUTING -m comment --comment "cilium-feeder: CILIUM_PRE_mangle" -j CILIUM_PRE_mangle
[0:0] -A CILIUM_PRE_mangle ! -o lo -m socket --transparent -m mark ! --mark 0xe00/0xf00 -m comment --comment "cilium: any->pod redirect proxied traffic to host proxy" -j MARK --set-xmark 0x200/0xffffffff
[0:0] -A CILIUM_PRE_mangle -p tcp -m mark --mark 0x3920200 -m comment --comment "cilium: TPROXY to host cilium-dns-egress proxy" -j TPROXY --on-port 8339 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff
COMMIT
*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:CILIUM_PRE_raw - [0:0]
[0:0] -A PREROUTING -m comment --comment "cilium-feeder: CILIUM_PRE_raw" -j CILIUM_PRE_raw
[0:0] -A CILIUM_PRE_raw -d 10.0.0.0/24 -m comment --comment "cilium: NOTRACK for pod traffic" -j CT --notrack
COMMIT
`,
  unknown: [
    "-m socket --transparent",
    "-j TPROXY --on-port 8339 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff",
    "-j CT --notrack",
  ],
};

const FIREWALLD: Dump = {
  name: "firewalld with iptables",
  text: `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:INPUT_ZONES - [0:0]
:IN_public - [0:0]
:IN_public_allow - [0:0]
:IN_public_deny - [0:0]
[0:0] -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
[0:0] -A INPUT -j INPUT_ZONES
[0:0] -A INPUT -m conntrack --ctstate INVALID -j DROP
[0:0] -A INPUT -j REJECT --reject-with icmp-host-prohibited
[0:0] -A INPUT_ZONES -i eth0 -g IN_public
[0:0] -A IN_public -j IN_public_deny
[0:0] -A IN_public -j IN_public_allow
[0:0] -A IN_public -p icmp -j ACCEPT
[0:0] -A IN_public_allow -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW,UNTRACKED -j ACCEPT
[0:0] -A IN_public_deny -m time --timestart 22:00:00 --timestop 06:00:00 -j DROP
COMMIT
`,
  unknown: ["-m time --timestart 22:00:00 --timestop 06:00:00"],
};

const DUMPS: readonly Dump[] = [UFW, FIREWALLD, DOCKER, CALICO, CILIUM];

describe("dumps of common firewalls", () => {
  it.each(DUMPS)("$name: comes back to the letter, counters too", ({ text }) => {
    const { ruleset } = parseSave(text);
    expect(printSave(ruleset, { form: "kernel", counters: NO_COUNTERS })).toBe(text);
  });

  it.each(DUMPS)(
    "$name: what is not understood is said, once for each place, and nothing else",
    ({ text, unknown }) => {
      const { notes } = parseSave(text);
      const said = notes.map(({ message }) => message.replace(/^not evaluated: | is not evaluated$/g, ""));
      expect(said).toEqual(unknown);
      // The line that is named is the one where it stands.
      const lines = text.split("\n");
      for (const [i, { line }] of notes.entries())
        expect(lines[line - 1]).toContain((unknown[i] as string).replace("table ", "*"));
    },
  );

  it.each(DUMPS)("$name: every rule of the tables that are evaluated is listed with its whole text", ({ text }) => {
    const { ruleset } = parseSave(text);
    const listed = listRules(ruleset, { offset: 0, limit: 100 }).rows.map((row) => row.text);
    const evaluated = text.replace(/^\*security\n[^*]*/m, "");
    expect(listed).toEqual(evaluated.match(/-A .*$/gm));
  });

  it("says in the walk which condition was not evaluated, and goes on behind a target that was not", () => {
    const rules = iptablesRules(parseSave(UFW.text).ruleset);
    const result = rules.run("filter", hookContext({ hook: "INPUT", packet: { dst: "192.168.56.11", dport: 80 } }));
    expect(result.verdict).toEqual({ kind: "drop" });
    expect(result.steps.filter((step) => step.because.startsWith("not evaluated here")).map((s) => s.because)).toEqual([
      "not evaluated here: -m multiport --dports 80,443",
    ]);
    const cilium = iptablesRules(parseSave(CILIUM.text).ruleset);
    const raw = cilium.run("raw", hookContext({ packet: { dst: "10.0.0.9" } }));
    expect(raw.verdict).toEqual({ kind: "accept" });
    expect(raw.steps.map((step) => [step.matched, step.effect])).toEqual([
      [true, undefined],
      [true, "not evaluated here: -j CT --notrack"],
    ]);
  });
});
