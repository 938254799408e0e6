/**
 * A long List item by item: what `kubectl get -o yaml` prints is one document of which an edit changes one item. Only texts of the plain
 * form that kubectl writes are taken apart so; everything else, and everything that is wrong, is left to be read whole.
 */
import { isRecord } from "../base/json.ts";
import { type ComposedDocument, composeChunk, type SourceNode, type Span } from "./compose.ts";

/** Shorter chunks are read in a moment. */
const LONG = 20_000;

type Items = Map<string, ComposedDocument>;

/** Items of the last two texts. */
let last: Items = new Map();
let current: Items = new Map();

/** Begins another text: items of the one before the last are forgotten. What is too short to have any does not count. */
export function turnItems(text: string): void {
  if (text.length < LONG) return;
  last = current;
  current = new Map();
}

function composeItem(text: string): ComposedDocument | null {
  let item = current.get(text) ?? last.get(text);
  if (item === undefined) {
    const [first, ...others] = composeChunk(text);
    if (first === undefined || others.length > 0 || first.problem !== null || first.source.items?.length !== 1)
      return null;
    item = first;
  }
  current.set(text, item);
  return item;
}

/** Half-open offsets of the items, the first of which begins where the head ends and the last of which ends where the tail begins. */
interface Layout {
  readonly starts: readonly number[];
  readonly end: number;
}

/** Where the items of the one block sequence under a top-level `items:` stand; null when the text has another form. */
function layoutOf(text: string): Layout | null {
  // Names for parts of a document, and references to them, reach from item to item.
  if (/[\r\t]|(^|[\s,[{:-])[&*][^\s,\]}]|^%/m.test(text)) return null;
  const heads = [...text.matchAll(/^items: *$/gm)];
  const [head] = heads;
  if (head === undefined || heads.length > 1) return null;
  const starts: number[] = [];
  let indent = -1;
  let at = head.index + head[0].length + 1;
  while (at < text.length) {
    let next = text.indexOf("\n", at);
    next = next < 0 ? text.length : next + 1;
    let first = at;
    while (text[first] === " ") first += 1;
    const sign = text[first];
    if (sign !== "\n" && sign !== undefined) {
      if (sign === "#") return null;
      const column = first - at;
      const isItem = sign === "-" && text[first + 1] === " ";
      if (indent < 0) {
        if (!isItem) return null;
        indent = column;
      }
      if (isItem && column === indent) starts.push(at);
      else if (column <= indent) break;
    }
    at = next;
  }
  return starts.length === 0 ? null : { starts, end: at };
}

/** The same nodes, farther on in the text. */
function moved(node: SourceNode, by: number): SourceNode {
  return {
    ...node,
    start: node.start + by,
    end: node.end + by,
    key: movedSpan(node.key, by),
    members:
      node.members === null ? null : new Map([...node.members].map(([name, member]) => [name, moved(member, by)])),
    items: node.items === null ? null : node.items.map((item) => moved(item, by)),
  };
}

const movedSpan = (span: Span | null, by: number): Span | null =>
  span === null ? null : { start: span.start + by, end: span.end + by };

/** A chunk that is a List, put together from its items; null when it has to be read whole. */
export function composeItems(text: string, least = LONG): ComposedDocument | null {
  if (text.length < least) return null;
  const layout = layoutOf(text);
  const begin = layout?.starts[0];
  if (layout === null || begin === undefined) return null;
  const [frame, ...others] = composeChunk(text.slice(0, begin) + text.slice(layout.end));
  const place = frame?.source.members?.get("items");
  if (frame === undefined || others.length > 0 || frame.problem !== null || place === undefined) return null;
  if (!isRecord(frame.value) || frame.value["items"] !== null || place.start !== place.end) return null;

  const values: unknown[] = [];
  const sources: SourceNode[] = [];
  const span = { start: 0, end: 0 };
  for (const [i, start] of layout.starts.entries()) {
    const item = composeItem(text.slice(start, layout.starts[i + 1] ?? layout.end));
    const [source] = item?.source.items ?? [];
    if (item === null || source === undefined) return null;
    values.push((item.value as readonly unknown[])[0]);
    sources.push(moved(source, start));
    if (i === 0) span.start = item.source.start + start;
    span.end = item.source.end + start;
  }

  const gap = layout.end - begin;
  const members = new Map<string, SourceNode>();
  for (const [name, member] of frame.source.members ?? []) {
    if (name === "items") members.set(name, { ...span, key: member.key, members: null, items: sources });
    else members.set(name, member.start >= begin ? moved(member, gap) : member);
  }
  const { start, end } = frame.source;
  return {
    value: Object.fromEntries(
      Object.entries(frame.value).map(([name, value]) => [name, name === "items" ? values : value]),
    ),
    source: { ...frame.source, members, start, end: end > begin ? end + gap : Math.max(end, span.end) },
    problem: null,
  };
}
