/** A file's objects held against the live ones: where a field that the text writes has another value in the cluster. Pure. */
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Node } from "yaml";
import { objectKey, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";

export interface WrittenObject {
  /** As in a list: `Service shop/web`. */
  readonly title: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  /** Half-open offsets of the document in the file's text. */
  readonly from: number;
  readonly to: number;
  readonly node: Node;
}

/** A field that is not the same in both. */
export interface Difference {
  /** `spec.ports[0].nodePort`. */
  readonly path: string;
  readonly written: string;
  /** Null: the live object has no such field. */
  readonly live: string | null;
  /** Where the written word stands, as offsets in the file's text, and what would take its place; null when it is more than a word. */
  readonly word: { readonly from: number; readonly to: number; readonly text: string } | null;
}

/** The objects of a file, Lists taken apart. Broken documents are left out. */
export function objectsIn(text: string): readonly WrittenObject[] {
  const out: WrittenObject[] = [];
  const add = (node: unknown): void => {
    if (!isMap(node)) return;
    const value = (path: readonly string[]): string => {
      const found: unknown = node.getIn(path);
      return typeof found === "string" || typeof found === "number" ? String(found) : "";
    };
    const kind = value(["kind"]);
    const items: unknown = node.get("items");
    if (kind.endsWith("List") && isSeq(items)) {
      for (const item of items.items) add(item);
      return;
    }
    const name = value(["metadata", "name"]);
    if (kind === "" || name === "" || node.range === null || node.range === undefined) return;
    const namespace = value(["metadata", "namespace"]);
    const [from, to] = node.range;
    out.push({
      title: `${kind} ${namespace === "" ? name : `${namespace}/${name}`}`,
      kind,
      name,
      namespace,
      from,
      to,
      node,
    });
  };
  for (const document of parseAllDocuments(text, {
    version: "1.1",
    logLevel: "silent",
    lineCounter: new LineCounter(),
  }))
    if (document.errors.length === 0) add(document.contents);
  return out;
}

/** The live object of the same kind and name; a kind without namespaces has none in its key. */
export function liveOf(
  { kind, name, namespace }: Pick<WrittenObject, "kind" | "name" | "namespace">,
  objects: ReadonlyMap<ObjectKey, KubeObject>,
): KubeObject | undefined {
  const within = namespace === "" ? "default" : namespace;
  return objects.get(objectKey(kind, within, name)) ?? objects.get(objectKey(kind, undefined, name));
}

/** What the API server alone writes: a text that has it, as one from kubectl get -o yaml, does not mean it. */
const ITS_OWN = new Set([
  "status",
  "stringData",
  "apiVersion",
  "metadata.uid",
  "metadata.resourceVersion",
  "metadata.creationTimestamp",
  "metadata.generation",
  "metadata.managedFields",
  "metadata.selfLink",
]);

export function differences(written: WrittenObject, live: KubeObject): readonly Difference[] {
  const out: Difference[] = [];
  const visit = (node: unknown, value: unknown, path: string): void => {
    if (ITS_OWN.has(path)) return;
    if (isMap(node)) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        if (node.items.length > 0) out.push({ path, written: short(node.toJSON()), live: shortOr(value), word: null });
        return;
      }
      for (const { key, value: member } of node.items) {
        const name = isScalar(key) ? String(key.value) : "";
        const inner = /^[A-Za-z]\w*$/.test(name) ? `${path === "" ? "" : `${path}.`}${name}` : `${path}[${name}]`;
        visit(member, (value as Readonly<Record<string, unknown>>)[name], inner);
      }
      return;
    }
    if (isSeq(node)) {
      if (!Array.isArray(value) || value.length !== node.items.length) {
        if (node.items.length > 0 || (Array.isArray(value) && value.length > 0))
          out.push({ path, written: short(node.toJSON()), live: shortOr(value), word: null });
        return;
      }
      for (const [at, item] of node.items.entries()) visit(item, value[at], `${path}[${String(at)}]`);
      return;
    }
    if (!isScalar(node) || node.value === null || node.range === null || node.range === undefined) return;
    const written = node.value;
    const plain = typeof written === "string" || typeof written === "number" || typeof written === "boolean";
    const words = [plain ? String(written) : (node.source ?? ""), node.source ?? ""];
    const scalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    if (scalar && words.includes(String(value))) return;
    // An empty word and an absent field are the same to the API.
    if (value === undefined && words.includes("")) return;
    const [from, to] = node.range;
    out.push({
      path,
      written: words[0] ?? "",
      live: shortOr(value),
      word: scalar ? { from, to, text: wordOf(value) } : null,
    });
  };
  visit(written.node, live, "");
  return out;
}

/** A text with the live words in the place of the written ones. */
export function withLive(text: string, all: readonly Difference[]): string {
  return all
    .flatMap(({ word }) => word ?? [])
    .sort((a, b) => b.from - a.from)
    .reduce((out, { from, to, text: live }) => out.slice(0, from) + live + out.slice(to), text);
}

const wordOf = (value: string | number | boolean): string =>
  typeof value !== "string" ||
  (/^[A-Za-z][\w./-]*$/.test(value) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value))
    ? String(value)
    : JSON.stringify(value);

const short = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};

const shortOr = (value: unknown): string | null => (value === undefined || value === null ? null : short(value));
