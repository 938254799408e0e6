import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMMAND_NAMES, flagsOf } from "./flags.ts";
import { complete } from "./complete.ts";
import { PROGRAMS } from "./shell/programs.ts";
import { FILTERS } from "./shell/filters.ts";
import { TOOLS } from "./shell/tools/table.ts";
import { deployment, service, terminal, worldOf } from "./testing.ts";

const NOUNS = [
  "svc",
  "pods",
  "deploy/web",
  "web",
  "node",
  "worker-1",
  "all",
  "svc/web",
  "image",
  "status",
  "a=b",
  "a-",
  "x/y/z",
  "",
  "{}",
];

/** Texts that have broken parsers before: halves of quotes, brackets, patterns, numbers beyond all measure, other scripts. */
const NASTY = [
  "'",
  '"',
  "'{.items[*",
  "'{.items[?(@.x==",
  "'{range .items[*]}{.x}'",
  "'{end}'",
  "[",
  "(",
  "*",
  "\\",
  "\\(",
  "{2,1}",
  "-1",
  "0",
  "99999999999999999999",
  "NaN",
  "__proto__",
  "constructor",
  "toString",
  "=",
  ":",
  ",",
  "/",
  "//",
  "%",
  "%zz",
  "s/a",
  "s/(/x/",
  "'{print $}'",
  "<<EOF",
  "<<",
  "2>&1",
  "日本語",
  "🙂",
  "e\u0301",
  "\u0000",
  "\ud800",
  "$(x)",
  "-o=jsonpath={",
  "-o=custom-columns=A:{",
  "--sort-by=[",
  "-l=(",
  "--field-selector==",
  "--raw=/%",
  "--raw=/api/v1/pods?labelSelector=((",
  "-v=9",
  "--tail=x",
  "--since=1y",
  "--replicas=1e9",
  "-p={",
  "--type=json",
  "--grace-period=-5",
  "--dry-run",
];

/** What the tools of the network are given, whole and broken. */
const TARGETS = [
  "http://web/",
  "web:80",
  "10.96.0.1",
  "[::1]:80",
  "http://[",
  "http://a b/",
  "-m",
  "-m1",
  "-zv",
  "-ni",
  "any",
  "-c",
  "1",
  "-t1",
  "-L",
  "-D",
  "-vsSo",
  "-w",
  "%{",
  "--resolve",
  "a:b:c",
  "not",
  "-p",
  "route",
  "get",
  "addr",
  "hosts",
];

const word = fc.constantFrom(...NOUNS, ...NASTY, "|", "grep", "-o", "yaml", "--", "&&", ";");

/** Command lines of real words in any order, and plain noise. */
const line = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .constantFrom(...COMMAND_NAMES)
    .chain((command) =>
      fc
        .array(fc.oneof(word, fc.constantFrom(...Object.keys(flagsOf(command) ?? {}), "--")), { maxLength: 7 })
        .map((words) => ["kubectl", command, ...words].join(" ")),
    ),
  fc
    .tuple(
      fc.constantFrom(...Object.keys(PROGRAMS), "ssh worker-1", "timeout 1s", "watch"),
      fc.array(word, { maxLength: 4 }),
    )
    .map(([program, words]) => [program, ...words].join(" ")),
  fc
    .tuple(
      fc.constantFrom("ssh worker-1 ", "kubectl exec deploy/web -- ", "client internet ", "timeout 2 ", ""),
      fc.constantFrom(...Object.keys(TOOLS)),
      fc.array(fc.oneof(fc.constantFrom(...TARGETS), word), { maxLength: 5 }),
    )
    .map(([where, tool, words]) => [where + tool, ...words].join(" ")),
  fc
    .array(
      fc.constantFrom(
        "for i in 1 2",
        "while true",
        "do",
        "done",
        "echo $i",
        "$(echo a)",
        "`b",
        "X=1",
        "$((1))",
        "{1..3}",
        "break",
        "${X:-",
        "| wc",
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join("; ")),
  fc
    .tuple(fc.constantFrom(...Object.keys(FILTERS)), fc.array(word, { maxLength: 4 }))
    .map(([filter, words]) => ["kubectl get svc", [filter, ...words].join(" ")].join(" | ")),
);

describe("any line", () => {
  const world = worldOf(`${service("web")}---\n${deployment("web", 2)}`);
  const { run } = terminal(world, { web: "a: [", a: "\ufeffkind: Service\n\u0000", "x/y/z": "- - -" });

  it("is answered without breaking", () => {
    fc.assert(
      fc.property(line, (text) => {
        const { code, stdout, stderr } = run(text);
        expect(Number.isInteger(code)).toBe(true);
        expect(typeof stdout + typeof stderr).toBe("stringstring");
        expect(complete(world, text).from).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 400 },
    );
  });

  const long = "x".repeat(100_000);
  it.each([
    `kubectl get svc ${long}`,
    `kubectl get svc -l ${long}=${long}`,
    `kubectl get pods -o jsonpath='{${".x".repeat(50_000)}}'`,
    `kubectl get pods -o jsonpath='${"{".repeat(20_000)}'`,
    `kubectl get pods -o jsonpath='{${"[?(@".repeat(10_000)}'`,
    `kubectl get ${"svc,".repeat(5_000)}svc --no-headers | wc -l`,
    `kubectl label svc web a=${long}`,
    `kubectl annotate svc web a=${long}`,
    `kubectl patch svc web -p '${"[".repeat(5_000)}'`,
    `kubectl patch svc web -p '${'{"a":'.repeat(5_000)}'`,
    `kubectl apply -f - <<EOF\n${"a:\n ".repeat(2_000)}\nEOF`,
    `kubectl apply -f - <<EOF\n${"- ".repeat(20_000)}\nEOF`,
    `kubectl apply -f - <<EOF\n${'"'.repeat(5_000)}\nEOF`,
    `echo ${long} | grep x | head -1 | wc -c`,
    `${"kubectl get svc nope; ".repeat(500)}`,
    `${"echo a | ".repeat(2_000)}cat`,
    `${"sudo ".repeat(5_000)}true`,
    `${"timeout 1s ".repeat(5_000)}true`,
    `${"A=b ".repeat(5_000)}true`,
    `kubectl get svc | grep ${"(".repeat(50_000)}`,
    `kubectl get svc | grep -E '${"(a|b)".repeat(20_000)}'`,
    `kubectl get svc | sed 's/${"a*".repeat(20_000)}/x/'`,
    `kubectl ${"-v=6 ".repeat(5_000)}get svc`,
    `kubectl explain ${"svc.".repeat(20_000)}`,
    `kubectl get --raw /${"a/".repeat(40_000)}`,
  ])("that is very long is too: %.40s", (text) => {
    const { code, stdout, stderr } = run(text);
    expect(Number.isInteger(code)).toBe(true);
    expect(stdout.length + stderr.length).toBeLessThan(1_000_000);
  });

  it.each([
    ["kubectl get pods -o jsonpath='{.items[*'", "error: error parsing jsonpath {.items[*, unclosed action\n"],
    ["kubectl get pods -o jsonpath='{.items[*}'", "error: error parsing jsonpath {.items[*}, unterminated array\n"],
    ["kubectl get 'pods", "sh: syntax error: unterminated quoted string\n"],
    ["kubectl get pods | frobnicate -x", "frobnicate: command not found\n"],
    ["kubectl get svc 日本語", 'Error from server (NotFound): services "日本語" not found\n'],
    ["kubectl get svc __proto__", 'Error from server (NotFound): services "__proto__" not found\n'],
    ["kubectl constructor", 'error: unknown command "constructor" for "kubectl"\n'],
  ])("%s ends in an error of kubectl's or sh's", (text, stderr) => {
    expect(run(text)).toMatchObject({ stdout: "", stderr });
  });
});
