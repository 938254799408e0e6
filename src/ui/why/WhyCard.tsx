import { useEffect, useRef, type ReactElement } from "react";
import type { Exploration, Walk } from "../../model/trace/types.ts";
import { Button } from "../shell/Button.tsx";
import { useSession } from "../shell/session.ts";
import { FindingBody, FindingHead } from "./FindingCard.tsx";
import { isDiagnosis, useWhy, type Answer, type Told } from "./state.ts";
import { fateText, headline, tallyText } from "./words.ts";
import styles from "./WhyCard.module.css";

/** Where the card that W leads to is. */
export const WHY_ID = "kh-why";

interface Props {
  readonly walk: Walk;
  readonly exploration: Exploration | null;
}

/** Why the walk on stage did not arrive, and the edit with which it does; for one that arrived, what is worth knowing about it. */
export function WhyCard({ walk, exploration }: Props): ReactElement | null {
  const answer = useWhy((state) => state.answer);
  const slow = useWhy((state) => state.slow);
  const wanted = useWhy((state) => state.wanted);
  const card = useRef<HTMLElement>(null);
  const there = answer !== null;
  useEffect(() => {
    if (!wanted || !there) return;
    useWhy.setState({ wanted: false });
    card.current?.focus();
    card.current?.scrollIntoView({ block: "nearest" });
  }, [wanted, there]);
  const failed = walk.outcome !== "delivered";
  if (answer === null)
    return failed || slow ? (
      <section className={styles["card"]} aria-label="Why not" aria-busy="true">
        <p className={styles["waiting"]} role="status">
          {slow ? "Following every branch, and every edit in a fork." : ""}
        </p>
      </section>
    ) : null;
  if (!failed && isDiagnosis(answer.diagnosis) && answer.told.length === 0) return null;
  return (
    <section
      id={WHY_ID}
      ref={card}
      className={styles["card"]}
      aria-label={failed ? "Why not" : "Worth knowing"}
      tabIndex={-1}
    >
      <Content answer={answer} failed={failed} exploration={exploration} said={walk.summary} />
      {slow && (
        <p className={styles["again"]} role="status">
          Asked again for the cluster as it is now.
        </p>
      )}
    </section>
  );
}

interface ContentProps {
  readonly answer: Answer;
  readonly failed: boolean;
  readonly said: string;
  readonly exploration: Exploration | null;
}

function Content({ answer, failed, exploration, said }: ContentProps): ReactElement {
  const { diagnosis, told, request, text } = answer;
  const session = useSession();
  if (!isDiagnosis(diagnosis)) return <p className={styles["rest"]}>{diagnosis.message}</p>;
  const shared = { request, text, exploration, said };
  const [first, ...others] = told;
  if (first === undefined)
    return diagnosis.outcome === "delivered" ? (
      <div className={styles["mended"]}>
        <h3 className={styles["headline"]}>Sent now, it arrives</h3>
        <p className={styles["rest"]}>The cluster has changed since this walk: every branch reaches an endpoint.</p>
        <Button look="primary" onClick={() => void session.send(request)}>
          Send it again
        </Button>
      </div>
    ) : (
      <div className={styles["mended"]}>
        <h3 className={styles["headline"]}>No known cause fits</h3>
        <p className={styles["rest"]}>
          The hop where it ends tells what happened; none of the causes that are known explains it, and no edit is
          proposed.
        </p>
      </div>
    );
  // What arrived needs no explaining: it is there for who wants to know.
  const isGrave = failed || first.finding.severity === "error";
  return (
    <>
      {isGrave && (
        <>
          <div className={styles["top"]}>
            <FindingHead finding={first.finding} />
            <span className={styles["fate"]}>{fateText(diagnosis)}</span>
          </div>
          <FindingBody key={first.finding.id} {...shared} {...first} />
        </>
      )}
      {(isGrave ? others : told).length > 0 && (
        <Further told={isGrave ? others : told} title={isGrave ? "Further findings" : "Worth knowing"} {...shared} />
      )}
    </>
  );
}

interface FurtherProps extends Omit<Parameters<typeof FindingBody>[0], "finding" | "edited"> {
  readonly told: readonly Told[];
  readonly title: string;
}

function Further({ told, title, ...shared }: FurtherProps): ReactElement {
  return (
    <section className={styles["further"]}>
      <h3>
        {title} <span>{tallyText(told.map(({ finding }) => finding))}</span>
      </h3>
      {told.map((one) => (
        <details key={one.finding.id}>
          <summary>
            <FindingHead finding={one.finding} />
            <span className={styles["brief"]}>{headline(one.finding.cause).head}</span>
          </summary>
          <div className={styles["inner"]}>
            <FindingBody {...shared} {...one} />
          </div>
        </details>
      ))}
    </section>
  );
}
