import { Fragment, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import { splitKey } from "../../model/meta/types.ts";
import type { Micros } from "../../base/time.ts";
import type { Walk } from "../../model/trace/types.ts";
import type { JournalEntry } from "../../wire/protocol.ts";
import { castOf } from "../../graph/read.ts";
import type { MirrorState } from "../../mirror/types.ts";
import { outcomeGlyph, RailGlyph } from "../inspector/glyphs.tsx";
import type { PanelProps } from "../inspector/types.ts";
import { clock, commandLine, duration, OUTCOMES } from "../inspector/wording.ts";
import { usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { layOut, type Layout, type Mark } from "./lanes.ts";
import styles from "./Timeline.module.css";
import { useSize } from "./useSize.ts";
import { WalkStrip } from "./WalkStrip.tsx";
import { ticks } from "./warp.ts";

const END = 12;

/** A lane's name as its column takes it: of a long node name the ends say the most. */
const shortLane = (label: string): string => (label.length > 22 ? `${label.slice(0, 14)}…${label.slice(-6)}` : label);

/** Lanes of what the cluster did, the packets that were sent, and the walk on stage as a strip to scrub along. */
export function Timeline({ mirror }: PanelProps): ReactElement {
  const ground = useRef<HTMLDivElement>(null);
  const { width } = useSize(ground);
  const shown = usePlayback((state) => state.walk);
  const { walks } = mirror;
  const journal = useShownJournal(mirror, shown);
  const [chosen, setPicked] = useState<JournalEntry | null>(null);
  // After a seek or an edit the history may no longer hold what was picked.
  const picked = useMemo(() => (chosen !== null && journal.includes(chosen) ? chosen : null), [chosen, journal]);

  const end = Math.max(mirror.end, 1);
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
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== "[" && event.key !== "]") return;
    const by = event.key === "]" ? 1 : -1;
    const at = picked === null ? (by > 0 ? -1 : journal.length) : journal.indexOf(picked);
    const next = journal[at + by];
    if (next !== undefined) setPicked(next);
    event.preventDefault();
    event.stopPropagation();
  };

  const index = shown === null ? -1 : walks.findIndex((walk) => walk.id === shown.id);
  const head = layout === null || shown === null ? null : index >= 0 ? layout.walkX(index) : layout.x(shown.startedAt);

  return (
    <div className={styles.timeline} onKeyDown={onKey}>
      <div className={styles.scroll} tabIndex={0} role="group" aria-label="Events. Press ] and [ to go through them.">
        <div className={styles.labels}>
          {layout?.lanes.map((lane) => (
            <div key={lane.id} className={styles.label}>
              {shortLane(lane.label)}
            </div>
          ))}
          <div className={styles.label}>packets</div>
        </div>
        <div className={styles.ground} ref={ground}>
          {layout !== null && (
            <>
              <Axis layout={layout} end={end} width={width - END} />
              {layout.lanes.map((lane) => (
                <div key={lane.id} className={styles.lane}>
                  <Marks marks={lane.marks} picked={picked} until={width - END} onPick={setPicked} />
                </div>
              ))}
              <div className={styles.lane}>
                <Marks
                  marks={layout.commands}
                  picked={picked}
                  until={walks.length > 0 ? layout.walkX(0) - 12 : width}
                  hollow
                  onPick={setPicked}
                />
                <Packets walks={walks} layout={layout} current={index} />
              </div>
              {head !== null && <i className={styles.playhead} style={{ left: head }} aria-hidden="true" />}
            </>
          )}
        </div>
      </div>
      <div className={styles.below}>
        <p className={styles.caption} aria-live="polite" data-picked={picked !== null}>
          {picked === null ? null : <Caption entry={picked} journal={journal} />}
        </p>
        {shown === null ? (
          <p className={styles.nothing}>Nothing has been sent. Send a request to watch it hop.</p>
        ) : (
          <WalkStrip key={`${shown.id} ${shown.startedAt}`} walk={shown} from={head} />
        )}
      </div>
    </div>
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
  // The last label stands before its line, not behind it, and may come upon the one before.
  const [before, last] = marks.slice(-2);
  const crowded = before !== undefined && last !== undefined && last.x > width - 40 && last.x - before.x < 110;
  const digits = Math.max(unit === 1 ? 0 : 1, Math.min(3, Math.ceil(-Math.log10(Math.max(step, 1) / unit))));
  return (
    <div className={styles.axis} aria-hidden="true">
      {layout.instants.map(({ at, from, to, steps }) => (
        <i key={`i${at}`} className={styles.instant} style={{ left: from, width: to - from }}>
          {to - from > 220 && <span>{steps} steps in one instant</span>}
        </i>
      ))}
      {marks.map(({ at, x }, i) =>
        i === marks.length - 2 && crowded ? null : (
          <span key={at} className={styles.tick} style={{ left: x }} data-last={i > 0 && x > width - 40}>
            {(at / unit).toFixed(digits)} {name}
          </span>
        ),
      )}
    </div>
  );
}

interface MarksProps {
  readonly marks: readonly Mark[];
  readonly picked: JournalEntry | null;
  /** Titles must end before this. */
  readonly until: number;
  /** The reader's own doing, not the cluster's. */
  readonly hollow?: boolean;
  onPick(entry: JournalEntry): void;
}

/** The journal without what kube-proxy does on nodes that the map leaves out: the control plane's, unless a packet goes there. */
function useShownJournal(mirror: MirrorState, walk: Walk | null): readonly JournalEntry[] {
  const { journal, objects } = mirror;
  const names = useMemo(() => castOf({ objects }, walk).nodes.map((node) => node.metadata.name), [objects, walk]);
  const key = names.join();
  return useMemo(() => {
    const shown = new Set(key.split(","));
    return journal.filter((entry) => entry.lane !== "kube-proxy" || shown.has(entry.node));
  }, [journal, key]);
}

/** The marks of a lane, with the title of a mark beside it where the lane is free. */
function Marks({ marks, picked, until, hollow = false, onPick }: MarksProps): ReactElement {
  const at = picked === null ? -1 : marks.findIndex((mark) => mark.entries.includes(picked));
  return (
    <>
      {marks.map((mark, i) => {
        const entry = mark.entries[0];
        if (entry === undefined) return null;
        const room = Math.min(marks[i + 1]?.x ?? Infinity, until) - mark.x - mark.width - 12;
        const title = mark.entries.length > 1 ? `${entry.title}, and ${mark.entries.length - 1} more` : entry.title;
        return (
          <Fragment key={entry.seq}>
            <i
              className={styles.mark}
              data-picked={i === at}
              data-hollow={hollow}
              style={{ left: mark.x, width: mark.width }}
              title={title}
              onClick={() => onPick(next(mark.entries, picked))}
            />
            {room > title.length * 6 && (
              <span className={styles.title} style={{ left: mark.x + mark.width + 4 }}>
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

const LANE_NAMES: Readonly<Record<JournalEntry["lane"], string>> = {
  api: "API server",
  controllers: "controllers",
  kubelet: "kubelet",
  "kube-proxy": "kube-proxy",
  packets: "packets",
  user: "you",
};

function Caption({
  entry,
  journal,
}: {
  readonly entry: JournalEntry;
  readonly journal: readonly JournalEntry[];
}): ReactElement {
  const cause = entry.cause === null ? undefined : journal.find((other) => other.seq === entry.cause);
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
          ← {LANE_NAMES[cause.lane]}: {cause.title}
        </>
      )}
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
  readonly layout: Layout;
  readonly current: number;
}): ReactElement {
  const { walks, layout, current } = props;
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
          onClick={() => showWalk(walk)}
        >
          <RailGlyph kind={outcomeGlyph(walk.outcome)} size={13} />
        </button>
      ))}
    </div>
  );
}
