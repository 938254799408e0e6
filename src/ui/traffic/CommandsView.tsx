import { useMirror } from "../../mirror/store.ts";
import { timeText } from "../../graph/names.ts";
import { titleOf } from "../actions/commandTitle.ts";
import { undoLast } from "../actions/perform.ts";
import { CopyButton } from "../inspector/CopyButton.tsx";
import { Button } from "../shell/Button.tsx";
import { useSession } from "../shell/session.ts";
import styles from "./Traffic.module.css";

/** What has been done since the start, as a link carries it: when, and as a line of a terminal or a sentence. */
export function CommandsView() {
  const session = useSession();
  const commands = useMirror((state) => state.commands);
  const text = commands.map(({ at, command }) => `${timeText(at)}\t${titleOf(command)}`).join("\n");
  const last = commands.at(-1);
  return (
    <>
      <div className={styles["tools"]}>
        <p className={styles["lead"]}>
          {commands.length} {commands.length === 1 ? "command" : "commands"} since the start. A shared link holds these
          and nothing else.
        </p>
        <Button
          disabled={last === undefined || commands.length === 1}
          onClick={() => void undoLast(session)}
          icon="reset"
        >
          Take back the last
        </Button>
        <CopyButton className={styles["copy"]} text={() => text}>
          Copy as text
        </CopyButton>
      </div>
      <ol className={styles["commands"]} aria-label="Commands">
        {commands.map(({ at, command }, index) => (
          <li key={index}>
            <span className={styles["when"]}>{timeText(at)}</span>
            <span className={styles["mono"]}>{titleOf(command)}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
