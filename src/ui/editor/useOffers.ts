import { useEffect, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import type { TextRange } from "../../model/trace/diagnostic.ts";
import type { Service } from "../../model/service/types.ts";
import { useSession } from "../shell/session.ts";
import { labelMends } from "./mends.ts";
import { spotter, type PlacedFix } from "./places.ts";
import { useTabs } from "./tabs.ts";

/** A Service that no pod matches, and what would mend that: each one edit. */
export interface Offer {
  readonly service: ObjectKey;
  /** Where its selector stands. */
  readonly tab: number;
  readonly range: TextRange;
  readonly fixes: readonly PlacedFix[];
}

/** Offers shown at a time. */
const MOST = 2;

/** Services with a selector whose EndpointSlices name nobody, as the mirrored records say. */
export function endpointless(objects: ReadonlyMap<ObjectKey, KubeObject>): readonly ObjectKey[] {
  const named = new Set<string>();
  for (const object of objects.values()) {
    if (object.kind !== "EndpointSlice") continue;
    const service = object.metadata.labels?.["kubernetes.io/service-name"];
    if (service !== undefined && ((object as EndpointSlice).endpoints ?? []).length > 0)
      named.add(`${object.metadata.namespace ?? ""}/${service}`);
  }
  const out: ObjectKey[] = [];
  for (const object of objects.values()) {
    if (object.kind !== "Service") continue;
    const { selector, type } = (object as Service).spec;
    if (type === "ExternalName" || Object.keys(selector ?? {}).length === 0) continue;
    if (!named.has(`${object.metadata.namespace ?? ""}/${object.metadata.name}`)) out.push(keyOf(object));
  }
  return out;
}

/** Mends for the first Services that no pod matches: the label that was meant, a Deployment that matches. */
export function useOffers(): readonly Offer[] {
  const session = useSession();
  const objects = useMirror((state) => state.objects);
  const text = useMirror((state) => state.text);
  const accepted = useMirror((state) => state.report.accepted);
  const [offers, setOffers] = useState<readonly Offer[]>([]);
  useEffect(() => {
    let current = true;
    const { client } = session;
    const locate = async (object: ObjectKey, path: string): Promise<TextRange | null> =>
      (await client.query("locate", { object, path }).catch(() => null))?.range ?? null;
    const offer = async (key: ObjectKey): Promise<Offer | null> => {
      const service = objects.get(key) as Service | undefined;
      const [deployment, selector] = await Promise.all([
        client.query("matchingDeployment", { service: key }).catch(() => null),
        locate(key, "spec.selector"),
      ]);
      const { tabs } = useTabs.getState();
      const spot = spotter(tabs, text);
      const place = (range: TextRange): { readonly tab: number; readonly range: TextRange } | null => {
        const from = spot(range.startLine);
        if (from === null) return null;
        const by = from.line - range.startLine;
        return { tab: from.tab, range: { ...range, startLine: from.line, endLine: range.endLine + by } };
      };
      const at = selector === null ? null : place(selector);
      const tab = tabs.find(({ id }) => id === at?.tab) ?? tabs.at(-1);
      if (service === undefined || tab === undefined) return null;
      const fixes: PlacedFix[] = [];
      for (const { key: label, value, title } of selector === null ? [] : labelMends(service, objects)) {
        const found = await locate(key, `spec.selector[${label}]`);
        const there = found === null ? null : place(found);
        if (there !== null)
          fixes.push({ title, edits: [{ tab: there.tab, edit: { range: there.range, text: word(value) } }] });
      }
      if (deployment !== null) {
        const lines = tab.text.split("\n");
        const end = { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
        const before = tab.text.trim() === "" ? "" : `${tab.text.endsWith("\n") ? "" : "\n"}---\n`;
        const range = { startLine: end.line, startColumn: end.column, endLine: end.line, endColumn: end.column };
        fixes.push({
          title: "Add a Deployment that matches",
          edits: [{ tab: tab.id, edit: { range, text: before + deployment.text } }],
        });
      }
      const whole = at?.range ?? { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };
      // The key's own line belongs to it.
      return { service: key, tab: tab.id, range: { ...whole, startLine: Math.max(1, whole.startLine - 1) }, fixes };
    };
    void Promise.all(endpointless(objects).slice(0, MOST).map(offer)).then((found) => {
      if (current) setOffers(found.filter((one) => one !== null && one.fixes.length > 0) as readonly Offer[]);
    });
    return () => {
      current = false;
    };
  }, [session, objects, text]);
  // Half-typed text is not the moment to offer more of it.
  return accepted ? offers : [];
}

/** A label's value as YAML: a string, whatever it looks like. */
const word = (value: string): string =>
  /^[A-Za-z][\w.-]*$/.test(value) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value)
    ? value
    : JSON.stringify(value);
