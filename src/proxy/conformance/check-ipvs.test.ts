import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readArchive } from "./archive.ts";
import { loadCase, type CaseFiles } from "./case.ts";
import { checkIpvs } from "./check-ipvs.ts";

const FOLDER = fileURLToPath(new URL("./captures/", import.meta.url));
const NAMES = readdirSync(`${FOLDER}ipvs`).map((file) => file.slice(0, -".txt".length));

/** The inputs of a capture with its ipvs.json, which is kept beside the others. */
function filesOf(name: string): CaseFiles {
  const inputs = readArchive(readFileSync(`${FOLDER}${name}.txt`, "utf8"));
  return { ...inputs, "ipvs.json": readFileSync(`${FOLDER}ipvs/${name}.txt`, "utf8") };
}

function check(name: string, change: (text: string) => string = (text) => text): readonly string[] {
  const files = filesOf(name);
  const capture = loadCase(name, { ...files, "ipvs.json": change(files["ipvs.json"] ?? "") });
  return capture.families.flatMap((family) => checkIpvs(capture, family));
}

describe("ipvs captures of the real kube-proxy 1.36", () => {
  it("has the cases it should have", () => {
    expect(NAMES).toHaveLength(9);
  });

  it.each(NAMES)("%s: virtual servers, ip sets, kube-ipvs0, rules and sysctls", (name) => {
    expect(check(name)).toEqual([]);
  });

  it.each<[string, RegExp, string]>([
    ["virtual servers", /"weight":1/, '"weight":2'],
    ["virtual servers", /"timeout":10800/, '"timeout":10801'],
    ["virtual servers", /"flagsRaw":1/, '"flagsRaw":0'],
    ["ip sets", /"entries":\["10.96.100.1,tcp:80"/, '"entries":["10.96.100.1,tcp:81"'],
    ["kube-ipvs0", /"kube-ipvs0":\["10.96.100.1"/, '"kube-ipvs0":["10.96.100.9"'],
    ["iptables", /0x00004000/, "0x00008000"],
    ["sysctls", /ip_forward":1/, 'ip_forward":0'],
  ])("sees a difference in %s (%s)", (part, pattern, to) => {
    const found = check("10-session-affinity", (text) => text.replace(pattern, to));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(part);
  });

  it("says so when the capture has no ipvs.json", () => {
    const { "ipvs.json": _gone, ...rest } = filesOf("10-session-affinity");
    expect(checkIpvs(loadCase("missing", rest), 4)).toEqual(["ipvs.json: not in the case"]);
  });
});
