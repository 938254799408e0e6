/** `kubectl label` and `kubectl annotate`: one command with two words for things. Source: kubectl/pkg/cmd/label, annotate. */
import { own } from "./own.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { labelKeyProblems, labelValueProblems } from "../model/names.ts";
import { quote } from "../model/status.ts";
import { isOn } from "./args.ts";
import type { Call } from "./call.ts";
import { failure, type Output, success } from "./output.ts";
import { select } from "./select.ts";
import { perform, type Planned, update } from "./write.ts";

interface Wording {
  readonly member: "labels" | "annotations";
  /** "label", "annotation". */
  readonly noun: string;
  readonly done: (change: { readonly added: boolean; readonly removed: boolean }) => string;
}

const LABEL: Wording = {
  member: "labels",
  noun: "label",
  done: ({ added, removed }) => (added ? "labeled" : removed ? "unlabeled" : "not labeled"),
};
const ANNOTATE: Wording = { member: "annotations", noun: "annotation", done: () => "annotated" };

export const kubectlLabel = (call: Call): Output => decorate(call, LABEL);
export const kubectlAnnotate = (call: Call): Output => decorate(call, ANNOTATE);

const isPair = (word: string): boolean => (word.includes("=") && !word.startsWith("=")) || /[^/]-$/.test(word);

function decorate(call: Call, wording: Wording): Output {
  const { words } = call.args;
  const first = words.findIndex((word, i) => (i > 0 || call.args.flags["--filename"] !== undefined) && isPair(word));
  const named = first < 0 ? words : words.slice(0, first);
  const pairs = first < 0 ? [] : words.slice(first);
  const strays = pairs.filter((word) => !isPair(word));
  if (strays.length > 0)
    return failure(`error: all resources must be specified before ${wording.noun} changes: ${strays[0]}`);
  if (pairs.length === 0 && !isOn(call.args, "--list")) {
    return failure(`error: at least one ${wording.noun} update is required`);
  }
  const changes: (readonly [string, string | null])[] = [];
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const key = equals < 0 ? pair.slice(0, -1) : pair.slice(0, equals);
    const value = equals < 0 ? null : pair.slice(equals + 1);
    const problem = labelKeyProblems(key)[0];
    if (problem !== undefined && value !== null) {
      return failure(`error: invalid ${wording.noun} spec: ${pair}: ${problem}`);
    }
    if (wording.member === "labels" && value !== null) {
      const wrong = labelValueProblems(value);
      if (wrong.length > 0) return failure(`error: invalid label value: ${quote(pair)}: ${wrong.join("; ")}`);
    }
    if (changes.some(([other, set]) => other === key && (set === null) !== (value === null))) {
      return failure(
        `error: can not both modify and remove ${wording.noun === "label" ? "a label" : "an annotation"} in the same command`,
      );
    }
    changes.push([key, value]);
  }
  const found = select(call, named, { doing: "reading", typeAlone: false });
  if (!found.ok) return failure(found.error);
  const { targets, errors } = found.value;
  if (isOn(call.args, "--list")) {
    const lines = targets.flatMap(({ object }) =>
      Object.entries(object.metadata[wording.member] ?? {})
        .map(([key, value]) => `${key}=${value}\n`)
        .toSorted((a, b) => (a < b ? -1 : 1)),
    );
    return { ...success(lines.join("")), stderr: errors.map((line) => `${line}\n`).join("") };
  }
  const complaints: string[] = [...errors];
  let notes = "";
  const planned = targets.flatMap(({ info, object }): readonly Planned[] => {
    const now = object.metadata[wording.member] ?? {};
    if (!isOn(call.args, "--overwrite")) {
      const clash = changes.find(
        ([key, value]) => value !== null && own(now, key) !== undefined && own(now, key) !== value,
      );
      if (clash !== undefined) {
        const what =
          wording.member === "labels"
            ? `'${clash[0]}' already has a value (${own(now, clash[0])}), and --overwrite is false`
            : `--overwrite is false but found the following declared annotation(s): '${clash[0]}' already has a value (${own(now, clash[0])})`;
        complaints.push(`error: ${what}`);
        return [];
      }
    }
    for (const [key, value] of changes) {
      if (value === null && own(now, key) === undefined) notes += `${wording.noun} ${quote(key)} not found.\n`;
    }
    const next = changed(now, changes);
    const added = changes.some(([key, value]) => value !== null && own(now, key) !== value);
    const removed = changes.some(([key, value]) => value === null && own(now, key) !== undefined);
    return [{ info, write: update(withMember(object, wording.member, next)), done: wording.done({ added, removed }) }];
  });
  const output = perform(call, planned, complaints);
  return { ...output, stdout: notes + output.stdout };
}

function changed(
  now: Readonly<Record<string, string>>,
  changes: readonly (readonly [string, string | null])[],
): Readonly<Record<string, string>> {
  const out = new Map(Object.entries(now));
  for (const [key, value] of changes) {
    if (value === null) out.delete(key);
    else out.set(key, value);
  }
  return Object.fromEntries(out);
}

function withMember(
  object: KubeObject,
  member: "labels" | "annotations",
  value: Readonly<Record<string, string>>,
): KubeObject {
  const { [member]: _, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, ...(Object.keys(value).length > 0 && { [member]: value }) } };
}
