import { describe, expect, it } from "vitest";
import { listNft } from "./listing.ts";
import { rulesetOf } from "./testing.ts";

const RULESET = rulesetOf(`table ip t {
	set blocked {
		type ipv4_addr
		elements = { 10.0.0.1, 10.0.0.2,
			     10.0.0.3 }
	}

	map services {
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = { 10.96.0.50 . tcp . 80 : goto web }
	}

	chain in {
		type filter hook input priority filter; policy accept;
		ip saddr @blocked drop
		accept
	}

	chain pre {
		type nat hook prerouting priority dstnat; policy accept;
		ip daddr . meta l4proto . th dport vmap @services
	}

	chain web {
		dnat to 10.244.1.5:8080
	}
}
`);

const list = (change: Partial<Parameters<typeof listNft>[1]> = {}): ReturnType<typeof listNft> =>
  listNft(RULESET, { offset: 0, limit: 100, ...change });

describe("listNft", () => {
  it("lists elements and rules, each under nat or filter by who gets there", () => {
    expect(list().rows.map((row) => [row.table, row.chain, row.position, row.text])).toEqual([
      ["filter", "@blocked", 1, "10.0.0.1"],
      ["filter", "@blocked", 2, "10.0.0.2"],
      ["filter", "@blocked", 3, "10.0.0.3"],
      ["nat", "@services", 1, "10.96.0.50 . tcp . 80 : goto web"],
      ["filter", "in", 1, "ip saddr @blocked drop"],
      ["filter", "in", 2, "accept"],
      ["nat", "pre", 1, "ip daddr . meta l4proto . th dport vmap @services"],
      ["nat", "web", 1, "dnat to 10.244.1.5:8080"],
    ]);
    expect(list({ table: "nat" }).rows.map((row) => row.chain)).toEqual(["@services", "pre", "web"]);
    expect(list({ table: "raw" })).toEqual({ total: 0, rows: [], focus: null });
  });

  it("cuts the window that is asked for and counts all", () => {
    for (let offset = 0; offset < 9; offset++) {
      for (let limit = 1; limit < 4; limit++) {
        const window = list({ offset, limit });
        expect(window.rows).toEqual(list().rows.slice(offset, offset + limit));
        expect(window.total).toBe(8);
      }
    }
  });

  it("finds text and the place of a row, in the window or not", () => {
    expect(list({ search: "DNAT" }).rows.map((row) => row.chain)).toEqual(["web"]);
    expect(list({ search: "web" }).rows.map((row) => row.chain)).toEqual(["@services", "web"]);
    const target = list().rows[7];
    expect(target?.target).toBe("dnat");
    expect(list({ focus: target?.id ?? "", limit: 1 }).focus).toBe(7);
    expect(list({ focus: target?.id ?? "", search: "web" }).focus).toBe(1);
    expect(list({ focus: target?.id ?? "", table: "filter" }).focus).toBeNull();
    expect(list({ focus: list().rows[3]?.id ?? "" }).focus).toBe(3);
    expect(new Set(list().rows.map((row) => row.id)).size).toBe(8);
  });
});
