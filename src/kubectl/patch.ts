/** `kubectl patch`. Source: kubectl/pkg/cmd/patch. */
import { parse } from "yaml";
import { deepEqual, isRecord } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseManifest } from "../manifest/manifest.ts";
import { decode, refusalText } from "../model/decode.ts";
import type { KindInfo } from "../model/kinds.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { quote } from "../model/status.ts";
import type { Call } from "./call.ts";
import { fileText } from "./files.ts";
import { failure, type Output } from "./output.ts";
import { jsonMerge, jsonPatch, strategicMerge } from "./patches.ts";
import { select } from "./select.ts";
import { perform, type Planned, update } from "./write.ts";

const TYPES = ["json", "merge", "strategic"];

export function kubectlPatch(call: Call): Output {
  const { flags, words } = call.args;
  const type = flags["--type"] ?? "strategic";
  if (!TYPES.includes(type)) return failure(`error: --type must be one of [json merge strategic], not ${quote(type)}`);
  const given = patchText(call);
  if (!given.ok) return failure(given.error);
  const parsed = parsePatch(given.value);
  if (!parsed.ok) return failure(parsed.error);
  const found = select(call, words, { doing: "patching", typeAlone: false });
  if (!found.ok) return failure(found.error);
  const complaints = [...found.value.errors];
  const planned = found.value.targets.flatMap(({ info, object }): readonly Planned[] => {
    const patched = patchedObject(info, object, type, parsed.value);
    if (!patched.ok) {
      complaints.push(patched.error);
      return [];
    }
    const { object: next, warnings } = patched.value;
    const status = flags["--subresource"] === "status";
    return [
      {
        info,
        write: status ? ({ ...update(next), verb: "updateStatus" } as Planned["write"]) : update(next),
        done: ({ commit }) => (commit === null ? "patched (no change)" : "patched"),
        warnings,
      },
    ];
  });
  return perform(call, planned, complaints);
}

function patchText(call: Call): Result<string, string> {
  const inline = call.args.flags["--patch"];
  const file = call.args.flags["--patch-file"];
  if (inline !== undefined && file !== undefined) return err("error: cannot specify --patch and --patch-file together");
  if (inline !== undefined) return ok(inline);
  if (file === undefined)
    return err("error: must specify --patch or --patch-file containing the contents of the patch");
  const text = fileText(call, file);
  return text === null ? err(`error: unable to read patch file: open ${file}: no such file or directory`) : ok(text);
}

function parsePatch(text: string): Result<unknown, string> {
  const refused = (why: string): Result<unknown, string> =>
    err(`error: unable to parse ${quote(text)}: ${why.replace(/^error converting YAML to JSON: /, "")}`);
  // It bounds how deep a text may nest, which the parser alone does not.
  const problem = parseManifest(text).diagnostics.find(
    ({ source, severity }) => source === "yaml" && severity === "error",
  );
  if (problem !== undefined) return refused(problem.message);
  try {
    return ok(parse(text, { version: "1.1" }) as unknown);
  } catch (error) {
    return refused(error instanceof Error ? (error.message.split("\n")[0] ?? "") : "");
  }
}

/** The object with the patch; unknown fields are dropped with a warning, as the server does for patches. */
function patchedObject(
  info: KindInfo,
  object: KubeObject,
  type: string,
  patch: unknown,
): Result<{ readonly object: KubeObject; readonly warnings: readonly string[] }, string> {
  let value: unknown;
  if (type === "json") {
    if (!Array.isArray(patch)) {
      return err("Error from server (BadRequest): json: cannot unmarshal object into Go value of type jsonpatch.Patch");
    }
    const done = jsonPatch(object, patch as readonly unknown[]);
    if (!done.ok) {
      return err(
        done.error.startsWith("the server")
          ? `The request is invalid: ${done.error}`
          : `Error from server (BadRequest): ${done.error}`,
      );
    }
    value = done.value;
  } else {
    if (!isRecord(patch)) {
      const what = Array.isArray(patch) ? "array" : typeof patch;
      return err(
        `Error from server (BadRequest): json: cannot unmarshal ${what} into Go value of type map[string]interface {}`,
      );
    }
    value = type === "merge" ? jsonMerge(object, patch) : strategicMerge(object, patch);
  }
  const decoded = decode(value, info);
  const unknown = decoded.problems.filter(({ problem }) => problem === "unknown");
  if (unknown.length < decoded.problems.length) {
    return err(`Error from server (BadRequest): ${refusalText(info, decoded.problems)}`);
  }
  const kept =
    unknown.length === 0
      ? decoded.object
      : decode(
          without(
            value,
            unknown.map(({ steps }) => steps),
          ),
          info,
        ).object;
  if (kept === null) return err(`Error from server (BadRequest): ${refusalText(info, decoded.problems)}`);
  // What the patch does not touch stays as it is stored, null members included.
  const next = deepEqual(kept, object) ? object : kept;
  return ok({ object: next, warnings: unknown.map(({ message }) => message) });
}

function without(value: unknown, paths: readonly (readonly (string | number)[])[]): unknown {
  const drop = (here: unknown, [step, ...rest]: readonly (string | number)[]): unknown => {
    if (step === undefined) return here;
    if (Array.isArray(here)) {
      return (here as readonly unknown[]).map((item, i) => (i === step ? drop(item, rest) : item));
    }
    if (!isRecord(here)) return here;
    if (rest.length === 0) return Object.fromEntries(Object.entries(here).filter(([key]) => key !== step));
    return { ...here, [step]: drop(here[step], rest) };
  };
  return paths.reduce(drop, value);
}
