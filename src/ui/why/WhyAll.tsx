import type { ReactElement } from "react";
import { useMirror } from "../../mirror/store.ts";
import { Button } from "../shell/Button.tsx";
import { useSession } from "../shell/session.ts";
import { checkCluster, useWhyAll } from "./all.ts";
import { FindingBody, FindingHead } from "./FindingCard.tsx";
import styles from "./WhyAll.module.css";
import { headline, tallyText } from "./words.ts";

/** A button that checks the whole cluster, and the list of what it found. */
export function WhyAll(): ReactElement {
  const session = useSession();
  const { asking, diagnosis, edited, text, revision, refused } = useWhyAll();
  const now = useMirror((state) => state.revision);
  return (
    <section className={styles["all"]} aria-label="The whole cluster">
      <div className={styles["bar"]}>
        <Button aria-disabled={asking || undefined} onClick={() => void checkCluster(session)}>
          Check the whole cluster
        </Button>
        <p role="status">
          {asking
            ? "Following every request that is meant to arrive."
            : diagnosis === null
              ? ""
              : diagnosis.findings.length === 0
                ? `Nothing is wrong: ${String(diagnosis.asked)} requests followed.`
                : `${tallyText(diagnosis.findings)}; ${String(diagnosis.asked)} requests followed${revision === now ? "" : `, at revision ${String(revision)}`}.`}
        </p>
      </div>
      {refused !== null && <p className={styles["refused"]}>{refused}</p>}
      {diagnosis !== null && diagnosis.findings.length > 0 && (
        <ul>
          {diagnosis.findings.map((finding, i) => (
            <li key={`${finding.id} ${finding.request.from} ${finding.request.to} ${String(i)}`}>
              <details>
                <summary>
                  <FindingHead finding={finding} />
                  <span className={styles["brief"]}>{headline(finding.cause).head}</span>
                </summary>
                <div className={styles["inner"]}>
                  <p className={styles["request"]}>
                    <code>
                      {finding.request.from} → {finding.request.to}
                    </code>
                    <Button onClick={() => void session.send(finding.request)}>Send it</Button>
                  </p>
                  <FindingBody
                    finding={finding}
                    edited={edited[i] ?? null}
                    text={text}
                    request={finding.request}
                    exploration={null}
                    said=""
                  />
                </div>
              </details>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
