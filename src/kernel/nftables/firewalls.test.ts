import { describe, expect, it } from "vitest";
import { hookContext } from "../iptables/testing.ts";
import { nftablesRules } from "./evaluate.ts";
import { listNft } from "./listing.ts";
import { parseRuleset } from "./parse.ts";
import { printRuleset } from "./print.ts";

/** As firewalld 1.3 leaves its table, cut short: helpers, flowtables, logs and limits are not evaluated here. */
const FIREWALLD = `table inet firewalld {
	ct helper helper-ftp-tcp {
		type "ftp" protocol tcp
		l3proto inet
	}

	flowtable fast {
		hook ingress priority filter
		devices = { eth0, eth1 }
	}

	set trusted {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.0/8 }
	}

	chain mangle_PREROUTING {
		type filter hook prerouting priority mangle + 10; policy accept;
		jump mangle_PREROUTING_ZONES
	}

	chain mangle_PREROUTING_ZONES {
		iifname "eth0" goto mangle_PRE_public
	}

	chain mangle_PRE_public {
	}

	chain filter_INPUT {
		type filter hook input priority filter + 10; policy accept;
		ct state { established, related } accept
		ct status dnat accept
		iifname "lo" accept
		ct state invalid drop
		jump filter_INPUT_ZONES
		reject with icmpx admin-prohibited
	}

	chain filter_INPUT_ZONES {
		ip saddr @trusted accept
		iifname "eth0" goto filter_IN_public
		goto filter_IN_public
	}

	chain filter_IN_public {
		tcp dport 21 ct helper set "helper-ftp-tcp"
		tcp dport 22 limit rate over 3/minute drop
		tcp dport 22 accept
		meta day "Sunday" drop
		meta l4proto { icmp, ipv6-icmp } accept
		log prefix "filter_IN_public_REJECT: "
	}

	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
		flow add @fast
		ct state { established, related } accept
	}
}
`;

/** What of it is said not to be evaluated, line by line. */
const UNKNOWN = [
  "ct helper helper-ftp-tcp {",
  "flowtable fast {",
  'tcp dport 21 ct helper set "helper-ftp-tcp"',
  "tcp dport 22 limit rate over 3/minute drop",
  'meta day "Sunday" drop',
  "flow add @fast",
];

describe("a ruleset of firewalld's", () => {
  const { ruleset, notes } = parseRuleset(FIREWALLD);

  it("comes back to the letter", () => {
    expect(printRuleset(ruleset, { keepOrder: true })).toBe(FIREWALLD);
  });

  it("says of each thing that is not evaluated where it stands", () => {
    const lines = FIREWALLD.split("\n");
    expect(notes.map(({ line }) => lines[line - 1]?.trim())).toEqual(UNKNOWN);
  });

  it("lists every rule with its whole text", () => {
    const rules = FIREWALLD.split("\n").filter((line) =>
      /^\t\t(?!type |flags|elements|hook|devices|l3proto)/.test(line),
    );
    const rows = listNft(ruleset, { offset: 0, limit: 100 }).rows.filter((row) => !row.chain.startsWith("@"));
    expect(rows.map((row) => row.text).toSorted()).toEqual(rules.map((line) => line.trim()).toSorted());
  });

  it("says in the walk what was not evaluated, and decides by the rest", () => {
    const context = hookContext({ hook: "INPUT", packet: { src: "203.0.113.9", dst: "192.168.56.11", dport: 22 } });
    const result = nftablesRules(ruleset).run("filter", context);
    expect(result.verdict).toEqual({ kind: "accept" });
    expect(result.rule?.text).toBe("tcp dport 22 accept");
    const said = result.steps.filter((step) => step.because.includes("not evaluated"));
    expect(said.map((step) => step.rule.text)).toEqual(["tcp dport 22 limit rate over 3/minute drop"]);
  });
});
