import { useEffect, useRef, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { Choices } from "../controls/requests.ts";
import { usePlayback } from "../playback.ts";
import { useSession } from "../shell/session.ts";
import { breaksOf } from "./breaks.ts";
import { breakIt } from "./mend.ts";
import styles from "./Present.module.css";

const NO_CHOICES: Choices = { from: [], to: [] };

/** What can be broken here, each with one press; the same request then shows what becomes of it. */
export function BreakPanel() {
  const session = useSession();
  const walk = usePlayback((state) => state.walk);
  const objects = useMirror((state) => state.objects);
  const broken = useMirror((state) => state.broken);
  const [busy, setBusy] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const breaks = walk === null ? [] : breaksOf(walk, { objects, broken, choices: NO_CHOICES });
  useEffect(() => list.current?.querySelector("button")?.focus(), []);
  return (
    <section className={styles["words"]} aria-label="Break it">
      <div className={styles["ask"]}>
        <h2>What if…</h2>
        <p className={styles["answered"]}>then the same request goes out again</p>
      </div>
      {breaks.length === 0 ? (
        <p className={styles["note"]}>This walk came by nothing that can be broken here.</p>
      ) : (
        <ul ref={list} className={styles["breaks"]}>
          {breaks.map((one, i) => (
            <li key={one.id}>
              <button
                type="button"
                className={styles["break"]}
                data-break={i + 1}
                aria-keyshortcuts={String(i + 1)}
                disabled={busy}
                onClick={() => {
                  setBusy(true);
                  void breakIt(session, one);
                }}
              >
                <kbd>{i + 1}</kbd>
                <span className={styles["breakText"]}>
                  <b>{one.title}</b>
                  <span>{one.detail}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
