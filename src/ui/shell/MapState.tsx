import { useMirror } from "../../mirror/store.ts";
import { say, usePage } from "./page.ts";
import { placeDiagnostics } from "../editor/places.ts";
import { applyEdits, firstError } from "../editor/problems.ts";
import { useTabs } from "../editor/tabs.ts";
import { useUi } from "../state.ts";
import { Button } from "./Button.tsx";
import { Icon } from "./icons.tsx";
import { useSession, type Session } from "./session.ts";
import { DEFAULT_SCENARIO } from "../../scenarios/index.ts";
import { focusRegion, REGIONS } from "./useKeys.ts";
import { useSettled } from "./useSettled.ts";
import styles from "./MapState.module.css";

/** What kubectl says of a document that does not say yet what it is: the first words of one being typed. */
const UNFINISHED = /^(?:couldn't get version\/kind|error validating data: .*not set)/;
const BEGIN = "An object says its apiVersion and its kind first, as in apiVersion: v1 and kind: Service.";

/** A line above the map when it does not show the text as it stands, and why. */
export function MapState() {
  const report = useMirror((state) => state.report);
  const revision = useMirror((state) => state.revision);
  const ready = useMirror((state) => state.status === "ready" && state.commands.length > 0);
  const empty = usePage((state) => state.draft.trim() === "");
  const set = useUi((state) => state.set);
  const session = useSession();
  const tabs = useTabs((state) => state.tabs);
  const text = useMirror((state) => state.text);

  const settled = useSettled(report, report.accepted);

  if (ready && empty) {
    return (
      <div className={styles["state"]}>
        <div className={styles["words"]}>
          <h2>No objects yet</h2>
          <p>The workers are up and empty. Paste YAML into the editor, or start from a scenario.</p>
        </div>
        <Button look="primary" onClick={() => void session.openScenario(DEFAULT_SCENARIO)}>
          Open {DEFAULT_SCENARIO.title}
        </Button>
        <Button onClick={() => void paste(session)}>Paste</Button>
      </div>
    );
  }
  if (settled.accepted) return null;
  const error = firstError(settled.diagnostics);
  const fix = error?.fixes[0];
  const line = error?.range.startLine ?? null;
  // Lines as the reader counts them: in the file that they stand in.
  const place = error === null ? undefined : placeDiagnostics(tabs, text, [error])[0];
  const file = tabs.length === 1 ? "" : ` of ${tabs.find(({ id }) => id === place?.tab)?.name ?? ""}`;
  const unfinished = error !== null && UNFINISHED.test(error.message);
  const title =
    error === null
      ? "The text was not taken"
      : error.source === "yaml"
        ? `Line ${String(place?.range.startLine ?? error.range.startLine)}${file} is not YAML yet`
        : unfinished
          ? `Line ${String(place?.range.startLine ?? error.range.startLine)}${file} is no object yet`
          : "The API server said no";
  return (
    <div className={styles["state"]} data-tone="reject">
      <Icon name="error" />
      <div className={styles["words"]}>
        <h2>{title}</h2>
        {error !== null && (
          <p className={error.source === "yaml" || unfinished ? undefined : styles["machine"]}>
            {unfinished ? BEGIN : (place?.message ?? error.message)}
          </p>
        )}
        <p>The map still shows revision {revision}, the last text that was admitted.</p>
      </div>
      {fix !== undefined && (
        <Button
          look="primary"
          onClick={() => {
            session.replaceText(applyEdits(usePage.getState().draft, fix.edits));
            say(`Done: ${fix.title}`);
          }}
        >
          {fix.title}
        </Button>
      )}
      {line !== null && (
        <Button look={fix === undefined ? "primary" : "plain"} onClick={() => set({ revealLine: line })}>
          Go to line {place?.range.startLine ?? line}
          {file}
        </Button>
      )}
    </div>
  );
}

/** Takes the clipboard as the text, where the browser lets a page read it; else the editor is the place to paste into. */
async function paste(session: Session): Promise<void> {
  const text = await navigator.clipboard.readText().catch(() => "");
  if (text.trim() !== "") {
    session.replaceText(text);
    say("Pasted.");
    return;
  }
  useUi.getState().set({ phone: "yaml" });
  focusRegion(REGIONS.editor);
  say("Nothing could be read from the clipboard. Paste into the editor.");
}
