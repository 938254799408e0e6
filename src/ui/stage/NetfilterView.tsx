import { useEffect, useMemo, useRef, useState } from "react";
import {
  ladderOf,
  staircaseOf,
  STAIR_TEXT,
  type StairBox,
  type StairMark,
  type StairRow,
  type Staircase,
  type UnreachedRule,
} from "../../graph/staircase.ts";
import type { TintChange } from "../../graph/path.ts";
import { indexAt, pointAt, type Ribbon } from "../../graph/ribbon.ts";
import type { Header, Hop } from "../../model/trace/types.ts";
import type { PanelProps } from "../inspector/types.ts";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";
import { sequence, usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { MapIcon } from "./icons.tsx";
import { ProbabilityLadder } from "./ProbabilityLadder.tsx";
import { frameLoop } from "./usePacketCanvas.ts";
import styles from "./NetfilterView.module.css";

const REMARKS = 132;
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
  const walk = usePlayback((state) => state.walk);
  if (walk === null) {
    return (
      <div className={styles["elsewhere"]}>
        <h3>Nothing has been sent</h3>
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

function Stairs({ stairs, room }: { readonly stairs: Staircase; readonly room: number }) {
  const { hop: current } = useCurrentHop();
  const first = stairs.hops[0];
  const last = stairs.hops.at(-1);
  const bottom = stairs.height - 34;
  const ended = last !== undefined && ["drop", "reject", "refuse", "lost"].includes(last.verdict);
  return (
    <div className={styles["stairs"]} style={{ height: stairs.height, minWidth: room + REMARKS }}>
      {first !== undefined && (
        <HeaderLine
          header={first.before}
          top={10}
          note={`${first.before.protocol}, in ${first.iface ?? "this node"}`}
        />
      )}
      <ol className={styles["boxes"]}>
        {stairs.boxes.map((box) => (
          <Box key={box.id} box={box} current={current === box.hop} />
        ))}
      </ol>
      {stairs.brackets.map((b) => (
        <div key={b.y1} className={styles["bracket"]} style={{ top: b.y1, height: b.y2 - b.y1, left: room + 8 }}>
          <span>{b.text}</span>
        </div>
      ))}
      <svg className={styles["line"]} width={room} height={stairs.height} aria-hidden="true" focusable="false">
        <Strands ribbon={stairs.ribbon} changes={stairs.source} offset={2} />
        <Strands ribbon={stairs.ribbon} changes={stairs.destination} offset={-2} />
        {stairs.marks.map((m, i) => (
          <Mark key={i} mark={m} />
        ))}
        <Domino ribbon={stairs.ribbon} at={0} source={stairs.source[0]} destination={stairs.destination[0]} />
        {!ended && (
          <Domino
            ribbon={stairs.ribbon}
            at={stairs.ribbon.length}
            source={stairs.source.at(-1)}
            destination={stairs.destination.at(-1)}
          />
        )}
      </svg>
      {last !== undefined && !ended && (
        <HeaderLine header={last.after} top={bottom} note={last.iface === null ? "" : `out ${last.iface}`} />
      )}
    </div>
  );
}

function HeaderLine({ header, top, note }: { readonly header: Header; readonly top: number; readonly note: string }) {
  const port = (p: number): string => (p === 0 ? "" : `:${String(p)}`);
  return (
    <p className={styles["headerLine"]} style={{ top }}>
      <strong>
        {header.src}
        {port(header.sport)} → {header.dst}
        {port(header.dport)}
      </strong>{" "}
      {note}
    </p>
  );
}

function Box({ box, current }: { readonly box: StairBox; readonly current: boolean }) {
  return (
    <li
      className={styles["box"]}
      data-current={current}
      style={{ left: box.rect.x, top: box.rect.y, width: box.rect.w, height: box.rect.h }}
    >
      <span className={styles["chain"]}>{box.continued ? `${box.label}, continued` : box.label}</span>
      {box.rows.map((row, i) => (
        <Row key={i} row={row} box={box} />
      ))}
    </li>
  );
}

const SAID = {
  matched: "matched",
  looked: "looked at, no match",
  unreached: "not reached",
  skipped: "skipped",
  plain: "",
} as const;

function Row({ row, box }: { readonly row: StairRow; readonly box: StairBox }) {
  const top = row.rect.y - box.rect.y;
  return (
    <div
      className={styles["row"]}
      data-kind={row.kind}
      data-tone={row.tone}
      style={{ top, height: row.rect.h, paddingLeft: STAIR_TEXT }}
    >
      {(row.kind === "looked" || row.kind === "skipped") && <span className={styles["hollow"]} />}
      {row.kind === "unreached" && <span className={styles["dash"]} />}
      {row.match !== "" && <span className={styles["match"]}>{row.match}</span>}
      {row.target !== "" && <span className={styles["target"]}>{row.target}</span>}
      {row.kind === "plain" && row.note !== "" && (
        <span className={styles["note"]} data-only={row.match === "" ? "" : undefined} title={row.note}>
          {row.note}
        </span>
      )}
      <span className="kh-hidden">
        {SAID[row.kind]} {row.kind === "plain" ? "" : row.note}
      </span>
      {row.remark !== "" && (
        <span
          className={styles["remark"]}
          data-tone={row.kind === "matched" ? (row.tone === "plain" ? "matched" : row.tone) : "plain"}
        >
          {row.remark}
        </span>
      )}
    </div>
  );
}

function Strands({
  ribbon,
  changes,
  offset,
}: {
  readonly ribbon: Ribbon;
  readonly changes: readonly TintChange[];
  readonly offset: number;
}) {
  return (
    <>
      {changes.map((change, i) => {
        const to = changes[i + 1]?.s ?? ribbon.length;
        return (
          <polyline
            key={i}
            points={offsetPoints(ribbon, change.s, to, offset)}
            fill="none"
            stroke={`var(--${change.tint})`}
            strokeWidth="2.5"
            strokeLinejoin="round"
          />
        );
      })}
    </>
  );
}

interface DominoProps {
  readonly ribbon: Ribbon;
  readonly at: number;
  readonly source: TintChange | undefined;
  readonly destination: TintChange | undefined;
}

/** The packet as it comes and as it goes. */
function Domino({ ribbon, at, source, destination }: DominoProps) {
  const { x, y } = pointAt(ribbon, at);
  return (
    <g transform={`translate(${String(x)} ${String(y)})`}>
      <rect x="-18" y="-10" width="36" height="20" rx="5" fill="var(--surface)" />
      <path d="M-.5 -8v16h-12a4 4 0 0 1-4-4v-8a4 4 0 0 1 4-4z" fill={`var(--${source?.tint ?? "request"})`} />
      <path d="M.5 -8v16h12a4 4 0 0 0 4-4v-8a4 4 0 0 0-4-4z" fill={`var(--${destination?.tint ?? "request"})`} />
      <circle cx="-8.500" cy="0" r="2.600" fill="var(--on-ink)" />
      <path d="M5.500 -3.600 12 0 5.500 3.600z" fill="var(--on-ink)" />
    </g>
  );
}

function offsetPoints(ribbon: Ribbon, from: number, to: number, offset: number): string {
  const points: string[] = [];
  const at = (i: number, s: number): void => {
    const j = Math.min(i + 1, ribbon.count - 1);
    const s0 = ribbon.s[i] ?? 0;
    const s1 = ribbon.s[j] ?? s0;
    const t = s1 > s0 ? (s - s0) / (s1 - s0) : 0;
    const mix = (v: Float32Array): number => (v[i] ?? 0) + ((v[j] ?? 0) - (v[i] ?? 0)) * t;
    points.push(
      `${(mix(ribbon.x) + mix(ribbon.leftX) * offset).toFixed(2)},${(mix(ribbon.y) + mix(ribbon.leftY) * offset).toFixed(2)}`,
    );
  };
  const first = indexAt(ribbon.s, ribbon.count, from);
  const last = indexAt(ribbon.s, ribbon.count, to);
  at(first, from);
  for (let i = first + 1; i <= last; i++) at(i, ribbon.s[i] ?? 0);
  at(last, to);
  return points.join(" ");
}

function Mark({ mark }: { readonly mark: StairMark }) {
  const { x, y } = mark.point;
  const right = "M-6.500 -5h8l5 5-5 5h-8z";
  const left = "M6.500 -5h-8l-5 5 5 5h8z";
  const at = `translate(${String(x)} ${String(y)})`;
  switch (mark.kind) {
    case "ring":
      return <circle cx={x} cy={y} r="4" fill="var(--surface)" stroke="var(--request)" strokeWidth="2" />;
    case "mark":
      return <circle cx={x} cy={y} r="5.500" fill="var(--snat)" />;
    case "dnat":
      return <path d={right} transform={at} fill="var(--dnat)" />;
    case "undo-dnat":
      return <path d={right} transform={at} fill="var(--surface)" stroke="var(--dnat)" strokeWidth="1.6" />;
    case "snat":
      return <path d={left} transform={at} fill="var(--snat)" />;
    case "undo-snat":
      return <path d={left} transform={at} fill="var(--surface)" stroke="var(--snat)" strokeWidth="1.6" />;
    case "reject":
      return (
        <g transform={at}>
          <path d="M-4 -9h8l5 5v8l-5 5h-8l-5-5v-8z" fill="var(--reject)" />
          <path d="M-4.500 0h9" stroke="var(--surface)" strokeWidth="2.6" />
        </g>
      );
    case "drop":
      return (
        <rect
          x={x - 8}
          y={y - 8}
          width="16"
          height="16"
          rx="3.500"
          fill="var(--surface)"
          stroke="var(--drop)"
          strokeWidth="1.600"
          strokeDasharray="3 2.200"
        />
      );
  }
}
