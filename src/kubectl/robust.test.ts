import fc from "fast-check";
import { expect, it } from "vitest";
import { COMMAND_NAMES, flagsOf } from "./flags.ts";
import { complete } from "./complete.ts";
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

/** Command lines of real words in any order, and plain noise. */
const line = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc
    .constantFrom(...COMMAND_NAMES)
    .chain((command) =>
      fc
        .array(
          fc.constantFrom(...NOUNS, ...Object.keys(flagsOf(command) ?? {}), "|", "grep", "-o", "yaml", "--", "-1"),
          { maxLength: 7 },
        )
        .map((words) => ["kubectl", command, ...words].join(" ")),
    ),
);

it("answers any line without breaking", () => {
  const world = worldOf(`${service("web")}---\n${deployment("web", 2)}`);
  const { run } = terminal(world, { web: "a: [" });
  fc.assert(
    fc.property(line, (text) => {
      const { code, stdout, stderr } = run(text);
      expect(Number.isInteger(code)).toBe(true);
      expect(typeof stdout + typeof stderr).toBe("stringstring");
      expect(complete(world, text).from).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 300 },
  );
});
