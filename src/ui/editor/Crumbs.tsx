import { useMirror } from "../../mirror/store.ts";
import { splitKey } from "../../model/meta/types.ts";
import { usePlayback } from "../playback.ts";
import { Icon } from "../shell/icons.tsx";
import { say } from "../shell/page.ts";
import { useUi } from "../state.ts";
import { count } from "./problems.ts";
import type { Provenance } from "./useProvenance.ts";
import styles from "./Crumbs.module.css";

/** Where the caret stands, `Service › shop/web › spec › ports[0] › targetPort`, and the way from there to the rules it made. */
export function Crumbs({ provenance }: { readonly provenance: Provenance }) {
  const linked = provenance !== null && provenance.rules.length + provenance.hops.length > 0;
  const parts = provenance === null ? [] : crumbs(provenance, linked);
  return (
    <div className={styles["row"]}>
      <p className={styles["crumbs"]}>
        {parts.length === 0 && "No object on this line"}
        {parts.map((part, at) => (
          <span key={`${String(at)}${part}`}>{part}</span>
        ))}
      </p>
      {provenance !== null && provenance.rules.length > 0 && <RulesLink provenance={provenance} />}
      {provenance !== null && provenance.hops.length > 0 && <PacketsLink hops={provenance.hops} />}
    </div>
  );
}

function crumbs({ object, path }: NonNullable<Provenance>, linked: boolean): readonly string[] {
  const { kind, namespace, name } = splitKey(object);
  const fields = path === "" ? [] : path.split(".");
  const named = namespace === "" ? name : `${namespace}/${name}`;
  // In a narrow pane the ends of the way say the most, and beside links there is room for no more.
  if (linked) return fields.length === 0 ? [kind, named] : [named, ...fields.slice(-1)];
  return fields.length > 2 ? [named, "…", ...fields.slice(-2)] : [kind, named, ...fields];
}

function RulesLink({ provenance }: { readonly provenance: NonNullable<Provenance> }) {
  const set = useUi((state) => state.set);
  const rulesNode = useUi((state) => state.rulesNode);
  const nodes = useMirror((state) => state.proxies);
  const { rules, path } = provenance;
  const what = count(rules.length, "rule");
  const field = path.split(".").at(-1) ?? "";
  return (
    <button
      type="button"
      className={styles["rules"]}
      aria-label={`${field === "" ? "This object" : field} made ${what} on each node: show them`}
      onClick={() => {
        set({
          dock: "rules",
          rulesNode: rulesNode ?? nodes[0]?.node ?? null,
          rulesFocus: rules[0]?.id ?? null,
          phone: "details",
        });
        say(`Rules tab, at ${rules[0]?.text ?? ""}`);
      }}
    >
      <Icon name="rules" size={14} />
      {what}
    </button>
  );
}

/** From a line to the packets that its rules decided about: the latest first, then the one before it. */
function PacketsLink({ hops }: { readonly hops: NonNullable<Provenance>["hops"] }) {
  const walks = useMirror((state) => state.walks);
  const shown = useUi((state) => state.walk);
  const latest = [...new Map(hops.map((hop) => [hop.walk, hop])).values()].reverse();
  const what = count(latest.length, "packet");
  return (
    <button
      type="button"
      className={styles["rules"]}
      aria-label={`${what} met these rules: show one`}
      onClick={() => {
        const next = latest[(latest.findIndex(({ walk }) => walk === shown) + 1) % latest.length];
        const walk = walks.find(({ id }) => id === next?.walk);
        if (next === undefined || walk === undefined) return;
        useUi.getState().set({ walk: walk.id, phone: "walk" });
        usePlayback.getState().show(walk, { paused: true });
        usePlayback.getState().select({ leg: next.leg, index: next.index });
        say(`Walk ${String(walk.id)}, ${next.leg === "reply" ? "reply hop" : "hop"} ${String(next.index + 1)}`);
      }}
    >
      <Icon name="walk" size={14} />
      {what}
    </button>
  );
}
