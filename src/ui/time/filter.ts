/** Which events the timeline shows. Pure. */
import { splitKey } from "../../model/meta/types.ts";
import type { JournalEntry } from "../../wire/protocol.ts";
import type { Filter } from "./time.ts";

/** Only keeps counts and conditions up to date, or the Endpoints that nothing reads any more. */
const isUpkeep = ({ lane, title }: JournalEntry): boolean =>
  (lane === "controllers" && /^(reconcile|Endpoints) /.test(title)) ||
  (lane === "api" && / updated( and \d+ more)?$/.test(title));

/** The reader's own commands and packets always stay: they are the landmarks. */
const isOwn = ({ lane }: JournalEntry): boolean => lane === "user" || lane === "packets";

/** The entries that a filter leaves. An event of the API server's goes by the objects that it wrote. */
export function filtered(journal: readonly JournalEntry[], filter: Filter): readonly JournalEntry[] {
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  const { namespace, kind, quiet } = filter;
  if (words.length === 0 && namespace === "" && kind === "" && !quiet) return journal;
  return journal.filter((entry) => {
    if (isOwn(entry)) return true;
    if (quiet && isUpkeep(entry)) return false;
    const keys = entry.objects.map(splitKey);
    if (namespace !== "" && !keys.some((key) => key.namespace === namespace)) {
      // A kube-proxy writes the rules of every namespace at once.
      if (entry.lane !== "kube-proxy") return false;
    }
    if (kind !== "" && !keys.some((key) => key.kind === kind)) return false;
    const text = `${entry.title} ${entry.detail} ${entry.node} ${entry.lane} ${entry.objects.join(" ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Namespaces and kinds that the journal speaks of, sorted: what a filter can choose from. */
export function choicesOf(journal: readonly JournalEntry[]): {
  readonly namespaces: readonly string[];
  readonly kinds: readonly string[];
} {
  const namespaces = new Set<string>();
  const kinds = new Set<string>();
  for (const entry of journal) {
    for (const object of entry.objects) {
      const key = splitKey(object);
      kinds.add(key.kind);
      if (key.namespace !== "") namespaces.add(key.namespace);
    }
  }
  return { namespaces: [...namespaces].sort(), kinds: [...kinds].sort() };
}
