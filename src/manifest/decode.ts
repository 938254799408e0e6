/** Documents → objects: kinds looked up, fields decoded strictly, namespaces filled in; every refusal at its place in the text. */
import { isRecord } from "../base/json.ts";
import { decode, type Decoded, type DecodeProblem, refusalText } from "../model/decode.ts";
import { deploysIngressController } from "../model/ingress/controller.ts";
import { kindInfo, type KindInfo, KINDS, NO_CONTROLLER, NO_POOL } from "../model/kinds.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import { convertDocument } from "./convert.ts";
import { MAX_DIAGNOSTICS } from "./limits.ts";
import { locate, locateKey, locateMark, writtenAs } from "./locate.ts";
import { CONFIG_NAMES, documentKey, type Manifest, type ManifestDocument } from "./document.ts";
import { rewriteEdits } from "./rewrite.ts";
import { nearest } from "./suggest.ts";

export interface DecodedManifest {
  /** In the order of the text; not defaulted. Namespaced kinds have a namespace, cluster-scoped ones have none. */
  readonly objects: readonly { readonly object: KubeObject; readonly document: ManifestDocument }[];
  /** Those of the manifest and those of decoding, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** What kubectl says of each refused document: `error: ...` for its own words, the API server's 400 message otherwise. */
  readonly refusals: readonly {
    readonly document: ManifestDocument;
    readonly from: "kubectl" | "server";
    readonly message: string;
  }[];
  /** `Warning: ...` lines of the server, without that word, about removed API versions that were converted. */
  readonly warnings: readonly { readonly document: ManifestDocument; readonly message: string }[];
}

/** Decoding is pure, and parsing gives equal text the same value: so what was decoded once is known. */
const DECODED = new WeakMap<object, Decoded>();

function decodeOnce(value: Readonly<Record<string, unknown>>, info: KindInfo): Decoded {
  let decoded = DECODED.get(value);
  if (decoded === undefined) {
    decoded = decode(value, info);
    DECODED.set(value, decoded);
  }
  return decoded;
}

export function decodeManifest(manifest: Manifest): DecodedManifest {
  const diagnostics: Diagnostic[] = [...manifest.diagnostics];
  const objects: { object: KubeObject; document: ManifestDocument }[] = [];
  const refusals: { document: ManifestDocument; from: "kubectl" | "server"; message: string }[] = [];
  const warnings: { document: ManifestDocument; message: string }[] = [];
  const seen = new Map<ObjectKey, ManifestDocument>();
  for (const document of manifest.documents) {
    if (!document.valid) continue;
    const say = (diagnostic: Pick<Diagnostic, "severity" | "source" | "message" | "range" | "fixes">): void => {
      if (diagnostics.length >= MAX_DIAGNOSTICS) return;
      diagnostics.push({ ...diagnostic, document: document.index, object: documentKey(document) });
    };
    const value = document.value;
    const shape = shapeProblem(document);
    if (shape !== null) {
      say({ severity: "error", source: "decode", message: shape, range: locateMark(document, ""), fixes: [] });
      refusals.push({ document, from: "kubectl", message: shape });
      continue;
    }
    const conversion = convertDocument(document);
    const info = conversion?.info ?? kindInfo(document.apiVersion, document.kind);
    if (info === undefined || !isRecord(value)) {
      const message = noMatches(document);
      const kindKnown = KINDS.some((known) => known.kind === document.kind);
      const path = kindKnown ? "apiVersion" : "kind";
      say({
        severity: "error",
        source: "decode",
        message: `${message}\nensure CRDs are installed first`,
        range: locateMark(document, path),
        fixes: kindFixes(document),
      });
      const name = `resource mapping not found for name: ${JSON.stringify(document.name)} namespace: ${JSON.stringify(document.namespace ?? "")}`;
      refusals.push({ document, from: "kubectl", message: `${name}: ${message}\nensure CRDs are installed first` });
      continue;
    }
    const decoded = decodeOnce(conversion?.value ?? value, info);
    for (const problem of decoded.problems) {
      const last = problem.steps[problem.steps.length - 1];
      const keyRange = problem.problem === "unknown" ? locateKey(document, problem.steps) : null;
      const near = typeof last === "string" && problem.problem === "unknown" ? nearest(last, problem.known) : null;
      say({
        severity: "error",
        source: "decode",
        message: problem.problem === "unknown" ? `strict decoding error: ${problem.message}` : problem.message,
        range: keyRange ?? locateMark(document, problem.steps),
        fixes:
          problem.problem === "type"
            ? typeFixes(document, problem)
            : near === null || keyRange === null
              ? []
              : [{ title: `Change "${last}" to "${near}"`, edits: [{ range: keyRange, text: near }] }],
      });
    }
    if (decoded.object === null) {
      refusals.push({ document, from: "server", message: refusalText(info, decoded.problems) });
      continue;
    }
    const object = placed(decoded.object, info);
    if (conversion !== null) {
      const { warning, today, title, rewrites } = conversion;
      const edits = rewriteEdits(document, rewrites);
      say({
        severity: "warning",
        source: "note",
        message: warning === null ? today : `${warning}\n${today}`,
        range: locateMark(document, conversion.info === null ? "metadata.annotations" : "apiVersion"),
        fixes: edits === null ? [] : [{ title, edits }],
      });
      if (warning !== null) warnings.push({ document, message: warning });
    }
    const without = info.support === "kept" ? "is kept and listed, but has no effect here yet" : info.without;
    if (without !== undefined) {
      say({
        severity: "warning",
        source: "note",
        message: `${info.kind} ${without}.`,
        range: locateMark(document, "kind"),
        fixes: [],
      });
    }
    const key = keyOf(object);
    const twin = object.metadata.name === "" ? undefined : seen.get(key);
    if (twin !== undefined) {
      say({
        severity: "warning",
        source: "note",
        message: `${info.kind} "${object.metadata.name}" stands in the text twice (first in line ${twin.range.startLine}): the later one wins.`,
        range: locateMark(document, "metadata.name"),
        fixes: [],
      });
    }
    seen.set(key, document);
    objects.push({ object, document });
  }
  const served = objects.some(({ object }) => deploysIngressController(object));
  const hasPool = objects.some(({ object }) => object.kind === "IPAddressPool");
  const idle = [...(served ? [` ${NO_CONTROLLER}.`] : []), ...(hasPool ? [` ${NO_POOL}.`] : [])];
  const shown = diagnostics.filter((d) => !idle.some((words) => d.message.endsWith(words)));
  return { objects, diagnostics: shown.sort(byPlace), refusals, warnings };
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.range.startLine - b.range.startLine || a.range.startColumn - b.range.startColumn;
}

/** What kubectl says of a document that is no object at all. */
function shapeProblem(document: ManifestDocument): string | null {
  const value = document.value;
  if (!isRecord(value)) {
    const what = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
    return `couldn't get version/kind; json parse error: json: cannot unmarshal ${what} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
  }
  const missing = (["apiVersion", "kind"] as const)
    .filter((field) => document[field] === "")
    .map((f) => `${f} not set`);
  if (missing.length === 0) return null;
  return `error validating data: ${missing.length === 1 ? missing[0] : `[${missing.join(", ")}]`}`;
}

function noMatches(document: ManifestDocument): string {
  return `no matches for kind ${JSON.stringify(document.kind)} in version ${JSON.stringify(document.apiVersion)}`;
}

/** The right version of a known kind, or the kind that was meant. */
function kindFixes(document: ManifestDocument): Diagnostic["fixes"] {
  const same = KINDS.find((known) => known.kind === document.kind);
  if (same !== undefined) {
    const range = locateMark(document, "apiVersion");
    return [{ title: `Change apiVersion to ${same.apiVersion}`, edits: [{ range, text: same.apiVersion }] }];
  }
  const near = nearest(
    document.kind,
    KINDS.map((known) => known.kind),
  );
  const meant = KINDS.find((known) => known.kind === near);
  if (meant === undefined) return [];
  const edits = [{ range: locateMark(document, "kind"), text: meant.kind }];
  if (meant.apiVersion !== document.apiVersion && kindInfo(document.apiVersion, meant.kind) === undefined) {
    edits.push({ range: locateMark(document, "apiVersion"), text: meant.apiVersion });
  }
  return [{ title: `Change kind to ${meant.kind}`, edits }];
}

/** A number in quotes, or a bare word that YAML takes for something else than text. */
function typeFixes(document: ManifestDocument, problem: DecodeProblem): Diagnostic["fixes"] {
  const range = locate(document, problem.steps);
  const value = problem.steps.reduce<unknown>(
    (at, step) => (isRecord(at) ? at[step] : Array.isArray(at) ? (at as readonly unknown[])[Number(step)] : undefined),
    document.value,
  );
  if (range === null || range.startLine !== range.endLine) return [];
  if (problem.message.endsWith(" of type string") && (typeof value === "number" || typeof value === "boolean")) {
    const text = writtenAs(document, problem.steps) ?? String(value);
    return [{ title: `Put quotes around ${text}`, edits: [{ range, text: JSON.stringify(text) }] }];
  }
  if (/ of type int(32|64)$/.test(problem.message) && typeof value === "string" && /^-?(0|[1-9]\d*)$/.test(value)) {
    return [{ title: `Take the quotes off ${value}`, edits: [{ range, text: value }] }];
  }
  return [];
}

const PLACED = new WeakMap<KubeObject, KubeObject>();

/** Namespace `default` for namespaced kinds that name none, none for the others; names for kinds that need none. */
function placed(object: KubeObject, info: KindInfo): KubeObject {
  const known = PLACED.get(object);
  if (known !== undefined) return known;
  const { namespace, ...rest } = object.metadata;
  const name = rest.name === "" && rest.generateName === undefined ? (CONFIG_NAMES[info.kind] ?? "") : rest.name;
  const given = namespace === undefined || namespace === "" ? "default" : namespace;
  const metadata = { ...rest, name, ...(info.namespaced ? { namespace: given } : {}) };
  const out = { ...object, metadata };
  PLACED.set(object, out);
  return out;
}
