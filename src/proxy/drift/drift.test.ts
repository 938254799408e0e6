import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printSave } from "../../kernel/iptables/save.ts";
import type { Drift, DriftRow } from "../../model/trace/drift.ts";
import { readArchive } from "../conformance/archive.ts";
import { type Case, loadCase, readerOf } from "../conformance/case.ts";
import { compileIptables } from "../iptables/compile.ts";
import { CONFIG, endpoint, NODE, reader, service, slice } from "../testing.ts";
import { buildView } from "../view.ts";
import { align } from "./align.ts";
import { driftOf, type DriftInputs } from "./drift.ts";

const FOLDER = fileURLToPath(new URL("../conformance/captures/", import.meta.url));
const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".txt"))
  .map((file) => file.slice(0, -".txt".length));

function caseOf(name: string): Case {
  return loadCase(name, readArchive(readFileSync(`${FOLDER}${name}.txt`, "utf8")));
}

function inputsOf(capture: Case, mode: "iptables" | "nftables"): DriftInputs {
  const last = capture.steps.at(-1);
  if (last === undefined) throw new Error("no step");
  return {
    node: capture.node,
    config: { ...capture.config, mode },
    viewOf: (family) => buildView(readerOf(last), family),
  };
}

function compared(inputs: DriftInputs, text: string): Drift {
  const drift = driftOf(inputs, text);
  if ("message" in drift) throw new Error(drift.message);
  return drift;
}

function refused(inputs: DriftInputs, text: string): string {
  const drift = driftOf(inputs, text);
  return "message" in drift ? drift.message : "";
}

const differing = (drift: Drift): readonly DriftRow[] =>
  drift.rows.filter(({ kind }) => kind !== "same" && kind !== "counters");

describe("dumps of the real tools after the real kube-proxy", () => {
  const dumps = NAMES.flatMap((name) =>
    Object.entries(caseOf(name).files)
      .filter(([file]) => /^(iptables|nftables)6?\.kernel\.txt$/.test(file))
      .map(([file, text]) => [name, file, text] as const),
  );

  it.each(dumps)("%s, %s: no drift", (name, file, text) => {
    const mode = file.startsWith("nft") ? "nftables" : "iptables";
    const drift = compared(inputsOf(caseOf(name), mode), text);
    // The capture was taken before kube-proxy deleted what it had flushed.
    const flushed = differing(drift).filter(({ dump }) => (dump ?? "").endsWith(" { }"));
    expect(flushed).toHaveLength(file === "nftables.kernel.txt" && name === "20-lifecycle-steps" ? 2 : 0);
    for (const { means } of flushed) expect(means).toContain("deletes them a second later");
    expect(differing(drift)).toEqual(flushed);
    expect(drift.foreign).toEqual([]);
    expect(drift.notes).toEqual([]);
    expect(drift.counts.same).toBeGreaterThan(10);
    expect(drift.rows.filter(({ origin }) => origin !== null).length).toBeGreaterThan(5);
  });

  it("the earlier steps of a lifecycle drift from the last one, and say why", () => {
    const capture = caseOf("20-lifecycle-steps");
    const first = capture.files["iptables.step0.txt"] ?? "";
    const drift = compared(inputsOf(capture, "iptables"), first);
    expect(differing(drift).length).toBeGreaterThan(0);
    for (const row of differing(drift)) expect(row.means).not.toBe("");
  });
});

const VIEW = buildView(
  reader(
    [
      service("web", {}),
      service("api", {
        clusterIP: "10.96.0.51",
        type: "NodePort",
        ports: [{ name: "http", protocol: "TCP", port: 81, targetPort: 8080, nodePort: 30081 }],
      }),
    ],
    [
      slice("web", [endpoint("10.244.1.5", "n1"), endpoint("10.244.2.3", "n2"), endpoint("10.244.3.4", "n3")]),
      slice("api", [endpoint("10.244.1.6", "n1"), endpoint("10.244.2.7", "n2")], {
        ports: [{ name: "http", protocol: "TCP", port: 8080 }],
      }),
    ],
  ),
  4,
);
const INPUTS: DriftInputs = { node: NODE, config: CONFIG, viewOf: () => VIEW };
const TEXT = printSave(compileIptables(VIEW, NODE, CONFIG));

/** The same with one text replaced; says the rows that are not the same. */
function changed(from: string | RegExp, to: string): readonly DriftRow[] {
  const text = TEXT.replace(from, to);
  expect(text, `${String(from)} is not in the rules`).not.toBe(TEXT);
  return differing(compared(INPUTS, text));
}

const meanings = (rows: readonly DriftRow[]): readonly string[] => rows.map(({ kind, means }) => `${kind}: ${means}`);

describe("drift", () => {
  it("finds nothing in our own rules, whatever counters, quotes, order of conditions and Services say", () => {
    expect(differing(compared(INPUTS, TEXT))).toEqual([]);
    const counted = TEXT.replace(/^-A KUBE-SERVICES/m, "[7:420] -A KUBE-SERVICES");
    const drift = compared(INPUTS, counted);
    expect(drift.counts).toMatchObject({ counters: 1, differs: 0, dump: 0, expected: 0 });
    expect(drift.rows.find(({ kind }) => kind === "counters")?.counters).toEqual([7, 420]);
    const [first = "", second = ""] = TEXT.match(/^-A KUBE-SERVICES.*KUBE-SVC.*$/gm) ?? [];
    expect(second).not.toBe("");
    expect(changed(`${first}\n${second}`, `${second}\n${first}`)).toEqual([]);
    expect(
      changed(
        /-d 10\.96\.0\.50\/32 -p tcp (-m comment --comment "\S+ cluster IP") -m tcp --dport 80 -j KUBE-SVC/,
        "-p tcp -m tcp --dport 80 $1 -d 10.96.0.50 -j KUBE-SVC",
      ),
    ).toEqual([]);
  });

  it("says of each row what it likely means", () => {
    expect(meanings(changed(/^-A POSTROUTING .*\n/m, ""))).toEqual([
      "expected: Missing: without this jump from POSTROUTING nothing in KUBE-POSTROUTING is ever asked. Somebody flushed or replaced the chain.",
    ]);
    expect(meanings(changed(" --random-fully", ""))).toEqual([
      "differs: --random-fully is missing: the node has an older kernel (before 3.13) or iptables (before 1.6.2).",
    ]);
    expect(meanings(changed("! -s 10.244.0.0/16", "! -s 10.0.0.0/8"))).toEqual([
      "differs: What counts as a local pod differs: ! -s 10.0.0.0/8 in the dump, ! -s 10.244.0.0/16 here (clusterCIDR, detectLocalMode).",
    ]);
    expect(meanings(changed("--set-xmark 0x4000/0x4000", "--set-xmark 0x8000/0x8000"))).toEqual([
      "differs: The masquerade bit differs: 0x8000 in the dump, 0x4000 here (iptables.masqueradeBit).",
    ]);
    expect(meanings(changed("--probability 0.33333333349", "--probability 0.50000000000"))).toEqual([
      "differs: 1/2 in the dump, 1/3 here: the rules count another number of endpoints.",
    ]);
    expect(meanings(changed("--to-destination 10.244.1.5:8080", "--to-destination 10.244.1.5:8081"))).toEqual([
      "differs: It leads to 10.244.1.5:8081 instead of 10.244.1.5:8080.",
    ]);
    expect(meanings(changed(/^(-A PREROUTING.*\n)/m, "$1-A KUBE-MARK-MASQ -j DROP\n"))).toEqual([
      "dump: kube-proxy would not write this rule: it is another version's, or was added by hand.",
    ]);
  });

  it("tells an endpoint that is gone, one that is missing, a Service that is gone and one that is missing", () => {
    const without = (name: string, ip: string | null): string => {
      const services = VIEW.entries.filter(({ port }) => ip !== null || port.serviceName !== name);
      const entries = services.map((entry) => ({ ...entry, endpoints: entry.endpoints.filter((e) => e.ip !== ip) }));
      return printSave(compileIptables({ ...VIEW, entries }, NODE, CONFIG));
    };
    const fewer = (name: string, ip: string | null): DriftInputs => {
      const services = VIEW.entries.filter(({ port }) => ip !== null || port.serviceName !== name);
      const entries = services.map((entry) => ({ ...entry, endpoints: entry.endpoints.filter((e) => e.ip !== ip) }));
      return { ...INPUTS, viewOf: () => ({ ...VIEW, entries }) };
    };
    const stale = compared(fewer("web", "10.244.2.3"), TEXT);
    expect(new Set(meanings(differing(stale).filter(({ kind }) => kind === "dump")))).toEqual(
      new Set([
        "dump: 10.244.2.3:8080 is an endpoint that Service default/web no longer has: kube-proxy has not synced since.",
      ]),
    );
    // The rung and both rules of its chain; and the rung before it draws by 1/3 instead of 1/2.
    expect(stale.counts).toMatchObject({ dump: 3, differs: 1, expected: 0 });
    expect(stale.services).toEqual([{ service: "default/web", object: "Service/default/web", rows: 4 }]);
    const late = compared(INPUTS, without("web", "10.244.2.3"));
    expect(late.counts).toMatchObject({ dump: 0, differs: 1, expected: 3 });
    expect(late.rows.find(({ kind }) => kind === "expected")?.means).toBe(
      "Missing: 10.244.2.3:8080, an endpoint of Service default/web. kube-proxy has not synced since it became ready.",
    );
    const gone = differing(compared(fewer("web", null), TEXT));
    expect(new Set(gone.map(({ means }) => means))).toEqual(
      new Set([
        "The cluster shown has no Service default/web: it was deleted and kube-proxy has not synced since, or its manifest is not loaded here.",
      ]),
    );
    const missing = differing(compared(INPUTS, without("api", null)));
    expect(new Set(missing.map(({ means }) => means))).toEqual(
      new Set([
        "Missing: Service default/api is not in the node's rules. kube-proxy has not synced since it was made.",
      ]),
    );
    expect(missing.every(({ origin }) => origin !== null)).toBe(true);
  });

  it("tells a port whose name is another, and so are all its chains", () => {
    const renamed = VIEW.entries.map((entry) =>
      entry.port.serviceName === "api"
        ? { ...entry, port: { ...entry.port, name: "default/api:web", portName: "web" } }
        : entry,
    );
    const drift = compared({ ...INPUTS, viewOf: () => ({ ...VIEW, entries: renamed }) }, TEXT);
    const row = drift.rows.find(({ kind, chain }) => kind === "dump" && chain.startsWith("KUBE-SVC"));
    expect(row?.means).toBe(
      "Service default/api has no port http here (web): another port name or protocol makes other chain names.",
    );
  });

  it("keeps what is not kube-proxy's apart, and says whose it is and when it is asked", () => {
    const text = TEXT.replace(
      /^(-A PREROUTING.*\n)/m,
      "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n$1-A PREROUTING -i eth9 -j ACCEPT\n",
    )
      .replace(/^\*nat$/m, "*nat\n:DOCKER - [0:0]\n:KUBE-KUBELET-CANARY - [0:0]\n:KUBE-PROXY-CANARY - [0:0]")
      .replace(":FORWARD ACCEPT", ":FORWARD DROP");
    const drift = compared(INPUTS, text);
    expect(differing(drift)).toEqual([]);
    expect(drift.foreign.map(({ owner, text: rule, means }) => `${owner}: ${rule} ${means}`)).toEqual([
      "somebody else: :FORWARD DROP ",
      "Docker: :DOCKER - [0:0] ",
      "the kubelet: :KUBE-KUBELET-CANARY - [0:0] ",
      "Docker: -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER Asked before kube-proxy's rules.",
      "somebody else: -A PREROUTING -i eth9 -j ACCEPT Asked after kube-proxy's rules.",
    ]);
  });

  it("refuses what is no dump, is cut off, of another family or mode, by what it saw", () => {
    expect(refused(INPUTS, "apiVersion: v1\nkind: Service\n")).toBe(
      'This is no dump of a node\'s rules: it begins with "apiVersion: v1". It looks like a manifest: paste it into the editor.',
    );
    expect(refused(INPUTS, " \n")).toContain("There is no rule in the text.");
    expect(refused(INPUTS, "Chain INPUT (policy ACCEPT)\n")).toContain("run iptables-save");
    expect(refused(INPUTS, TEXT.slice(0, TEXT.lastIndexOf("COMMIT")))).toContain("without COMMIT: it was cut off");
    expect(refused(INPUTS, "table ip kube-proxy {\n\tchain a {\n\t}\n")).toContain("a closing brace is missing");
    expect(refused(INPUTS, "table ip kube-proxy {\n\tchain a {\n\t}\n}\n")).toBe("");
    expect(
      refused({ ...INPUTS, config: { ...CONFIG, mode: "nftables" } }, "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"),
    ).toContain("kube-proxy on n1 runs in nftables mode, whose rules nft list table ip kube-proxy shows");
    expect(refused(INPUTS, "*nat\n-A KUBE-SERVICES -d fd00::1/128 -j KUBE-SVC-AAAAAAAAAAAAAAAA\nCOMMIT\n")).toContain(
      "These are IPv6 rules, and n1 has no IPv6 address",
    );
    expect(refused(INPUTS, "x".repeat(20_000_001))).toContain("The text has 20,000,001 characters; up to 20,000,000");
  });

  it("compares rules of another mode than the node's with what kube-proxy would write in that one", () => {
    const drift = compared({ ...INPUTS, config: { ...CONFIG, mode: "nftables" } }, TEXT);
    expect(differing(drift)).toEqual([]);
    expect(drift.findings).toEqual([
      "Written by kube-proxy in iptables mode; on n1 here it runs in nftables mode. Compared with what it would write in iptables mode.",
    ]);
  });

  it("compares only the tables that are there, and says so", () => {
    const drift = compared(INPUTS, TEXT.slice(TEXT.indexOf("*nat")));
    expect(differing(drift)).toEqual([]);
    expect(drift.findings).toEqual(["Table filter is not in the dump, and was not compared."]);
  });

  it("names the line of the paste", () => {
    const lines = TEXT.split("\n");
    const at = lines.findIndex((line) => line.startsWith("-A KUBE-MARK-MASQ"));
    const drift = compared(INPUTS, `# pasted\n${TEXT.replace("0x4000/0x4000\n", "0x8000/0x8000\n")}`);
    expect(drift.rows.find(({ chain }) => chain === "KUBE-MARK-MASQ")?.line).toBe(at + 2);
  });
});

describe("any mutation of our own rules", () => {
  const rules = TEXT.split("\n").flatMap((line, i) => (line.startsWith("-A KUBE-") ? [i] : []));

  it("is found, and nothing else", () => {
    const edit = fc.record({ at: fc.constantFrom(...rules), how: fc.constantFrom("remove", "add", "alter") });
    fc.assert(
      fc.property(fc.uniqueArray(edit, { minLength: 1, maxLength: 6, selector: ({ at }) => at }), (edits) => {
        const lines = TEXT.split("\n");
        const counts = { dump: 0, expected: 0, differs: 0 };
        edits.forEach(({ at, how }, n) => {
          const line = lines[at] ?? "";
          const chain = line.split(" ")[1] ?? "";
          if (how === "remove") lines[at] = "";
          else if (how === "add") lines[at] = `-A ${chain} -s 203.0.113.${n}/32 -j RETURN\n${line}`;
          else lines[at] = line.replace(/^-A \S+/, `$& -i mutant${n}`);
          counts[how === "remove" ? "expected" : how === "add" ? "dump" : "differs"] += 1;
        });
        const drift = compared(INPUTS, lines.join("\n"));
        expect(drift.counts).toMatchObject(counts);
        expect(differing(drift).every(({ means }) => means !== "")).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe("align", () => {
  it("is the longest common subsequence", () => {
    const longest = (a: readonly string[], b: readonly string[]): number => {
      const table: number[][] = [Array.from({ length: b.length + 1 }, () => 0)];
      a.forEach((x, i) => {
        const row = [0];
        b.forEach((y, j) =>
          row.push(x === y ? (table[i]?.[j] ?? 0) + 1 : Math.max(row[j] ?? 0, table[i]?.[j + 1] ?? 0)),
        );
        table.push(row);
      });
      return table[a.length]?.[b.length] ?? 0;
    };
    const list = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        const pairs = align(a, b);
        expect(pairs).toHaveLength(longest(a, b));
        pairs.forEach(([i, j], n) => {
          expect(a[i]).toBe(b[j]);
          const before = pairs[n - 1] ?? [-1, -1];
          expect(i > before[0] && j > before[1]).toBe(true);
        });
      }),
    );
  });

  it("finds one insertion and one removal among 30,000", () => {
    const a = Array.from({ length: 30_000 }, (_, i) => `r${i}`);
    const b = a.toSpliced(20_000, 0, "new").toSpliced(100, 1);
    expect(align(a, b)).toHaveLength(29_999);
  });
});
