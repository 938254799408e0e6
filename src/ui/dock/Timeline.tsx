import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import { splitKey } from "../../model/meta/types.ts";
import type { Walk } from "../../model/trace/types.ts";
import type { JournalEntry } from "../../wire/protocol.ts";
import { outcomeGlyph, RailGlyph } from "../inspector/glyphs.tsx";
import type { PanelProps } from "../inspector/types.ts";
import { clock, commandLine, duration, OUTCOMES } from "../inspector/wording.ts";
import { usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { layOut, type Lane, type Layout } from "./lanes.ts";
import styles from "./Timeline.module.css";
import { useSize } from "./useSize.ts";
import { WalkStrip } from "./WalkStrip.tsx";
import { ticks } from "./warp.ts";

const END = 12;

/** Lanes of what the cluster did, the packets that were sent, and the walk on stage as a strip to scrub along. */
export function Timeline({ mirror }: PanelProps): ReactElement {
  const ground = useRef<HTMLDivElement>(null);
  const { width } = useSize(ground);
  const shown = usePlayback((state) => state.walk);
  const [picked, setPicked] = useState<JournalEntry | null>(null);

  const end = Math.max(mirror.end, 1, shown?.startedAt ?? 0);
  const layout = useMemo(
    () =>
      width === 0
        ? null
        : layOut(
            mirror.journal,
            mirror.walks.map((walk) => walk.startedAt),
            end,
            width - END,
          ),
    [mirror.journal, mirror.walks, end, width],
  );
  const events = useMemo(() => mirror.journal.filter((entry) => entry.lane !== "packets"), [mirror.journal]);
  useEffect(() => {
    // After a seek or an edit the history may no longer hold what was picked.
    setPicked((was) => (was !== null && mirror.journal.includes(was) ? was : null));
  }, [mirror.journal]);

  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== "[" && event.key !== "]") return;
    const at = picked === null ? -1 : events.indexOf(picked);
    const next =
      events[picked === null ? (event.key === "]" ? 0 : events.length - 1) : at + (event.key === "]" ? 1 : -1)];
    if (next !== undefined) setPicked(next);
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={styles.timeline} onKeyDown={onKey}>
      <div className={styles.scroll} tabIndex={0} role="group" aria-label="Events. Press ] and [ to go through them.">
        <div className={styles.labels}>
          {layout?.lanes.map((lane) => (
            <div key={lane.id} className={styles.label}>
              {lane.label}
            </div>
          ))}
          <div className={styles.label}>packets</div>
        </div>
        <div className={styles.ground} ref={ground}>
          {layout !== null && (
            <>
              <Axis layout={layout} end={end} width={width - END} />
              {layout.lanes.map((lane) => (
                <LaneRow
                  key={lane.id}
                  lane={lane}
                  layout={layout}
                  picked={picked}
                  width={width - END}
                  onPick={setPicked}
                />
              ))}
              <Packets walks={mirror.walks} layout={layout} shown={shown} />
              {shown !== null && (
                <i className={styles.playhead} style={{ left: layout.x(shown.startedAt) + 3.5 }} aria-hidden="true" />
              )}
            </>
          )}
        </div>
      </div>
      <p className={styles.caption} aria-live="polite">
        {picked === null ? null : <Caption entry={picked} journal={mirror.journal} />}
      </p>
      {shown === null ? (
        <p className={styles.nothing}>Nothing has been sent. Send a request to watch it hop.</p>
      ) : (
        <WalkStrip
          key={`${shown.id} ${shown.startedAt}`}
          walk={shown}
          from={layout === null ? null : layout.x(shown.startedAt) + 3.5}
        />
      )}
    </div>
  );
}

function Axis({
  layout,
  end,
  width,
}: {
  readonly layout: Layout;
  readonly end: number;
  readonly width: number;
}): ReactElement {
  const marks = useMemo(() => ticks(layout, 0, end, width, 110), [layout, end, width]);
  const step = (marks[1]?.at ?? end) - (marks[0]?.at ?? 0);
  const digits = Math.max(1, Math.min(6, -Math.floor(Math.log10(Math.max(step, 1) / 1e6))));
  return (
    <div className={styles.axis} aria-hidden="true">
      {layout.instants.map((instant) => (
        <i
          key={`i${instant.at}`}
          className={styles.instant}
          style={{ left: instant.from, width: instant.to - instant.from }}
        />
      ))}
      {marks.map(({ at, x }, i) => (
        <span key={at} className={styles.tick} style={{ left: x }} data-last={i > 0 && x > width - 30}>
          {(at / 1e6).toFixed(digits)} s
        </span>
      ))}
    </div>
  );
}

interface LaneProps {
  readonly lane: Lane;
  readonly layout: Layout;
  readonly picked: JournalEntry | null;
  readonly width: number;
  onPick(entry: JournalEntry): void;
}

/** Marks of one lane, with the title of a mark beside it where the lane is free. */
function LaneRow({ lane, picked, width, onPick }: LaneProps): ReactElement {
  const at = picked === null ? -1 : lane.marks.findIndex((mark) => mark.entries.includes(picked));
  return (
    <div className={styles.lane}>
      {lane.marks.map((mark, i) => {
        const room = (lane.marks[i + 1]?.x ?? width) - mark.x - mark.width - 12;
        const entry = mark.entries[0];
        if (entry === undefined) return null;
        const title = mark.entries.length > 1 ? `${entry.title}, and ${mark.entries.length - 1} more` : entry.title;
        return (
          <span key={entry.seq}>
            <i
              className={styles.mark}
              data-picked={i === at}
              style={{ left: mark.x, width: mark.width }}
              title={title}
              onClick={() => onPick(next(mark.entries, picked))}
            />
            {room > title.length * 6.2 && (
              <span className={styles.title} style={{ left: mark.x + mark.width + 6 }}>
                {title}
              </span>
            )}
          </span>
        );
      })}
    </div>
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
  readonly shown: Walk | null;
}): ReactElement {
  const { walks, layout, shown } = props;
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
  const current = walks.findIndex((walk) => walk.id === shown?.id);
  return (
    <div className={styles.packets} role="group" aria-label="Packets" onKeyDown={onKey}>
      {walks.map((walk, i) => (
        <button
          key={walk.id}
          type="button"
          className={styles.packet}
          style={{ left: layout.x(walk.startedAt) + 3.5 }}
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
