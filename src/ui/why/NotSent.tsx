import { useEffect, useState, type ReactElement } from "react";
import type { Request } from "../../model/trace/types.ts";
import { useMirror } from "../../mirror/store.ts";
import { useSession } from "../shell/session.ts";
import { askWhy } from "./ask.ts";
import { FindingBody, FindingHead } from "./FindingCard.tsx";
import type { Answer } from "./state.ts";
import styles from "./NotSent.module.css";

interface Props {
  readonly request: Request;
  /** The refusal, in the words in which it was given. */
  readonly message: string;
}

/** A request that could not even be sent: the refusal and, where one is known, the reason and the edit that mends it. */
export function NotSent({ request, message }: Props): ReactElement {
  const session = useSession();
  const revision = useMirror((state) => state.revision);
  const [answer, setAnswer] = useState<Answer | null>(null);
  useEffect(() => {
    let current = true;
    void askWhy(session, request).then((found) => {
      if (current) setAnswer(found);
    });
    return () => {
      current = false;
    };
  }, [session, request, revision]);
  const told = answer?.told[0];
  return (
    <div className={styles["notSent"]}>
      <p role="alert">{message}</p>
      {told !== undefined && answer !== null && (
        <details>
          <summary>
            <FindingHead finding={told.finding} />
            <span>What stands in its way{told.finding.fix === null ? "" : ", and the edit that mends it"}</span>
          </summary>
          <div className={styles["body"]}>
            <FindingBody
              finding={told.finding}
              edited={told.edited}
              text={answer.text}
              request={request}
              exploration={null}
              said={message}
            />
          </div>
        </details>
      )}
    </div>
  );
}
