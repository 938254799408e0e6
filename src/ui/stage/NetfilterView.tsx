import { useEffect, useMemo, useRef, useState } from "react";
import { ladderOf } from "../../graph/ladder.ts";
import { staircaseOf, type Staircase, type UnreachedRule } from "../../graph/staircase.ts";
import type { Hop } from "../../model/trace/types.ts";
import type { PanelProps } from "../inspector/types.ts";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";
import { sequence, usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { MapIcon } from "./icons.tsx";
import { ProbabilityLadder } from "./ProbabilityLadder.tsx";
import { REMARKS, Stairs } from "./Stairs.tsx";
import { frameLoop } from "./usePacketCanvas.ts";
import { useNothingSent } from "../shell/useNothingSent.ts";
import styles from "./NetfilterView.module.css";

const NO_RULES: readonly UnreachedRule[] = [];

/** One node's netfilter as the packet on show falls through it: every rule looked at, in order, and what it decided. */
export function NetfilterView({ mirror, query }: PanelProps) {
  const { walk, selection, hop } = useCurrentHop();
  const set = useUi((state) => state.set);
  const [width, body] = useWidth();
  // While this view stands in for the map, it keeps the walk playing.
  useEffect(() => frameLoop(() => undefined).stop, []);

  const wide = width >= 1040;
  const stairs = useMemo(() => {
    if (walk === null || selection === null) return null;
    const room = Math.max(500, wide ? width - 400 : width) - REMARKS - 20;
    return {
      room,
      make: (unreached: readonly UnreachedRule[]) =>
        staircaseOf(walk, selection.leg, selection.index, { width: room, unreached }),
    };
  }, [walk, selection, width, wide]);
  const bare = useMemo(() => stairs?.make(NO_RULES) ?? null, [stairs]);
  const unreached = useUnreached(bare, query);
  const drawn = useMemo(
    () => (unreached.length === 0 ? bare : (stairs?.make(unreached) ?? null)),
    [bare, stairs, unreached],
  );
  const deciding =
    drawn?.hops.find((h) => h === hop && ladderOf(h) !== null) ?? drawn?.hops.find((h) => ladderOf(h) !== null);
  const ladder = deciding === undefined ? null : ladderOf(deciding, unreached);

  const node = hop?.place.startsWith("node/") === true ? hop.place.slice("node/".length) : null;
  return (
    <div className={styles["view"]}>
      <header className={styles["header"]}>
        <nav aria-label="Where you are" className={styles["crumbs"]}>
          <button type="button" onClick={() => set({ center: "map" })}>
            <MapIcon name="back" size={14} />
            Map
          </button>
          {node !== null && <span>{node}</span>}
          <strong>netfilter</strong>
        </nav>
        {walk !== null && drawn !== null && (
          <span className={styles["chip"]}>
            walk {walk.id}, {drawn.leg === "reply" ? "reply " : ""}hops {hopNumbers(drawn.hops)}
          </span>
        )}
        <StepButtons />
      </header>
      <div
        ref={body}
        className={styles["body"]}
        data-wide={wide ? "" : undefined}
        tabIndex={0}
        role="region"
        aria-label="Rules that the packet met"
      >
        {drawn === null ? <Elsewhere hop={hop} /> : <Stairs stairs={drawn} room={stairs?.room ?? 500} />}
        {ladder !== null && <ProbabilityLadder ladder={ladder} mirror={mirror} />}
      </div>
    </div>
  );
}

function hopNumbers(hops: readonly Hop[]): string {
  const first = (hops[0]?.index ?? 0) + 1;
  const last = (hops.at(-1)?.index ?? 0) + 1;
  return first === last ? String(first) : `${String(first)} to ${String(last)}`;
}

function useWidth(): readonly [number, React.RefObject<HTMLDivElement | null>] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  return [width, ref];
}

/** The rules behind the last one looked at, as the node has them now; none when its rules are not the walk's any more. */
function useUnreached(stairs: Staircase | null, query: PanelProps["query"]): readonly UnreachedRule[] {
  const [found, setFound] = useState<{ readonly key: string; readonly rules: readonly UnreachedRule[] }>({
    key: "",
    rules: NO_RULES,
  });
  const hop = stairs?.boxes.find((b) => b.hop.steps.length > 0)?.hop;
  const node = hop?.place.slice("node/".length) ?? "";
  const table = hop?.rule?.table ?? hop?.steps[0]?.rule.table ?? null;
  const key =
    stairs === null || hop === undefined
      ? ""
      : `${node} ${String(table)} ${stairs.ends.map((e) => `${e.chain}:${String(e.position)}`).join(" ")}`;
  useEffect(() => {
    if (key === "" || stairs === null || hop === undefined) return;
    let gone = false;
    const texts = new Map(hop.steps.map((s) => [s.rule.id, s.rule.text]));
    void Promise.all(
      stairs.ends.map((end) =>
        query("rules", { node, table, search: end.chain, offset: 0, limit: 200 }).catch(() => null),
      ),
    ).then((answers) => {
      if (gone) return;
      const rules = answers.flatMap((answer, i) => {
        const end = stairs.ends[i];
        const rows = answer?.rows.filter((row) => row.chain === end?.chain) ?? [];
        const same = rows.every((row) => !texts.has(row.id) || texts.get(row.id) === row.text);
        return end === undefined || !same ? [] : rows.filter((row) => row.position > end.position);
      });
      setFound({ key, rules: rules.map(({ chain, position, text }) => ({ chain, position, text })) });
    });
    return () => {
      gone = true;
    };
    // The key names everything that the question depends on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, query]);
  return found.key === key ? found.rules : NO_RULES;
}

function StepButtons() {
  const walk = usePlayback((state) => state.walk);
  const { selection } = useCurrentHop();
  if (walk === null || selection === null) return null;
  const count = walk.hops.length + walk.reply.length;
  const number = selection.index + 1 + (selection.leg === "reply" ? walk.hops.length : 0);
  const step = (by: 1 | -1) => () => usePlayback.getState().step(by);
  return (
    <div className={styles["steps"]}>
      <button type="button" onClick={step(-1)} disabled={number <= 1}>
        <MapIcon name="back" size={14} />
        Hop {Math.max(1, number - 1)}
      </button>
      <button type="button" onClick={step(1)} disabled={number >= count}>
        Hop {Math.min(count, number + 1)}
        <MapIcon name="forth" size={14} />
      </button>
    </div>
  );
}

/** The packet is on no node now: say where, and offer the nodes of this walk. */
function Elsewhere({ hop }: { readonly hop: Hop | null }) {
  const nothing = useNothingSent();
  const walk = usePlayback((state) => state.walk);
  if (walk === null) {
    return (
      <div className={styles["elsewhere"]}>
        <h3>{nothing}</h3>
        <p>Send a request, and the rules that it meets on each node are listed here in order.</p>
      </div>
    );
  }
  const nodes = new Map<string, { readonly leg: "request" | "reply"; readonly index: number }>();
  for (const { leg, hop: one } of sequence(walk)) {
    if (one.place.startsWith("node/") && one.steps.length > 0 && !nodes.has(one.place))
      nodes.set(one.place, { leg, index: one.index });
  }
  return (
    <div className={styles["elsewhere"]}>
      <h3>
        {hop === null
          ? "The walk has no hop here"
          : `${hop.place.slice(hop.place.indexOf("/") + 1)} has no rules of kube-proxy`}
      </h3>
      <p>Only nodes do. This walk meets rules on:</p>
      {[...nodes].map(([place, at]) => (
        <button key={place} type="button" onClick={() => usePlayback.getState().select(at)}>
          {place.slice("node/".length)}
        </button>
      ))}
    </div>
  );
}
