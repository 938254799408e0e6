import { useId, useState, type MouseEvent } from "react";
import { RailGlyph } from "../inspector/glyphs.tsx";
import { useLesson } from "../lessons/state.ts";
import { useSession } from "../shell/session.ts";
import { seeItHappen, stepToDo } from "./lesson.ts";
import type { Choice, Question } from "./questions.ts";
import { count, handsOf, isAnswered, setRoom, useShow } from "./show.ts";
import styles from "./Present.module.css";

export const LETTERS = ["A", "B", "C", "D", "E", "F"] as const;

/** A question to the room, hands counted by choice; once it is answered, what is so. */
export function QuestionPanel({ question }: { readonly question: Question }) {
  const state = useShow();
  // Choice whose reason is asked for.
  const [about, setAbout] = useState<Choice | null>(null);
  const answered = isAnswered(state, question);
  const hands = handsOf(state, question);
  const total = hands.reduce((sum, n) => sum + n, 0);
  return (
    <section className={styles["words"]} aria-label="Question" data-question={answered ? "answered" : "asked"}>
      <div className={styles["ask"]}>
        <h2>{question.ask}</h2>
        <Answered total={total} room={state.room} />
      </div>
      <ul className={styles["choices"]} data-count={question.choices.length}>
        {question.choices.map((choice, i) => (
          <ChoiceCard
            key={choice.id}
            choice={choice}
            index={i}
            hands={hands[i] ?? 0}
            total={total}
            right={answered ? choice.id === question.right : null}
            onWhy={answered && choice.why !== "" ? () => setAbout(choice) : null}
          />
        ))}
      </ul>
      <div className={styles["answer"]} role="status">
        <p>{answered ? (about?.why ?? question.why) : ""}</p>
        {answered && question.id === "lesson" && <DoIt />}
      </div>
    </section>
  );
}

/** How many have raised a hand, of how many. */
function Answered({ total, room }: { readonly total: number; readonly room: number | null }) {
  const id = useId();
  return (
    <p className={styles["answered"]}>
      <b data-testid="hands">{total}</b> <label htmlFor={id}>of</label>{" "}
      <input
        id={id}
        type="number"
        inputMode="numeric"
        min={1}
        max={999}
        placeholder="–"
        aria-label="People in the room"
        value={room ?? ""}
        onChange={(event) => {
          const value = Math.floor(Number(event.target.value));
          setRoom(value > 0 ? Math.min(999, value) : null);
        }}
      />{" "}
      answered
    </p>
  );
}

interface ChoiceCardProps {
  readonly choice: Choice;
  readonly index: number;
  readonly hands: number;
  /** Of all choices. */
  readonly total: number;
  /** Null: not told yet. */
  readonly right: boolean | null;
  /** Tells why it is so or not, where there is more to be told. */
  readonly onWhy: (() => void) | null;
}

function ChoiceCard({ choice, index, hands, total, right, onWhy }: ChoiceCardProps) {
  const letter = LETTERS[index] ?? "";
  const told = right !== null;
  const onClick = (event: MouseEvent): void => count(index, event.shiftKey ? -1 : 1);
  const face = (
    <>
      <span className={styles["letter"]}>{told && right ? <RailGlyph kind="delivered" size={40} /> : letter}</span>
      <span className={styles["choiceText"]}>
        <b data-machine={choice.isMachine || undefined}>{choice.text}</b>
        {choice.note !== "" && <span>{choice.note}</span>}
        {told && right && <em>This is so</em>}
      </span>
      {(hands > 0 || (told && total > 0)) && (
        <span className={styles["hands"]}>
          {hands}
          <span className="kh-hidden"> {hands === 1 ? "hand" : "hands"}</span>
        </span>
      )}
      {told && hands > 0 && (
        <i className={styles["bar"]} style={{ width: `${String((hands / total) * 100)}%` }} aria-hidden="true" />
      )}
    </>
  );
  return (
    <li data-right={right ?? undefined}>
      {told ? (
        onWhy === null ? (
          <div className={styles["choice"]}>{face}</div>
        ) : (
          <button type="button" className={styles["choice"]} onClick={onWhy}>
            {face}
            <span className="kh-hidden">: why?</span>
          </button>
        )
      ) : (
        <>
          <button
            type="button"
            className={styles["choice"]}
            aria-keyshortcuts={`${letter} ${String(index + 1)}`}
            onClick={onClick}
          >
            {face}
          </button>
          {hands > 0 && (
            <button
              type="button"
              className={styles["less"]}
              aria-label={`One hand less for ${letter}`}
              onClick={() => count(index, -1)}
            >
              −
            </button>
          )}
        </>
      )}
    </li>
  );
}

/** The lesson's own way to find out. */
function DoIt() {
  const session = useSession();
  const isToDo = useLesson((state) => stepToDo(state) !== null);
  return (
    isToDo && (
      <button type="button" className={styles["primary"]} onClick={() => seeItHappen(session)}>
        See it happen
      </button>
    )
  );
}
