/** A text of which the API server refuses some documents: the others make a cluster, as they do when kubectl applies them one by one. */
import { documentKey, findDocument, locate, type Manifest } from "../manifest/manifest.ts";
import type { ManifestDocument } from "../manifest/document.ts";
import { splitKey } from "../model/meta/types.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import type { Finding, RefusedDocument } from "../model/trace/finding.ts";
import { Session } from "./commands.ts";
import { markOf } from "./places.ts";

export interface Partial {
  /** A history of its own with what is left of the text. */
  readonly session: Session;
  readonly refused: readonly RefusedDocument[];
  /** A finding about what is left, with its places in the whole text. */
  restored<T extends Finding>(finding: T): T;
}

/** What is refused when others are left out: an object in a namespace that was refused, and so on. */
const MAX_ROUNDS = 8;

/** The span of a document in the text, of an item of a List with its dash or comma; with broken YAML all that stands between two `---`. */
function spanOf(
  text: string,
  { base, source, valid }: ManifestDocument,
  manifest: Manifest,
): readonly [number, number] {
  if (!valid) {
    const next = manifest.documents.find((other) => other.base > base);
    return [base, next?.base ?? manifest.length];
  }
  const [start, end] = [base + source.start, base + source.end];
  const before = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  if (/^ *- +$/.test(before)) return [start - before.trimStart().length, end];
  const after = /^\s*,/.exec(text.slice(end))?.[0].length ?? 0;
  return [after > 0 ? start : start - (/,\s*$/.exec(text.slice(base, start))?.[0].length ?? 0), end + after];
}

function without(text: string, manifest: Manifest, documents: ReadonlySet<number>): string {
  let out = text;
  for (const document of manifest.documents.toReversed()) {
    if (!documents.has(document.index)) continue;
    const [start, end] = spanOf(out, document, manifest);
    out = out.slice(0, start) + out.slice(end);
  }
  return out;
}

const isError = ({ severity }: Diagnostic): boolean => severity === "error";

/** Null when nothing is left, or what is left is refused as a whole. */
export function partOf({ cluster, commands, report, text: whole }: Session): Partial | null {
  const original = cluster.scenario(whole).manifest;
  const session = new Session(cluster.state.seed);
  for (const { at, command } of commands.filter((one) => one.command.type !== "text")) {
    if (at > session.cluster.now) session.dispatch({ type: "run", micros: at - session.cluster.now });
    session.dispatch(command);
  }
  const said = new Map<number, string[]>();
  // Places in the whole text of the documents that are left.
  let left = original.documents.map(({ index }) => index);
  let text = whole;
  let complaints = report.diagnostics.filter(isError);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { manifest } = cluster.scenario(text);
    const gone = new Set<number>();
    for (const { document, message } of complaints) {
      const index = left[document];
      if (index === undefined) return null;
      gone.add(document);
      said.set(index, [...(said.get(index) ?? []), message]);
    }
    if (gone.size === 0 || gone.size === left.length) return null;
    text = without(text, manifest, gone);
    left = left.filter((_, i) => !gone.has(i));
    if (cluster.scenario(text).manifest.documents.length !== left.length) return null;
    if (session.dispatch({ type: "text", text }).refusal === null) {
      return { session, refused: refusedIn(original, said), restored: restoring(original, left) };
    }
    complaints = session.report.diagnostics.filter(isError);
  }
  return null;
}

function refusedIn(manifest: Manifest, said: ReadonlyMap<number, readonly string[]>): readonly RefusedDocument[] {
  return [...said]
    .sort(([a], [b]) => a - b)
    .map(([index, messages]) => {
      const document = manifest.documents[index];
      return {
        document: index,
        object: document === undefined ? null : documentKey(document),
        messages: [...new Set(messages)],
        range: markOf(manifest, index, "kind"),
      };
    });
}

function restoring(manifest: Manifest, left: readonly number[]): Partial["restored"] {
  const placeOf = (document: number): number => left[document] ?? document - left.length + manifest.documents.length;
  return (finding) => ({
    ...finding,
    evidence: finding.evidence.map((one) => {
      if (one.kind !== "object") return one;
      const document = findDocument(manifest, one.object);
      return { ...one, range: document === undefined ? null : locate(document, one.path) };
    }),
    fix:
      finding.fix === null
        ? null
        : {
            ...finding.fix,
            edits: finding.fix.edits.map((edit) => ({ ...edit, document: placeOf(edit.document) })),
          },
  });
}

/** Does the request dial a Service that was refused? Then what happens without it says nothing. */
export function dialsRefused(to: string, refused: readonly RefusedDocument[]): boolean {
  return refused.some(({ object }) => {
    if (object === null) return false;
    const { kind, namespace, name } = splitKey(object);
    if (kind !== "Service") return false;
    const host = /^(?:https?:\/\/)?([^/:]+)/.exec(to)?.[1] ?? "";
    const [target = ""] = to.split(":");
    const isNamed = ["service", "svc", "lb"].some((word) => target === `${word}/${namespace}/${name}`);
    return isNamed || host === name || host.startsWith(`${name}.`);
  });
}
