import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readArchive } from "./archive.ts";
import { loadCase, type CaseFiles } from "./case.ts";
import { checkCase } from "./check.ts";
import { firstDifference } from "./difference.ts";

const FOLDER = fileURLToPath(new URL("./captures/", import.meta.url));
const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".txt"))
  .map((file) => file.slice(0, -".txt".length));

function filesOf(name: string): CaseFiles {
  return readArchive(readFileSync(`${FOLDER}${name}.txt`, "utf8"));
}

describe("captures of the real kube-proxy 1.36", () => {
  it("has the cases it should have, whole", () => {
    expect(NAMES).toHaveLength(12);
    for (const name of NAMES) {
      const files = filesOf(name);
      const family = name === "15-ipv6-only" ? "6" : "";
      for (const file of [`iptables${family}.txt`, `iptables${family}.kernel.txt`, `flows.iptables${family}.json`]) {
        expect(files[file]?.length, `${name}: ${file}`).toBeGreaterThan(1000);
      }
    }
  });

  it.each(NAMES)("%s: rules to the byte, every flow", (name) => {
    expect(checkCase(loadCase(name, filesOf(name)), "iptables", { kernel: true })).toEqual([]);
  });

  it("compares what each sync feeds to iptables-restore, and sees a changed line, a missing one and another order", () => {
    const name = "20-lifecycle-steps";
    const files = filesOf(name);
    const restores = NAMES.flatMap((each) => Object.keys(filesOf(each)).filter((file) => file.includes(".restore.")));
    expect(restores).toHaveLength(13);
    const differences = (file: string, change: (text: string) => string): readonly string[] => {
      const before = files[file] ?? "";
      expect(change(before)).not.toBe(before);
      return checkCase(loadCase(name, { ...files, [file]: change(before) }), "iptables");
    };
    const deleted = (text: string): string => text.replace("-X KUBE-EXT-BN66SWAVBOTRN5UH\n", "");
    const swapped = (text: string): string => text.replace(/(-X KUBE-EXT.*\n)(-X KUBE-SEP.*\n)/, "$2$1");
    expect(differences("iptables.restore.step5.txt", deleted).join()).toContain("iptables.restore.step5.txt: line 2");
    expect(differences("iptables.restore.step5.txt", swapped)).toEqual([]);
    const declared = (text: string): string => text.replace(/:KUBE-SEP.*\n/, "");
    expect(differences("iptables.restore.step1.txt", declared).join()).toContain("iptables.restore.step1.txt: line");
  });

  it("compares four cases with connections through a real kernel, and sees when they disagree", () => {
    const withKernel = NAMES.filter((name) => "kernelflows.iptables.json" in filesOf(name));
    expect(withKernel).toHaveLength(4);
    const files = filesOf("05-nodeport-local");
    const kernel = (files["kernelflows.iptables.json"] ?? "").replaceAll(
      '"seenSource":"198.51.100.20"',
      '"seenSource":"10.89.0.11"',
    );
    const [first] = checkCase(loadCase("x", { ...files, "kernelflows.iptables.json": kernel }), "iptables", {
      kernel: true,
    });
    expect(first).toMatch(
      /^kernelflows\.iptables\.json: \d+ flows differ\n.*external client to shop\/here nodePort .*we have .*seeing 198\.51\.100\.20/,
    );
  });
});

const NFTABLES = NAMES.filter((name) => Object.keys(filesOf(name)).some((file) => file.startsWith("nftables")));

describe("captures of the real kube-proxy in nftables mode", () => {
  it("has the cases it should have, whole", () => {
    expect(NFTABLES).toHaveLength(9);
    for (const name of NFTABLES) {
      const files = filesOf(name);
      const family = name === "15-ipv6-only" ? "6" : "";
      for (const file of [`nftables${family}.txt`, `nftables${family}.kernel.txt`, `flows.nftables${family}.json`]) {
        expect(files[file]?.length, `${name}: ${file}`).toBeGreaterThan(1000);
      }
    }
    expect(NFTABLES.filter((name) => "kernelflows.nftables.json" in filesOf(name))).toHaveLength(4);
    expect(
      Object.keys(filesOf("20-lifecycle-steps")).filter((file) => file.startsWith("nftables.tx.step")),
    ).toHaveLength(7);
  });

  it.each(NFTABLES)("%s: tables, transactions and real dumps to the byte, every flow", (name) => {
    expect(checkCase(loadCase(name, filesOf(name)), "nftables", { kernel: true })).toEqual([]);
  });

  /** Differences after one text is replaced in one file of a case. */
  function tampered(name: string, file: string, from: string | RegExp, to: string): readonly string[] {
    const files = filesOf(name);
    const text = files[file] ?? "";
    const changed = text.replace(from, to);
    expect(changed, `${file} has no ${String(from)}`).not.toBe(text);
    return checkCase(loadCase(name, { ...files, [file]: changed }), "nftables", { kernel: true });
  }

  it("sees a changed line in the table, in a transaction, in the settled table and in the dump", () => {
    const steps = "20-lifecycle-steps";
    expect(tampered(steps, "nftables.step2.txt", "mod 1", "mod 2")[0]).toMatch(/^nftables\.step2\.txt: line \d+/);
    expect(tampered(steps, "nftables.tx.step5.txt", "reject-chain", "drop-chain")[0]).toMatch(/^nftables\.tx\.step5/);
    expect(tampered(steps, "nftables.tx.step7.txt", "flush", "delete")[0]).toMatch(/^nftables\.tx\.step7/);
    expect(tampered(steps, "nftables.settled.txt", "udp", "tcp")[0]).toMatch(/^nftables\.settled\.txt/);
    expect(tampered("05-nodeport-local", "nftables.kernel.txt", "tcp . 30501", "tcp . 30599")[0]).toMatch(
      /^nftables\.kernel\.txt: line \d+/,
    );
  });

  it("takes lines of a run of flushes and deletions in any order, and no others", () => {
    const steps = "20-lifecycle-steps";
    const two = /(flush chain \S+ \S+ external-\S+)\n(flush chain \S+ \S+ service-\S+)/;
    expect(tampered(steps, "nftables.tx.step5.txt", two, "$2\n$1")).toEqual([]);
    const adds = /(add element [^\n]*)\n(add element [^\n]*)/;
    expect(tampered(steps, "nftables.tx.step5.txt", adds, "$2\n$1")).toHaveLength(1);
  });

  it("sees a flow, and a connection through the real kernel, that end differently", () => {
    expect(
      tampered("03-no-endpoints-reject", "flows.nftables.json", '"output":"REJECT"', '"output":"DROP"')[0],
    ).toContain("flows.nftables.json: 1 flows differ");
    expect(
      tampered(
        "05-nodeport-local",
        "kernelflows.nftables.json",
        '"seenSource":"10.244.1.250"',
        '"seenSource":"10.89.0.11"',
      )[0],
    ).toMatch(/^kernelflows\.nftables\.json: \d+ flows differ/);
  });

  it("lets a real dump decide the flows too", () => {
    const wrong = tampered("10-session-affinity", "nftables.kernel.txt", "goto external-", "goto service-");
    expect(wrong.some((text) => text.startsWith("nftables.kernel.txt, as flows.nftables.json"))).toBe(true);
  });
});

describe("checkCase", () => {
  const files = filesOf("04-nodeport-cluster");

  it("says which line of which file differs", () => {
    const wrong = { ...files, "iptables.txt": (files["iptables.txt"] ?? "").replace("--dport 30080", "--dport 30081") };
    const [first, ...rest] = checkCase(loadCase("wrong", wrong), "iptables");
    expect(first).toMatch(/^iptables\.txt: line \d+\n {2}wanted: .*--dport 30081 .*\n {2}got: {4}.*--dport 30080 /);
    expect(rest).toEqual([]);
  });

  it("says which flow differs, and how", () => {
    const flows = (files["flows.iptables.json"] ?? "").replace(
      /("name":"external client to shop\/web nodePort".*?)"masq":true/,
      '$1"masq":false',
    );
    const [first] = checkCase(loadCase("wrong", { ...files, "flows.iptables.json": flows }), "iptables");
    expect(first).toMatch(
      /^flows\.iptables\.json: 1 flows differ\n {2}initial, external client to shop\/web nodePort \(.*masqueraded$/,
    );
  });

  it("counts a missing rule file as a difference", () => {
    const { "iptables.txt": _gone, ...rest } = files;
    expect(checkCase(loadCase("missing", rest), "iptables")).toEqual(["iptables.txt: not in the case"]);
  });

  it("fails a mode of which there are no captures, by saying so", () => {
    expect(checkCase(loadCase("x", files), "userspace")).toEqual(["no check for mode userspace"]);
  });
});

describe("firstDifference", () => {
  it("is null for equal texts and shows where one ends before the other", () => {
    expect(firstDifference("a\n", "a\n")).toBeNull();
    expect(firstDifference("a\nb\n", "a\n")).toBe("line 2\n  wanted: b\n  got:    ");
    expect(firstDifference("a", "a\nb")).toContain("wanted: (end)");
  });
});
