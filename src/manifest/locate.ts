/** Field paths ↔ places in the text. */
import { type FieldPath, formatPath } from "../model/decode.ts";
import type { TextRange } from "../model/trace/diagnostic.ts";
import type { SourceNode, Span } from "./compose.ts";
import { lineAt, offsetAt, rangeOf } from "./lines.ts";
import type { Manifest, ManifestDocument } from "./document.ts";

/** `spec.ports[0].name` and `metadata.labels[app.kubernetes.io/name]` as steps. */
export function parsePath(path: string): FieldPath {
  const out: (string | number)[] = [];
  for (const match of path.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)) {
    const inside = match[1];
    if (inside === undefined) out.push(match[0]);
    else out.push(/^\d+$/.test(inside) ? Number(inside) : inside.replace(/^"(.*)"$/, "$1"));
  }
  return out;
}

interface Found {
  readonly node: SourceNode;
  /** False when only a parent was found. */
  readonly exact: boolean;
}

function child(node: SourceNode, step: string | number): SourceNode | undefined {
  if (typeof step === "number") return node.items?.[step] ?? node.members?.get(String(step));
  const members = node.members;
  if (members === null) return undefined;
  return (
    members.get(step) ??
    // The API writes spec.LoadBalancerSourceRanges once, and speaks of clusterIPs when clusterIP was written.
    members.get(step.charAt(0).toLowerCase() + step.slice(1)) ??
    (step === "clusterIPs" ? members.get("clusterIP") : undefined)
  );
}

function find(document: ManifestDocument, path: string | FieldPath): Found {
  const steps = typeof path === "string" ? parsePath(path) : path;
  let node = document.source;
  for (let i = 0; i < steps.length;) {
    // Keys with dots, written without brackets: the longest run of steps that is a key wins.
    let next: SourceNode | undefined;
    let taken = 1;
    for (let n = Math.min(8, steps.length - i); n > 1 && next === undefined; n--) {
      const run = steps.slice(i, i + n);
      if (run.every((step) => typeof step === "string")) {
        next = node.members?.get(run.join("."));
        taken = n;
      }
    }
    if (next === undefined) {
      taken = 1;
      next = child(node, steps[i] as string | number);
    }
    if (next === undefined) {
      // clusterIPs[0] of a scalar clusterIP is the scalar itself.
      return { node, exact: i === steps.length - 1 && steps[i] === 0 && node.members === null && node.items === null };
    }
    node = next;
    i += taken;
  }
  return { node, exact: true };
}

const toRange = (document: ManifestDocument, span: Span): TextRange =>
  rangeOf(document.lines, document.base + span.start, document.base + span.end);

/**
 * Where the value at a field path stands; when it is not in the text, its nearest parent that is. The empty path is the whole
 * document. A value that is left empty has the range of its key.
 */
export function locate(document: ManifestDocument, path: string | FieldPath): TextRange | null {
  const { node } = find(document, path);
  return toRange(document, node.start === node.end && node.key !== null ? node.key : node);
}

/** Where the key of a field stands; null when the field is not in the text or is an item of a list. */
export function locateKey(document: ManifestDocument, path: string | FieldPath): TextRange | null {
  const { node, exact } = find(document, path);
  return exact && node.key !== null ? toRange(document, node.key) : null;
}

/** How a number or boolean was written (`yes`, `0755`), or undefined. */
export function writtenAs(document: ManifestDocument, path: string | FieldPath): string | undefined {
  return find(document, path).node.raw;
}

/** Where to mark a problem: a scalar as a whole, else the key, else the first line of what is there. Never more than a line. */
export function locateMark(document: ManifestDocument, path: string | FieldPath): TextRange {
  const { node } = find(document, path);
  const whole = locate(document, path) ?? document.range;
  if (whole.startLine === whole.endLine) return whole;
  if (node.key !== null) return toRange(document, node.key);
  const start = document.base + node.start;
  const next = document.lines[lineAt(document.lines, start) + 1];
  const end = next === undefined ? document.base + node.end : Math.min(document.base + node.end, next - 1);
  return rangeOf(document.lines, start, Math.max(start, end));
}

/** The innermost field at a position: its document and path (as {@link locate} takes it). null outside of all documents. */
export function pathAt(
  manifest: Manifest,
  line: number,
  column: number,
): { readonly document: ManifestDocument; readonly path: string } | null {
  const offset = offsetAt(manifest.lines, manifest.length, line, column);
  const row = Math.max(0, Math.min(manifest.lines.length - 1, line - 1));
  const document = manifest.documents.find((d) => d.range.startLine - 1 <= row && row <= d.range.endLine - 1);
  if (document === undefined) return null;
  const at = offset - document.base;
  const steps: (string | number)[] = [];
  let node = document.source;
  for (;;) {
    const next = within(node, at) ?? onLine(document, node, row);
    if (next !== undefined) steps.push(next.step);
    if (next === undefined || next.last) return { document, path: formatPath(steps) };
    node = next.node;
  }
}

interface Step {
  readonly step: string | number;
  readonly node: SourceNode;
  /** The position is beside this one: nothing inside of it can be meant. */
  readonly last: boolean;
}

function children(node: SourceNode): Iterable<readonly [string | number, SourceNode]> {
  return node.members ?? node.items?.entries() ?? [];
}

const begins = (node: SourceNode): number => node.key?.start ?? node.start;
/** An alias shows its target's members, which stand elsewhere. */
const isInside = (parent: SourceNode, node: SourceNode): boolean =>
  begins(node) >= parent.start && node.end <= parent.end;

function within(parent: SourceNode, at: number): Step | undefined {
  for (const [step, node] of children(parent)) {
    if (isInside(parent, node) && begins(node) <= at && at <= Math.max(node.end, node.key?.end ?? 0))
      return { step, node, last: false };
  }
  return undefined;
}

/** Beside a value, in its indentation or its comment: what begins on the line, else what the line lies in. */
function onLine(document: ManifestDocument, parent: SourceNode, row: number): Step | undefined {
  let around: Step | undefined;
  for (const [step, node] of children(parent)) {
    if (!isInside(parent, node)) continue;
    const first = lineAt(document.lines, document.base + begins(node));
    if (first === row) return { step, node, last: true };
    if (first < row && row <= lineAt(document.lines, document.base + node.end)) around = { step, node, last: false };
  }
  return around;
}
