import { lazy, Suspense, useMemo, type ReactElement } from "react";
import type { Walk } from "../../model/trace/types.ts";
import { useStory } from "../controlplane/state.ts";
import { usePlayback } from "../playback.ts";
import { CopyButton } from "./CopyButton.tsx";
import { fraction } from "./fraction.ts";
import { useNothingSent } from "../shell/useNothingSent.ts";
import styles from "./Inspector.module.css";
import { Ladder } from "./Ladder.tsx";
import { chanceOf, Summary } from "./Summary.tsx";
import { OutcomeTag } from "./Tag.tsx";
import type { PanelProps } from "./types.ts";
import { useCurrentHop, useWholeWalk } from "./useCurrentHop.ts";
import { walkText } from "./walkText.ts";
import { answerText, commandLine, duration, walkTitle } from "./wording.ts";

// Read once a hop is gone to: until then the walk is told as a whole.
const HopDetail = lazy(() => import("./HopDetail.tsx").then(({ HopDetail: component }) => ({ default: component })));
const Story = lazy(() => import("../controlplane/Story.tsx").then(({ Story: component }) => ({ default: component })));

// Not needed for the first picture.
const WhyCard = lazy(() => import("../why/WhyCard.tsx").then(({ WhyCard: component }) => ({ default: component })));
const ExportMenu = lazy(() =>
  import("../exchange/ExportMenu.tsx").then(({ ExportMenu: component }) => ({ default: component })),
);

/** The walk on stage, read from top to bottom: how it ended, its ladder, the current hop and why. */
export function Inspector({ mirror, query, exploration }: PanelProps): ReactElement {
  const { walk, selection, hop } = useCurrentHop();
  const whole = useWholeWalk();
  const chance = useMemo(() => chanceOf(walk, exploration), [walk, exploration]);
  const telling = useStory((state) => state.story !== null);
  if (telling)
    return (
      <Suspense>
        <Story />
      </Suspense>
    );
  if (walk === null) return <Nothing nodes={mirror.proxies.length} starting={mirror.journal.length === 0} />;
  return (
    <div className={styles.inspector}>
      <WalkHead walk={walk} />
      <div className={styles.body} key={`${walk.id} ${walk.startedAt}`}>
        {walk.outcome !== "delivered" && <Outcome walk={walk} />}
        {walk.outcome !== "delivered" && (
          <Suspense>
            <WhyCard walk={walk} exploration={exploration} />
          </Suspense>
        )}
        <Ladder bare />
        {walk.children.length > 0 && <Children walks={walk.children} />}
        {whole ? (
          <div className={styles.hop}>
            <Summary walk={walk} chance={chance} />
          </div>
        ) : (
          hop !== null &&
          selection !== null && (
            <div className={styles.hop}>
              <Suspense>
                <HopDetail mirror={mirror} query={query} walk={walk} selection={selection} hop={hop} />
              </Suspense>
            </div>
          )
        )}
        {!whole && walk.outcome === "delivered" && <Outcome walk={walk} />}
        {walk.outcome === "delivered" && (
          <Suspense>
            <WhyCard walk={walk} exploration={exploration} />
          </Suspense>
        )}
      </div>
      <footer className={styles.foot}>
        <CopyButton className={styles.copy} text={() => walkText(walk)}>
          Copy as text
        </CopyButton>
        <Suspense fallback={<span className={styles.copy}>Export</span>}>
          <ExportMenu walk={walk} />
        </Suspense>
        <span className={styles.keys}>
          <kbd>J</kbd> <kbd>K</kbd> hop
        </span>
      </footer>
    </div>
  );
}

function WalkHead({ walk }: { readonly walk: Walk }): ReactElement {
  const { command, from } = commandLine(walk);
  return (
    <header className={styles.head}>
      <div className={styles.line}>
        <h2>{walkTitle(walk)}</h2>
        <OutcomeTag outcome={walk.outcome} />
        {walk.id === 0 && walk.probability < 1 && (
          <span className={styles.chance}>{fraction(walk.probability)} of requests</span>
        )}
        <span className={styles.duration}>{duration(walk.endedAt - walk.startedAt)}</span>
      </div>
      <p className={styles.command}>
        {command} <span>from</span> {from}
      </p>
    </header>
  );
}

/** What happened in a sentence; and, when it did not arrive, what the client's terminal shows. */
function Outcome({ walk }: { readonly walk: Walk }): ReactElement | null {
  if (walk.summary === "" && walk.outcome === "delivered") return null;
  return (
    <div className={styles.outcome}>
      {walk.outcome !== "delivered" && walk.symptom !== "" && <pre className={styles.symptom}>{walk.symptom}</pre>}
      {walk.summary !== "" && <p>{walk.summary}</p>}
    </div>
  );
}

/** Walks that this one had to make first: a name lookup, a proxy's second leg. */
function Children({ walks }: { readonly walks: readonly Walk[] }): ReactElement {
  return (
    <ul className={styles.children} aria-label="Walks within this one">
      {walks.map((walk, i) => (
        <li key={i}>
          <button type="button" onClick={() => usePlayback.getState().show(walk, { paused: true })}>
            <span>{commandLine(walk).command}</span>
            {walk.dns === undefined ? (
              <OutcomeTag outcome={walk.outcome} />
            ) : (
              <span className={styles.answer}>{answerText(walk.dns)}</span>
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Nothing({ nodes, starting }: { readonly nodes: number; readonly starting: boolean }): ReactElement {
  const nothing = useNothingSent();
  return (
    <div className={styles.inspector}>
      <div className={styles.empty}>
        <svg viewBox="0 0 240 60" width="240" height="60" aria-hidden="true">
          <path
            d="M12 34h216M12 26v16M66 26v16M120 26v16M174 26v16M228 26v16"
            stroke="var(--line-strong)"
            strokeWidth="2"
            fill="none"
          />
          <path d="M12 12v30" stroke="var(--request)" strokeWidth="3" />
          <path d="M5 2h14v9l-7 6-7-6z" fill="var(--request)" />
        </svg>
        <h2>{starting ? "The cluster is starting" : nothing}</h2>
        <p>
          {starting
            ? "Its first request appears here."
            : `${nodes > 0 ? `The rules are written on ${nodes === 1 ? "the node" : `all ${nodes} nodes`}. ` : ""}Send a request to watch it hop.`}
        </p>
      </div>
    </div>
  );
}
