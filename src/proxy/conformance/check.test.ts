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

  it("fails a mode that is not there yet, by saying so", () => {
    expect(checkCase(loadCase("x", files), "nftables")[0]).toContain("arrives with a later version");
  });
});

describe("firstDifference", () => {
  it("is null for equal texts and shows where one ends before the other", () => {
    expect(firstDifference("a\n", "a\n")).toBeNull();
    expect(firstDifference("a\nb\n", "a\n")).toBe("line 2\n  wanted: b\n  got:    ");
    expect(firstDifference("a", "a\nb")).toContain("wanted: (end)");
  });
});
