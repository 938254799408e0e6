/** What the footer has to say beside the problems: files that came, files that went, and what a browser cannot keep. */
import { useState, type ReactNode } from "react";
import { Button } from "../shell/Button.tsx";
import { useSession } from "../shell/session.ts";
import { dismissImport, useImport } from "./importState.ts";
import { count } from "./problems.ts";
import { forgetClosed, reopenTab, useTabs } from "./tabs.ts";
import { useUndoStore } from "./undoStore.ts";
import styles from "./EditorPanel.module.css";

interface NoteProps {
  readonly children: ReactNode;
  readonly about: string;
  readonly onClose: () => void;
  readonly action?: ReactNode;
}

function Note({ children, about, onClose, action }: NoteProps) {
  return (
    <div className={styles["note"]} role="group" aria-label={about}>
      <div>{children}</div>
      {action}
      <Button look="bare" icon="close" aria-label={`Dismiss: ${about}`} onClick={onClose} />
    </div>
  );
}

/** Files that were dropped, pasted or chosen. */
export function ImportNote() {
  const { progress, added, refused } = useImport();
  if (progress !== null)
    return (
      <Note about="Opening files" onClose={dismissImport}>
        <p>
          {progress.read} of {count(progress.of, "file")} read
        </p>
        <progress aria-label="Files read" value={progress.read} max={progress.of} />
      </Note>
    );
  if (added.length + refused.length === 0) return null;
  return (
    <Note about="Opened files" onClose={dismissImport}>
      {added.length > 0 && (
        <p>
          <b>{added.length > 3 ? `${count(added.length, "file")} opened.` : `${added.join(", ")} opened.`}</b> Nothing
          left this browser.
        </p>
      )}
      {refused.map((words) => (
        <p key={words}>{words}</p>
      ))}
    </Note>
  );
}

/** The file that was closed last, with the way back. */
export function ClosedNote() {
  const session = useSession();
  const closed = useTabs((state) => state.closed);
  if (closed === null) return null;
  return (
    <Note about="Closed file" onClose={forgetClosed} action={<Button onClick={() => reopenTab(session)}>Undo</Button>}>
      <p>
        <b>{closed.tab.name} is closed.</b> Its objects left the cluster.
      </p>
    </Note>
  );
}

/** Said once: nothing else is lost. */
export function ForgetfulNote() {
  const forgetful = useUndoStore((state) => state.forgetful);
  const [seen, setSeen] = useState(false);
  if (!forgetful || seen) return null;
  return (
    <Note about="Undo after a reload" onClose={() => setSeen(true)}>
      <p>This browser keeps no history for undo across reloads: its storage is full or blocked.</p>
    </Note>
  );
}
