import { usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { REGIONS } from "../shell/useKeys.ts";
import styles from "./EditorPanel.module.css";
import { EditorFooter } from "./EditorFooter.tsx";

/** The text, editable from the first paint; Monaco takes over when it has arrived. */
export function EditorPanel() {
  const session = useSession();
  const draft = usePage((state) => state.draft);
  return (
    <section id={REGIONS.editor} className={styles["panel"]} aria-label="Editor" tabIndex={-1}>
      <div className={styles["body"]}>
        <textarea
          data-autofocus
          className={styles["plain"]}
          aria-label="Scenario YAML"
          spellCheck={false}
          value={draft}
          onChange={(event) => session.edit(event.target.value)}
        />
      </div>
      <EditorFooter />
    </section>
  );
}
