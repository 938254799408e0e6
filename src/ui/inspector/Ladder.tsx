import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import { shortenPodName } from "../../graph/names.ts";
import type { Hop, HostId, Walk } from "../../model/trace/types.ts";
import { sequence, usePlayback } from "../playback.ts";
import type { HopSelection } from "../state.ts";
import { classes } from "./classes.ts";
import { Icon, RailGlyph } from "./glyphs.tsx";
import { useNothingSent } from "../shell/useNothingSent.ts";
import styles from "./Ladder.module.css";
import { rungIndexOf, rungsOf, type Rung, type RungSide } from "./rungs.ts";
import type { Strands } from "./strands.ts";
import { OutcomeTag } from "./Tag.tsx";
import { useCurrentHop } from "./useCurrentHop.ts";
import { hopStage, hostTitle, VERDICTS } from "./wording.ts";

type Leg = HopSelection["leg"];

/** Arrow keys and J/K go along the packet's way; Home and End to its ends. */
function onKey(event: KeyboardEvent, walk: Walk): void {
  const { step, select } = usePlayback.getState();
  const all = sequence(walk);
  const end = event.key === "Home" ? all[0] : event.key === "End" ? all.at(-1) : undefined;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j" || event.key === "J" || event.key === "ArrowDown" || event.key === "ArrowRight") step(1);
  else if (event.key === "k" || event.key === "K" || event.key === "ArrowUp" || event.key === "ArrowLeft") step(-1);
  else if (end !== undefined) select({ leg: end.leg, index: end.hop.index });
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/**
 * The mirror ladder of the walk on stage: request down the left rail, reply up the right; a translation faces its undoing. By
 * itself, as on a phone, it says how the walk ended; `bare` when something above it does.
 */
export function Ladder({ bare = false }: { readonly bare?: boolean }): ReactElement | null {
  const nothing = useNothingSent();
  const { walk, selection } = useCurrentHop();
  const rungs = useMemo(() => (walk === null ? [] : rungsOf(walk)), [walk]);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const list = useRef<HTMLOListElement>(null);

  const current = selection === null ? -1 : rungIndexOf(rungs, selection.leg, selection.index);
  // What stands above the ladder of a walk that failed is what is read first: it stays until the reader goes to a hop.
  const reading = usePlayback((state) => state.reading);
  const still = bare && !reading && walk !== null && walk.outcome !== "delivered";
  useEffect(() => {
    if (current < 0 || still) return;
    const element = list.current?.children[current];
    element?.scrollIntoView({ block: "nearest" });
    // A reader who steps with the keyboard keeps the focus on the hop under the playhead.
    if (list.current?.contains(document.activeElement) === true)
      element?.querySelector<HTMLElement>("[aria-current]")?.focus({ preventScroll: true });
  }, [current, selection, still]);

  if (walk === null || walk.hops.length === 0)
    return bare ? null : <p className={styles.empty}>{nothing}. Send a request to watch it hop.</p>;
  const toggle = (id: string): void =>
    setOpen((was) => {
      const next = new Set(was);
      if (!next.delete(id)) next.add(id);
      return next;
    });

  return (
    <section className={styles.ladder} aria-label="Hop ladder" onKeyDown={(event) => onKey(event, walk)}>
      <div className={styles.head}>
        <span className={styles.request}>Request ↓</span>
        {!bare && <OutcomeTag outcome={walk.outcome} />}
        {walk.reply.length > 0 ? (
          <span className={walk.outcome === "delivered" || walk.outcome === "timeout" ? styles.reply : styles.bad}>
            Reply ↑
          </span>
        ) : (
          <span className={styles.none}>no reply</span>
        )}
      </div>
      {!bare && walk.outcome !== "delivered" && <p className={styles.symptom}>{walk.symptom}</p>}
      <ol className={styles.rungs} ref={list}>
        {rungs.map((rung, i) => (
          <RungRow
            key={rung.id}
            rung={rung}
            above={rungs[i - 1]?.below ?? { request: null, reply: null }}
            walk={walk}
            selection={selection}
            current={i === current}
            open={open.has(rung.id)}
            onToggle={() => toggle(rung.id)}
          />
        ))}
      </ol>
    </section>
  );
}

/** A heading that fits its line: of a pod's name only the middle goes, its random end tells pods apart. */
function shortTitle(title: string): string {
  const [, name = "", rest = ""] = /^pod (\S+)(.*)$/.exec(title) ?? [];
  return name === "" ? title : `pod ${shortenPodName(name, 30)}${rest}`;
}

interface RowProps {
  readonly rung: Rung;
  readonly above: Rung["below"];
  readonly walk: Walk;
  readonly selection: HopSelection | null;
  readonly current: boolean;
  readonly open: boolean;
  onToggle(): void;
}

function RungRow({ rung, above, walk, selection, current, open, onToggle }: RowProps): ReactElement {
  const { request, reply } = rung;
  const here = current && selection !== null ? selection.leg : null;
  const folded = (request?.hops.length ?? 0) + (reply?.hops.length ?? 0);
  const shown = here === null ? null : here === "request" ? request : reply;
  // The lit rung takes the colour of what happens on it.
  const tone =
    shown === null ? "plain" : shown.tone === "plain" ? (here === "reply" ? "lit-reply" : "lit-request") : shown.tone;
  const stacked =
    (request?.fact.length ?? 0) + (reply?.fact.length ?? 0) > 47 ||
    shortTitle(rung.title).length + (reply?.title.length ?? 0) > 38;
  return (
    <li className={classes(styles.rung, current && styles.current, current && styles[tone])}>
      <Rail side="request" above={above.request} below={rung.below.request} glyph={request} />
      <div className={styles.middle}>
        <div className={classes(styles.sides, stacked && styles.stacked)}>
          {request === null ? (
            <span className={classes(styles.half, styles.left)}>
              <span className={styles.title} title={rung.title}>
                {shortTitle(rung.title)}
              </span>
              <span className={styles.fact}>reply only</span>
            </span>
          ) : (
            <HalfButton side={request} leg="request" title={rung.title} current={here === "request"} walk={walk} />
          )}
          {reply !== null ? (
            <HalfButton
              side={reply}
              leg="reply"
              title={reply.title}
              place={rung.title}
              current={here === "reply"}
              walk={walk}
            />
          ) : (
            <span className={classes(styles.half, styles.right)}>
              <span className={styles.quiet}>{"\u00a0"}</span>
              <span className={styles.fact}>{rung.passedBy ? "reply passes it by" : ""}</span>
            </span>
          )}
        </div>
        {open && (
          <div className={styles.folded} id={`folded-${rung.id}`}>
            <HopList hops={request?.hops ?? []} leg="request" place={rung.place} selection={selection} />
            <HopList hops={reply?.hops ?? []} leg="reply" place={rung.place} selection={selection} />
          </div>
        )}
      </div>
      <Rail side="reply" above={above.reply} below={rung.below.reply} glyph={reply} />
      {folded > 1 && (
        <button
          type="button"
          className={classes(styles.more, open && styles.opened, (reply?.title ?? "") !== "" && styles.between)}
          aria-expanded={open}
          aria-controls={`folded-${rung.id}`}
          aria-label={`${folded} hops on ${rung.title}`}
          title={`${folded} hops here`}
          onClick={onToggle}
        >
          <Icon name="more" size={12} />
        </button>
      )}
    </li>
  );
}

function HalfButton(props: {
  readonly side: RungSide;
  readonly leg: Leg;
  readonly title: string;
  readonly place?: string;
  readonly current: boolean;
  readonly walk: Walk;
}): ReactElement {
  const { side, leg, title, current, walk } = props;
  const total = leg === "request" ? walk.hops.length : walk.reply.length;
  const spoken = `${leg === "request" ? "Hop" : "Reply hop"} ${side.lead.index + 1} of ${total}: ${props.place ?? title}${leg === "reply" && title !== "" ? `, ${title}` : ""}, ${side.fact}`;
  return (
    <button
      type="button"
      className={classes(styles.half, leg === "request" ? styles.left : styles.right)}
      aria-label={spoken}
      {...(current ? { "aria-current": "step" as const } : {})}
      onClick={() => usePlayback.getState().select({ leg, index: side.lead.index })}
    >
      <span className={leg === "request" ? styles.title : styles.quiet} title={title}>
        {title === "" ? "\u00a0" : shortTitle(title)}
      </span>
      <span className={classes(styles.fact, styles[`ink-${side.tone}`])}>{side.fact}</span>
    </button>
  );
}

/** All hops of a rung: what is folded away above. */
function HopList(props: {
  readonly hops: readonly Hop[];
  readonly leg: Leg;
  readonly place: HostId;
  readonly selection: HopSelection | null;
}): ReactElement | null {
  const { hops, leg, place, selection } = props;
  if (hops.length === 0) return <span />;
  return (
    <ul
      aria-label={leg === "request" ? "Request hops here" : "Reply hops here"}
      className={classes(styles.hops, leg === "reply" && styles.hopsRight)}
    >
      {hops.map((hop) => {
        const current = selection?.leg === leg && selection.index === hop.index;
        const what = hop.verdict === "continue" || hop.verdict === "accept" ? (hop.iface ?? "") : VERDICTS[hop.verdict];
        return (
          <li key={hop.index}>
            <button
              type="button"
              className={classes(styles.hop, current && styles.hopCurrent)}
              {...(current ? { "aria-current": "step" as const } : {})}
              onClick={() => usePlayback.getState().select({ leg, index: hop.index })}
            >
              <span className={styles.number}>{hop.index + 1}</span>
              <span>{hop.place === place ? hopStage(hop) : `${hostTitle(hop.place)}, ${hopStage(hop)}`}</span>
              <span className={styles.what}>{what}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** One rail's piece beside a rung: two strands in, the glyph, two strands out. */
function Rail(props: {
  readonly side: Leg;
  readonly above: Strands | null;
  readonly below: Strands | null;
  readonly glyph: RungSide | null;
}): ReactElement {
  const { side, above, below, glyph } = props;
  return (
    <div className={classes(styles.rail, side === "reply" && styles.dashed)} aria-hidden="true">
      <Strand part="above" side={side} strands={above} bare={glyph === null} />
      <Strand part="below" side={side} strands={below} bare={glyph === null} />
      {glyph !== null && (
        <span className={styles.glyph}>
          <RailGlyph
            kind={glyph.glyph}
            size={glyph.glyph === "start" || glyph.glyph === "ring" || glyph.glyph === "end" ? 15 : 17}
          />
        </span>
      )}
    </div>
  );
}

/** Source on the left of travel: the right strand going down, the left one going up. */
function Strand(props: {
  readonly part: "above" | "below";
  readonly side: Leg;
  readonly strands: Strands | null;
  readonly bare: boolean;
}): ReactElement | null {
  const { part, side, strands, bare } = props;
  if (strands === null) return null;
  const [left, right] = side === "request" ? [strands.dst, strands.src] : [strands.src, strands.dst];
  return (
    <span className={classes(styles.strands, styles[part], bare && styles.bare)}>
      <i style={{ color: `var(--${left})` }} />
      <i style={{ color: `var(--${right})` }} />
    </span>
  );
}
