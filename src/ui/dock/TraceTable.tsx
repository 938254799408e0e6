import { useEffect, useRef, type KeyboardEvent, type ReactElement } from "react";
import type { Hop, Walk } from "../../model/trace/types.ts";
import { changesText } from "../inspector/changes.ts";
import { RailGlyph, verdictGlyph } from "../inspector/glyphs.tsx";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";
import { destination, duration, hopStage, hostTitle, source, VERDICTS } from "../inspector/wording.ts";
import { sequence, usePlayback } from "../playback.ts";
import { useNothingSent } from "../shell/useNothingSent.ts";
import styles from "./TraceTable.module.css";

/** Every hop of the walk on stage as a row: the canvas in words. */
export function TraceTable(): ReactElement {
  const nothing = useNothingSent();
  const { walk, selection } = useCurrentHop();
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    const row = body.current?.querySelector<HTMLElement>('[aria-current="step"]');
    row?.scrollIntoView({ block: "nearest" });
    if (body.current?.contains(document.activeElement) === true)
      row?.querySelector("button")?.focus({ preventScroll: true });
  }, [selection]);
  if (walk === null) return <p className={styles.none}>{nothing}. Send a request and every hop of it stands here.</p>;

  const onKey = (event: KeyboardEvent): void => {
    const { step, select } = usePlayback.getState();
    const all = sequence(walk);
    const to = event.key === "Home" ? all[0] : event.key === "End" ? all.at(-1) : undefined;
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (to !== undefined) select({ leg: to.leg, index: to.hop.index });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <caption className={styles.hidden}>Every hop of the walk on show, request first, then reply</caption>
        <thead>
          <tr>
            {["#", "time", "place", "stage", "before → after", "rule", "verdict", "note"].map((title) => (
              <th key={title} scope="col" {...(title === "time" ? { className: styles.right } : {})}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={onKey}>
          {sequence(walk).map(({ leg, hop }) => (
            <Row
              key={`${leg}${hop.index}`}
              walk={walk}
              leg={leg}
              hop={hop}
              current={selection?.leg === leg && selection.index === hop.index}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly walk: Walk;
  readonly leg: "request" | "reply";
  readonly hop: Hop;
  readonly current: boolean;
}

function Row({ walk, leg, hop, current }: RowProps): ReactElement {
  const changes = changesText(hop);
  const glyph = verdictGlyph(hop.verdict);
  const select = (): void => usePlayback.getState().select({ leg, index: hop.index });
  return (
    <tr data-leg={leg} {...(current ? { "aria-current": "step" as const } : {})} onClick={select}>
      <th scope="row">
        <button
          type="button"
          tabIndex={current ? 0 : -1}
          onClick={select}
          aria-label={`${leg === "request" ? "Hop" : "Reply hop"} ${hop.index + 1}`}
        >
          {leg === "request" ? "↓" : "↑"} {hop.index + 1}
        </button>
      </th>
      <td className={styles.time}>+{duration(hop.at - walk.startedAt)}</td>
      <td>{hostTitle(hop.place)}</td>
      <td>
        {hopStage(hop)}
        {hop.iface !== null && <span className={styles.quiet}> {hop.iface}</span>}
      </td>
      <td className={styles.mono}>
        {changes === "" ? (
          <span className={styles.quiet}>{`${source(hop.after)} → ${destination(hop.after)}`}</span>
        ) : (
          changes
        )}
      </td>
      <td className={styles.mono}>
        {hop.rule === null ? (
          hop.considered > 0 ? (
            <span className={styles.quiet}>{hop.considered} looked at</span>
          ) : (
            ""
          )
        ) : (
          `${hop.rule.chain} #${hop.rule.position}`
        )}
      </td>
      <td>
        <span className={styles.verdict}>
          {glyph !== null && <RailGlyph kind={glyph} size={12} />}
          {VERDICTS[hop.verdict]}
        </span>
      </td>
      <td className={styles.note}>{hop.note}</td>
    </tr>
  );
}
