import { useEffect, useRef, useState } from "react";
import { mirror, useMirror } from "../../mirror/store.ts";
import { usePage, say } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { REGIONS } from "../shell/useKeys.ts";
import { useUi } from "../state.ts";
import { Crumbs } from "./Crumbs.tsx";
import { EditorFooter } from "./EditorFooter.tsx";
import type * as mount from "./mount.ts";
import { ObjectList } from "./ObjectList.tsx";
import type { MountedEditor } from "./mount.ts";
import { useFacts } from "./useFacts.ts";
import { useGutter } from "./useGutter.ts";
import { useProvenance } from "./useProvenance.ts";
import styles from "./EditorPanel.module.css";

/** The text, editable from the first paint; Monaco takes over when it has arrived, and nothing typed before is lost. */
export function EditorPanel() {
  const session = useSession();
  const host = useRef<HTMLDivElement>(null);
  const plain = useRef<HTMLTextAreaElement>(null);
  const [editor, setEditor] = useState<MountedEditor | null>(null);
  const [caret, setCaret] = useState({ line: 1, column: 1 });
  const draft = usePage((state) => state.draft);
  const draftRevision = usePage((state) => state.draftRevision);
  const theme = useUi((state) => state.theme);
  const diagnostics = useMirror((state) => state.report.diagnostics);
  const revealLine = useUi((state) => state.revealLine);
  const view = useUi((state) => state.editorView);
  const setUi = useUi((state) => state.set);
  const objectCount = useMirror((state) => state.objects.size);
  const provenance = useProvenance(caret.line, caret.column);

  useEffect(() => {
    let gone = false;
    let mounted: MountedEditor | null = null;
    void loadMonaco().then(async ({ mountEditor }) => {
      await composed(plain.current);
      const element = host.current;
      if (gone || element === null) return;
      const field = plain.current;
      const focused = field !== null && field === document.activeElement;
      // What is hidden cannot take focus, and React shows it only with the next render.
      element.dataset["ready"] = "";
      mounted = mountEditor({
        host: element,
        text: usePage.getState().draft,
        theme: useUi.getState().theme,
        caret: focused ? field.selectionStart : null,
        onText: (text) => session.edit(text),
        onLine: (line, column) => setCaret({ line, column }),
        say,
      });
      setEditor(mounted);
    });
    return () => {
      gone = true;
      mounted?.dispose();
      setEditor(null);
    };
  }, [session]);

  useEffect(() => {
    if (editor === null) return;
    let gone = false;
    session.client.query("schema", {}).then(
      ({ schema }) => gone || editor.setSchema(schema),
      () => gone || editor.setSchema(null),
    );
    return () => {
      gone = true;
    };
  }, [editor, session]);

  useEffect(() => editor?.setTheme(theme), [editor, theme]);
  useEffect(() => editor?.setDiagnostics(diagnostics), [editor, diagnostics]);
  useGutter(editor);
  useFacts(editor);

  // Only what came from outside: the editor's own text is already in it.
  useEffect(() => editor?.setText(usePage.getState().draft), [editor, draftRevision]);

  useEffect(() => {
    if (editor === null || revealLine === null) return;
    editor.reveal(revealLine);
    // Taken up: the same line can be asked for again.
    useUi.getState().set({ revealLine: null });
  }, [editor, revealLine]);

  const goTo = (line: number, column: number): void => {
    if (editor !== null) editor.goTo(line, column);
    else plainGoTo(plain.current, line, column);
  };

  return (
    <section
      id={REGIONS.editor}
      className={styles["panel"]}
      aria-label="Editor"
      tabIndex={-1}
      onFocus={(event) => {
        if (event.target === event.currentTarget) {
          if (editor !== null) editor.focus();
          else plain.current?.focus();
        }
      }}
    >
      <header className={styles["head"]}>
        <div className={styles["views"]} role="group" aria-label="Text or objects">
          <h2>
            <button type="button" aria-pressed={view === "text"} onClick={() => setUi({ editorView: "text" })}>
              scenario.yaml
            </button>
          </h2>
          <button type="button" aria-pressed={view === "objects"} onClick={() => setUi({ editorView: "objects" })}>
            Objects <span>{objectCount}</span>
          </button>
        </div>
        {view === "text" && <Crumbs provenance={provenance} />}
      </header>
      {view === "objects" && <ObjectList />}
      <div className={styles["body"]} hidden={view !== "text"}>
        {editor === null && (
          <textarea
            ref={plain}
            className={styles["plain"]}
            aria-label="Scenario YAML"
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            value={draft}
            onCompositionStart={(event) => (event.currentTarget.dataset["composing"] = "")}
            onCompositionEnd={(event) => delete event.currentTarget.dataset["composing"]}
            onChange={(event) => session.edit(event.target.value)}
          />
        )}
        <div ref={host} className={styles["monaco"]} data-ready={editor !== null || undefined} />
      </div>
      <EditorFooter goTo={goTo} />
    </section>
  );
}

let monacoChunk: Promise<typeof mount> | null = null;

/** After the first picture: the cluster's frame first, then a quiet moment, then Monaco. */
function loadMonaco(): Promise<typeof mount> {
  monacoChunk ??= new Promise<void>((resolve) => {
    const quiet = (): void => {
      if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: 1_000 });
      else setTimeout(resolve, 200);
    };
    const pictured = (): boolean => mirror.getState().status !== "starting" && mirror.getState().commands.length > 0;
    if (pictured()) {
      quiet();
      return;
    }
    // A simulator that does not come must not keep the editor away.
    const late = setTimeout(quiet, 3_000);
    const stop = mirror.subscribe(() => {
      if (!pictured()) return;
      stop();
      clearTimeout(late);
      quiet();
    });
  }).then(() => import("./mount.ts"));
  return monacoChunk;
}

/** Waits until an input method has finished its word: the field under it is about to go. */
function composed(field: HTMLTextAreaElement | null): Promise<void> {
  if (field?.dataset["composing"] === undefined) return Promise.resolve();
  return new Promise((resolve) => field.addEventListener("compositionend", () => resolve(), { once: true }));
}

function plainGoTo(field: HTMLTextAreaElement | null, line: number, column: number): void {
  if (field === null) return;
  const lines = field.value.split("\n");
  const offset = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  field.focus();
  field.setSelectionRange(offset, offset);
}
