import { describe, expect, it } from "vitest";
import { joined } from "../../mirror/joined.ts";
import type { ComparedMode } from "../../model/trace/comparison.ts";
import type { Backend } from "../../model/trace/types.ts";
import { createWorld } from "../../world/world.ts";
import { rowsOf, type Row } from "./rows.ts";
import { COMPARABLE } from "./state.ts";
import { lookedText, picksText, sharesText, summaryOf, writtenText } from "./words.ts";

const SCENARIO = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: worker-1, containers: [{name: c, image: busybox}]}
---
${[2, 3]
  .map(
    (n) => `apiVersion: v1
kind: Pod
metadata: {name: web-${n}, labels: {app: web}}
spec: {nodeName: worker-${n}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
`,
  )
  .join("")}apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.50, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
`;

const WORLD = createWorld({ seed: 1 });
WORLD.dispatch({ type: "text", text: SCENARIO });
const BACKEND: Backend = { pod: "default/web-2", ip: "10.244.2.2", port: 8080 };

function columns(to: string, backend: Backend | null = BACKEND, from = "pod/default/client"): readonly ComparedMode[] {
  const answer = WORLD.compare({ request: { from, to, protocol: "tcp" }, modes: COMPARABLE, backend });
  if ("message" in answer) throw new Error(answer.message);
  return answer.columns;
}

function rows(to: string, leg: "request" | "reply" = "request"): readonly Row[] {
  return rowsOf(
    columns(to).map(({ walk }) => joined(walk)),
    leg,
  );
}

/** A table as text: title, then per mode what happens, `|` where a walk runs past, nothing where it has ended. */
const drawn = (all: readonly Row[]): readonly (readonly string[])[] =>
  all.map(({ title, cells, past }) => [
    title,
    ...cells.map((cell, i) => cell?.text ?? ((past[i] ?? null) === null ? "" : "|")),
  ]);

describe("walks side by side", () => {
  it("puts equal places into one row, in the order of the way", () => {
    expect(drawn(rows("10.96.0.50:80"))).toEqual([
      ["pod client", ...Array<string>(4).fill("10.244.1.2 → 10.96.0.50:80")],
      [
        "PREROUTING",
        "dst 10.244.2.2:8080",
        "dst 10.244.2.2:8080",
        "in set KUBE-CLUSTER-IP",
        expect.stringMatching(/^REDIRECT 10\.244\.1\.1:\d+$/),
      ],
      ["routing", "via 192.168.56.12", "via 192.168.56.12", "local", "local"],
      ["INPUT", "|", "|", "dst 10.244.2.2:8080", "passes"],
      ["kube-proxy process", "|", "|", "|", "accepts, dials a second time"],
      ["routing again", "|", "|", "via 192.168.56.12", "via 192.168.56.12"],
      ["OUTPUT", "|", "|", "passes", expect.any(String)],
      ["FORWARD", "passes", "passes", "|", "|"],
      ["POSTROUTING", "passes, no SNAT", "passes, no SNAT", "passes, no SNAT", expect.any(String)],
      ["worker-2", ...Array<unknown>(4).fill(expect.any(String))],
      ["pod web-2", "sees 10.244.1.2", "sees 10.244.1.2", "sees 10.244.1.2", "sees 192.168.56.11"],
    ]);
  });

  it("marks the rows that differ, and names the node once", () => {
    const all = rows("10.96.0.50:80");
    expect(all.find((row) => row.differs)?.title).toBe("PREROUTING");
    expect(all[0]?.differs).toBe(false);
    expect(all.filter((row) => row.opens).map((row) => [row.title, row.node])).toEqual([["PREROUTING", "worker-1"]]);
  });

  it("carries the colours of rewrites past places that a walk does not come by", () => {
    const input = rows("10.96.0.50:80").find((row) => row.title === "INPUT");
    expect(input?.past[0]).toEqual({ src: "request", dst: "dnat" });
    expect(input?.cells[2]).toMatchObject({ above: { dst: "request" }, below: { dst: "dnat" }, glyph: "dnat" });
  });

  it("ends a walk where it ends", () => {
    const all = drawn(rows("10.96.0.50:81"));
    const nftables = 1 + COMPARABLE.indexOf("nftables");
    const rejected = all.findIndex((row) => row[nftables] === "REJECT, and says so");
    expect(rejected).toBeGreaterThan(0);
    const after = all.slice(rejected + 1);
    expect(after.length).toBeGreaterThan(0);
    expect(after.every((row) => row[nftables] === "")).toBe(true);
    expect(all.at(-1)?.[1]).toBe("no answer");
  });

  it("lays the way back side by side too", () => {
    const back = drawn(rows("10.96.0.50:80", "reply"));
    expect(back[0]?.[0]).toBe("pod web-2");
    expect(back.find((row) => row[0] === "POSTROUTING")?.[1]).toBe("src 10.96.0.50:80 again");
    expect(back.filter((row) => row.includes("passes the answer on")).map((row) => row[0])).toEqual([
      "kube-proxy process",
    ]);
    expect(back.at(-1)?.slice(1)).toEqual(Array<string>(4).fill("delivered"));
  });
});

describe("a comparison in words", () => {
  const delivered = columns("10.96.0.50:80");
  const [iptables, nftables, ipvs] = delivered;
  if (iptables === undefined || nftables === undefined || ipvs === undefined) throw new Error("columns");

  it("says what is alike and what each looked at", () => {
    expect(summaryOf([iptables, nftables])).toMatch(
      /^Same backend, same source seen\. iptables looked at \d+ rules, nftables at \d+ rules \(\d set or map lookups among them\)\.$/,
    );
    expect(summaryOf(delivered)).toContain(
      "Same backend; the server sees 10.244.1.2 in iptables, nftables, IPVS, 192.168.56.11 in userspace.",
    );
    expect(summaryOf(columns("10.96.0.50:81"))).toMatch(
      /^Timeout in iptables, userspace; refused in nftables, IPVS\. /,
    );
    expect(
      summaryOf(
        columns("10.96.0.50:80", BACKEND).map((one) => ({ ...one, walk: { ...one.walk, outcome: "timeout" } })),
      ),
    ).toMatch(/^Timeout in every mode\. /);
  });

  it("says how each picks, with the exact shares", () => {
    expect(delivered.map(picksText)).toEqual([
      "random, rule by rule: 1/2 each",
      "numgen random mod 2: 1/2 each",
      "rr",
      "round robin, in kube-proxy: 1/2 each",
    ]);
    expect(sharesText(iptables)).toBe("delivered: 2 × 1/2");
    expect(writtenText(nftables)).toMatch(/^\d+ of \d+ rules and elements on worker-1$/);
    expect(lookedText({ rules: 1, matched: 1, lookups: 1, virtual: 1 })).toBe(
      "rule looked at, 1 matched; 1 asks a set or map; and 1 virtual server in IPVS",
    );
  });
});
