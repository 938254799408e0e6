import { STAIR_TEXT, type StairBox, type StairMark, type StairRow, type Staircase } from "../../graph/staircase.ts";
import type { TintChange } from "../../graph/path.ts";
import { indexAt, pointAt, type Ribbon } from "../../graph/ribbon.ts";
import type { Header } from "../../model/trace/types.ts";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";
import styles from "./NetfilterView.module.css";

/** Width of the column of remarks right of the boxes. */
export const REMARKS = 132;

/** Chains as stairs, the packet's two strands running down them. */
export function Stairs({ stairs, room }: { readonly stairs: Staircase; readonly room: number }) {
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
