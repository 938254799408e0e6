import { Fragment, useEffect, useMemo, useRef, type KeyboardEvent, type PointerEvent, type ReactElement } from "react";
import { splitKey } from "../../model/meta/types.ts";
import type { Micros } from "../../base/time.ts";
import type { Walk } from "../../model/trace/types.ts";
import type { JournalEntry } from "../../wire/protocol.ts";
import { castOf } from "../../graph/read.ts";
import { mirror as mirrorStore, useMirror } from "../../mirror/store.ts";
import type { MirrorState } from "../../mirror/types.ts";
import { outcomeGlyph, RailGlyph } from "../inspector/glyphs.tsx";
import type { PanelProps } from "../inspector/types.ts";
import { clock, commandLine, duration, OUTCOMES } from "../inspector/wording.ts";
import { usePlayback } from "../playback.ts";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { filtered } from "../time/filter.ts";
import { isEvent, placeOf, type Place } from "../time/moments.ts";
import { useTime } from "../time/time.ts";
import { LANE_NAMES } from "../time/words.ts";
import { EventList } from "./EventList.tsx";
import { TimeBar } from "./TimeBar.tsx";
import { layOut, type Layout, type Mark } from "./lanes.ts";
import { useNothingSent } from "../shell/useNothingSent.ts";
import styles from "./Timeline.module.css";
import { useSize } from "./useSize.ts";
import { WalkStrip } from "./WalkStrip.tsx";
import { ticks } from "./warp.ts";

const END = 12;

/** A lane's name as its column takes it: of a long node name the ends say the most. */
const shortLane = (label: string): string => (label.length > 22 ? `${label.slice(0, 14)}…${label.slice(-6)}` : label);

/** Lanes of what the cluster did, the packets that were sent, the moment that is shown, and the walk on stage as a strip to scrub along. */
export function Timeline({ mirror }: PanelProps): ReactElement {
  const view = useTime((state) => state.view);
  const whole = useTime((state) => state.whole);
  const filter = useTime((state) => state.filter);
  const shown = usePlayback((state) => state.walk);
  const told = useShownJournal(whole.journal, mirror, shown);
  const journal = useMemo(() => filtered(told, filter), [told, filter]);
  return (
    <div className={styles.timeline}>
      <TimeBar />
      {view === "list" ? <EventList entries={journal} /> : <Lanes journal={journal} mirror={mirror} />}
    </div>
  );
}

function Lanes({
  journal,
  mirror,
}: {
  readonly journal: readonly JournalEntry[];
  readonly mirror: MirrorState;
}): ReactElement {
  const nothing = useNothingSent();
  const ground = useRef<HTMLDivElement>(null);
  const { width } = useSize(ground);
  const shown = usePlayback((state) => state.walk);
  const { walks, end: wholeEnd, journal: all } = useTime((state) => state.whole);
  const pickedSeq = useTime((state) => state.picked);
  const set = useTime((state) => state.set);
  const picked = useMemo(() => all.find(({ seq }) => seq === pickedSeq) ?? null, [all, pickedSeq]);
  const onPick = (entry: JournalEntry): void => set({ picked: entry.seq });

  const end = Math.max(wholeEnd, 1);
  const layout = useMemo(
    () =>
      width === 0 || journal.length === 0
        ? null
        : layOut(
            journal,
            walks.map((walk) => walk.startedAt),
            end,
            width - END,
          ),
    [journal, walks, end, width],
  );
  const done = useMemo(() => new Set(mirror.journal.map(({ seq }) => seq)), [mirror.journal]);

  const index = shown === null ? -1 : walks.findIndex((walk) => walk.id === shown.id);
  const head = layout === null || shown === null ? null : index >= 0 ? layout.walkX(index) : layout.x(shown.startedAt);
  const marks = { picked, onPick, done, head };

  return (
    <>
      <div className={styles.scroll} tabIndex={0} role="group" aria-label="Events. Press ] and [ to go through them.">
        <div className={styles.labels}>
          {layout?.lanes.map((lane) => (
            <div key={lane.id} className={styles.label}>
              {shortLane(lane.label)}
            </div>
          ))}
          <div className={`${styles.label ?? ""} ${styles.you ?? ""}`}>you</div>
          <div className={`${styles.label ?? ""} ${styles.last ?? ""}`}>packets</div>
        </div>
        <div className={styles.ground} ref={ground}>
          {layout !== null && (
            <>
              <Axis layout={layout} end={end} width={width - END} />
              {layout.lanes.map((lane) => (
                <div key={lane.id} className={styles.lane}>
                  <Marks marks={lane.marks} {...marks} until={width - END} />
                </div>
              ))}
              <div className={`${styles.lane ?? ""} ${styles.you ?? ""}`}>
                <Marks marks={layout.commands} {...marks} until={width} hollow />
              </div>
              <div className={`${styles.lane ?? ""} ${styles.last ?? ""}`}>
                <Packets walks={walks} sent={mirror.walks.length} layout={layout} current={index} />
              </div>
              {head !== null && <i className={styles.playhead} style={{ left: head }} aria-hidden="true" />}
              <Moment layout={layout} journal={journal} width={width - END} />
            </>
          )}
        </div>
      </div>
      <div className={styles.below}>
        <p className={styles.caption} aria-live="polite" data-picked={picked !== null}>
          {picked === null ? null : <Caption entry={picked} journal={all} />}
        </p>
        {shown === null ? (
          <p className={styles.nothing}>{nothing}. Send a request to watch it hop.</p>
        ) : (
          <WalkStrip key={`${shown.id} ${shown.startedAt}`} walk={shown} from={head} />
        )}
      </div>
    </>
  );
}

const endOf = (marks: readonly Mark[]): number => {
  const last = marks.at(-1);
  return last === undefined ? 0 : last.x + last.width;
};

/** The moment that the whole page shows, to be dragged along the axis or moved by keys: the handle of a slider over all lanes. */
function Moment(props: {
  readonly layout: Layout;
  readonly journal: readonly JournalEntry[];
  readonly width: number;
}): ReactElement {
  const { layout, journal, width } = props;
  const { time } = useSession();
  const mark = useRef<HTMLDivElement>(null);
  const now = useMirror((state) => state.now);
  const last = useMirror((state) => state.journal.findLast(isEvent) ?? null);
  const looking = useTime((state) => state.looking);
  const playing = useTime((state) => state.playing);
  const end = useTime((state) => state.whole.end);

  const events = useMemo(() => journal.filter(isEvent), [journal]);
  const here = last === null ? -1 : events.findLastIndex(({ seq }) => seq === last.seq);
  // The present is after all that has happened, in whatever lane.
  const present = useMemo(() => {
    const latest = layout.x(end) === 0 ? width : layout.x(end);
    return Math.min(width, Math.max(latest, ...layout.lanes.map(({ marks }) => endOf(marks)), endOf(layout.commands)));
  }, [layout, end, width]);
  const x = !looking ? present : last !== null && here >= 0 && last.at === now ? layout.place(last) : layout.x(now);

  // While it plays the handle moves with every frame, past React.
  useEffect(() => {
    if (!playing) return undefined;
    return useTime.subscribe(({ at }) => {
      const { journal: told } = mirrorStore.getState();
      const latest = told.findLast(isEvent);
      if (mark.current === null || latest === undefined) return;
      const left = at > latest.at ? layout.x(at) : layout.place(latest);
      mark.current.style.left = `${left.toFixed(1)}px`;
    });
  }, [playing, layout]);

  const placeAt = (clientX: number, box: DOMRect): Place => {
    const position = Math.min(width, Math.max(0, clientX - box.left));
    const near = events.findLast((entry) => layout.place(entry) <= position + 3);
    const at = Math.round(layout.at(position));
    return near === undefined ? { at, after: null } : at > near.at ? { at, after: null } : placeOf(near);
  };
  const scrub = (event: PointerEvent<HTMLElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    if (event.clientX - box.left >= width - 2) void time.toPresent();
    else time.look(placeAt(event.clientX, box));
  };
  const onKey = (event: KeyboardEvent): void => {
    const { key } = event;
    if (key === "ArrowRight" || key === "ArrowUp") time.stepEvent(1);
    else if (key === "ArrowLeft" || key === "ArrowDown") time.stepEvent(-1);
    else if (key === "Home") time.jump(0);
    else if (key === "End") void time.toPresent();
    else if (key === "PageUp" || key === "PageDown") time.stepEvent(key === "PageUp" ? 1 : -1, 10);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      {looking && <i className={styles.later} style={{ left: x }} aria-hidden="true" />}
      {/* The axis is the track: a click or a drag there moves the moment. */}
      <div
        className={styles.track}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          scrub(event);
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) scrub(event);
        }}
      />
      <div
        ref={mark}
        className={styles.moment}
        style={{ left: x }}
        role="slider"
        tabIndex={0}
        aria-label="Moment shown"
        aria-valuemin={0}
        aria-valuemax={events.length}
        aria-valuenow={looking ? here + 1 : events.length}
        aria-valuetext={`${clock(now)} of ${clock(end)}${looking ? "" : ", the present"}${last === null ? "" : `, after ${last.title}`}`}
        data-looking={looking}
        data-flip={x > width - 30 || undefined}
        onKeyDown={onKey}
      >
        <span aria-hidden="true">{looking ? "here" : "now"}</span>
      </div>
    </>
  );
}

const UNITS: readonly (readonly [Micros, string])[] = [
  [1_000_000, "s"],
  [1_000, "ms"],
  [1, "µs"],
];

function Axis({
  layout,
  end,
  width,
}: {
  readonly layout: Layout;
  readonly end: number;
  readonly width: number;
}): ReactElement {
  // There is no time within a microsecond.
  const marks = useMemo(
    () => ticks(layout, 0, end, width, 90).filter(({ at }) => Number.isInteger(at)),
    [layout, end, width],
  );
  const [unit, name] = UNITS.find(([size]) => end >= size) ?? [1, "µs"];
  const step = (marks[1]?.at ?? end) - (marks[0]?.at ?? 0);
  // Over the end of the axis stands the flag of the moment.
  const covered = (x: number): boolean => x > width - 90;
  const digits = Math.max(unit === 1 ? 0 : 1, Math.min(3, Math.ceil(-Math.log10(Math.max(step, 1) / unit))));
  return (
    <div className={styles.axis} aria-hidden="true">
      {layout.instants.map(({ at, from, to, steps }) => (
        <i key={`i${at}`} className={styles.instant} style={{ left: from, width: to - from }}>
          {to - from > 340 && <span>{steps} steps at one instant, in order of cause</span>}
        </i>
      ))}
      {marks.map(({ at, x }) => (
        <span key={at} className={styles.tick} style={{ left: x }}>
          {covered(x) ? "" : `${(at / unit).toFixed(digits)} ${name}`}
        </span>
      ))}
    </div>
  );
}

interface MarksProps {
  readonly marks: readonly Mark[];
  readonly picked: JournalEntry | null;
  /** Titles must end before this. */
  readonly until: number;
  /** Where the walk on stage stands: a title does not run through its line. */
  readonly head: number | null;
  /** The reader's own doing, not the cluster's. */
  readonly hollow?: boolean;
  /** What has happened at the moment shown, by seq. */
  readonly done: ReadonlySet<number>;
  onPick(entry: JournalEntry): void;
}

/** The journal without what kube-proxy does on nodes that the map leaves out: the control plane's, unless a packet goes there. */
function useShownJournal(
  journal: readonly JournalEntry[],
  mirror: MirrorState,
  walk: Walk | null,
): readonly JournalEntry[] {
  const { objects } = mirror;
  const names = useMemo(() => castOf({ objects }, walk).nodes.map((node) => node.metadata.name), [objects, walk]);
  const key = names.join();
  return useMemo(() => {
    const shown = new Set(key.split(","));
    // Before there are nodes nothing is left out.
    if (key === "") return journal;
    return journal.filter((entry) => entry.lane !== "kube-proxy" || shown.has(entry.node));
  }, [journal, key]);
}

/** The marks of a lane, with the title of a mark beside it where the lane is free. */
function Marks({ marks, picked, until, head, hollow = false, done, onPick }: MarksProps): ReactElement {
  const at = picked === null ? -1 : marks.findIndex((mark) => mark.entries.includes(picked));
  return (
    <>
      {marks.map((mark, i) => {
        const entry = mark.entries[0];
        if (entry === undefined) return null;
        const ends = mark.x + mark.width;
        const line = head !== null && head > ends ? head - 6 : Infinity;
        const room = Math.min(marks[i + 1]?.x ?? Infinity, until, line) - ends - 12;
        const title = mark.entries.length > 1 ? `${entry.title}, and ${mark.entries.length - 1} more` : entry.title;
        return (
          <Fragment key={entry.seq}>
            <i
              className={styles.mark}
              data-picked={i === at}
              data-hollow={hollow}
              data-later={!done.has(entry.seq) || undefined}
              style={{ left: mark.x, width: mark.width }}
              title={title}
              onClick={() => onPick(next(mark.entries, picked))}
            />
            {room > Math.min(title.length * 6, 150) && (
              <span className={styles.title} style={{ left: ends + 4, maxWidth: room }}>
                {title}
              </span>
            )}
          </Fragment>
        );
      })}
    </>
  );
}

/** Clicking a mark of several entries goes through them. */
function next(entries: readonly JournalEntry[], picked: JournalEntry | null): JournalEntry {
  const at = picked === null ? -1 : entries.indexOf(picked);
  return entries[(at + 1) % entries.length] as JournalEntry;
}

function Caption({
  entry,
  journal,
}: {
  readonly entry: JournalEntry;
  readonly journal: readonly JournalEntry[];
}): ReactElement {
  const { time } = useSession();
  const set = useTime((state) => state.set);
  const cause = entry.cause === null ? undefined : journal.find((other) => other.seq === entry.cause);
  const effect = journal.find((other) => other.cause === entry.seq);
  return (
    <>
      <span className={styles.mono}>{clock(entry.at)}</span> {LANE_NAMES[entry.lane]}
      {entry.node === "" ? "" : ` ${entry.node}`}: <b>{entry.title}</b>
      {entry.detail === "" ? "" : `. ${entry.detail}`}
      {entry.objects.length > 0 && (
        <span className={styles.mono}>
          {" "}
          {entry.objects
            .slice(0, 2)
            .map((key) => splitKey(key).name)
            .join(", ")}
          {entry.objects.length > 2 ? ` +${entry.objects.length - 2}` : ""}
        </span>
      )}
      {entry.revision === null ? "" : ` (revision ${entry.revision})`}
      {cause !== undefined && (
        <>
          {" "}
          <button type="button" className={styles.link} onClick={() => set({ picked: cause.seq })}>
            ← because {LANE_NAMES[cause.lane]}: {cause.title}
          </button>
        </>
      )}
      {effect !== undefined && (
        <>
          {" "}
          <button type="button" className={styles.link} onClick={() => set({ picked: effect.seq })}>
            → led to {effect.title}
          </button>
        </>
      )}{" "}
      <button type="button" className={styles.link} onClick={() => time.look(placeOf(entry))}>
        Look at this moment
      </button>
    </>
  );
}

function showWalk(walk: Walk): void {
  usePlayback.getState().show(walk);
  useUi.getState().set({ walk: walk.id });
}

/** One glyph per request: how it ended. Arrow keys go from one to the next. */
function Packets(props: {
  readonly walks: readonly Walk[];
  /** How many of them had been sent at the moment shown. */
  readonly sent: number;
  readonly layout: Layout;
  readonly current: number;
}): ReactElement {
  const { walks, sent, layout, current } = props;
  const { time } = useSession();
  const onKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    const buttons = [...event.currentTarget.querySelectorAll("button")];
    const to = buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + by];
    to?.focus();
    to?.click();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles.packets} role="group" aria-label="Packets" onKeyDown={onKey}>
      {walks.map((walk, i) => (
        <button
          key={walk.id}
          type="button"
          className={styles.packet}
          style={{ left: layout.walkX(i) }}
          aria-current={i === current}
          tabIndex={i === (current < 0 ? walks.length - 1 : current) ? 0 : -1}
          aria-label={`Walk ${walk.id}, ${clock(walk.startedAt)}, ${commandLine(walk).command}, ${OUTCOMES[walk.outcome]} after ${duration(walk.endedAt - walk.startedAt)}`}
          data-later={i >= sent || undefined}
          onClick={() => {
            // One that had not been sent yet is to be seen only when it had.
            if (i >= sent) time.look({ at: walk.endedAt, after: null });
            else showWalk(walk);
          }}
        >
          <RailGlyph kind={outcomeGlyph(walk.outcome)} size={13} />
        </button>
      ))}
    </div>
  );
}
