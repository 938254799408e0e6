import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { mirror, useMirror } from "../../mirror/store.ts";
import { usePage, say } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { REGIONS } from "../shell/useKeys.ts";
import { useUi } from "../state.ts";
import { Crumbs } from "./Crumbs.tsx";
import { EditorFooter } from "./EditorFooter.tsx";
import { firstLines, joinFiles, lineOf } from "./files.ts";
import type * as mount from "./mount.ts";
import { ObjectList } from "./ObjectList.tsx";
import type { MountedEditor } from "./mount.ts";
import { placeDiagnostics, spotter } from "./places.ts";
import { count, problemsOf } from "./problems.ts";
import { PANEL_ID, Tabs, type Tally } from "./Tabs.tsx";
import { activate, activeTab, editTab, useTabs } from "./tabs.ts";
import { keepVersions, tellUndone } from "./undoStore.ts";
import { useOffers } from "./useOffers.ts";
import { useFacts } from "./useFacts.ts";
import { useGutter } from "./useGutter.ts";
import { useProvenance } from "./useProvenance.ts";
import { useExpectations } from "../why/checks.ts";
import { openWhy } from "../why/open.ts";
import { useEditorHints } from "../why/useEditorHints.ts";
import styles from "./EditorPanel.module.css";

const LiveView = lazy(() => import("./LiveView.tsx").then(({ LiveView: component }) => ({ default: component })));

/** The files, editable from the first paint; Monaco takes over when it has arrived, and nothing typed before is lost. */
export function EditorPanel() {
  const session = useSession();
  const host = useRef<HTMLDivElement>(null);
  const plain = useRef<HTMLTextAreaElement>(null);
  const [editor, setEditor] = useState<MountedEditor | null>(null);
  const [caret, setCaret] = useState({ tab: 0, line: 1, column: 1 });
  const tabs = useTabs((state) => state.tabs);
  const active = useTabs((state) => state.active);
  const shape = useTabs((state) => state.tabs.map(({ id }) => id).join(" "));
  const draftRevision = usePage((state) => state.draftRevision);
  const theme = useUi((state) => state.theme);
  const diagnostics = useMirror((state) => state.report.diagnostics);
  const revealLine = useUi((state) => state.revealLine);
  const view = useUi((state) => state.editorView);
  const setUi = useUi((state) => state.set);
  const objectCount = useMirror((state) => state.objects.size);
  const file = tabs.find(({ id }) => id === active) ?? tabs[0];
  const whole = useMemo(() => {
    const at = tabs.findIndex(({ id }) => id === caret.tab);
    return at < 0 ? caret.line : lineOf(firstLines(tabs), { file: at, line: caret.line });
    // Where the file begins changes with the files above it, which the next caret move tells soon enough.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [caret, shape]);
  const provenance = useProvenance(whole, caret.column);

  // Remarks are about the text as it was sent; Monaco moves them along with what is typed from now on.
  const placed = useMemo(
    () => placeDiagnostics(useTabs.getState().tabs, mirror.getState().text, diagnostics),
    // Files that come or go move those behind them.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [diagnostics, shape],
  );
  const tallies = useMemo(() => {
    const shown = new Set(problemsOf(diagnostics));
    const out = new Map<number, Tally>();
    for (const { tab, diagnostic } of placed) {
      if (!shown.has(diagnostic)) continue;
      const { errors, warnings } = out.get(tab) ?? { errors: 0, warnings: 0 };
      const error = diagnostic.severity === "error" ? 1 : 0;
      out.set(tab, { errors: errors + error, warnings: warnings + 1 - error });
    }
    return out;
  }, [placed, diagnostics]);

  const offers = useOffers();

  const format = useCallback((): void => {
    void import("./format.ts").then(({ formatYaml }) => {
      const tab = activeTab(useTabs.getState());
      const { text, left } = formatYaml(tab.text);
      const same = text === tab.text;
      if (!same) {
        const others = useTabs.getState().tabs;
        session.replaceText(joinFiles(others.map((one) => (one.id === tab.id ? { ...one, text } : one))));
      }
      const kept =
        left === 0 ? "" : ` ${count(left, "document")} stayed: broken, or not to be laid out without a loss.`;
      say(`${tab.name} ${same ? "is laid out already" : "is formatted"}.${kept}`);
    });
  }, [session]);

  useEffect(() => {
    let gone = false;
    let mounted: MountedEditor | null = null;
    void loadMonaco().then(async ({ mountEditor }) => {
      const versions = await keepVersions();
      await composed(plain.current);
      const element = host.current;
      if (gone || element === null) return;
      const field = plain.current;
      const focused = field !== null && field === document.activeElement;
      // What is hidden cannot take focus, and React shows it only with the next render.
      element.dataset["ready"] = "";
      mounted = mountEditor({
        host: element,
        tabs: useTabs.getState().tabs,
        active: useTabs.getState().active,
        versions,
        theme: useUi.getState().theme,
        caret: focused ? field.selectionStart : null,
        onText: (tab, text, undone) => {
          tellUndone(undone);
          editTab(session, tab, text);
        },
        onLine: (tab, line, column) => setCaret({ tab, line, column }),
        say,
        onFormat: format,
        onWhy: () => openWhy(),
      });
      setEditor(mounted);
    });
    return () => {
      gone = true;
      mounted?.dispose();
      setEditor(null);
    };
  }, [session, format]);

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
  // Only what came from outside, and which tab is open: the editor's own text is already in it.
  useEffect(() => {
    const { tabs: all, closed } = useTabs.getState();
    editor?.setTabs(all, active, closed?.tab.id ?? null);
  }, [editor, draftRevision, shape, active]);
  const hints = useEditorHints(editor, shape);
  useEffect(() => editor?.setDiagnostics([...placed, ...hints]), [editor, placed, hints]);
  useEffect(
    () => editor?.setSuggestions(offers.flatMap(({ tab, range, fixes }) => fixes.map((fix) => ({ tab, range, fix })))),
    [editor, offers],
  );
  useGutter(editor, shape);
  useFacts(editor, shape);
  useExpectations(editor, shape);

  useEffect(() => {
    if (editor === null || revealLine === null) return;
    const spot = spotter(useTabs.getState().tabs, mirror.getState().text)(revealLine);
    // Taken up: the same line can be asked for again.
    useUi.getState().set({ revealLine: null });
    if (spot === null) return;
    activate(spot.tab);
    const { tabs: all, closed } = useTabs.getState();
    editor.setTabs(all, spot.tab, closed?.tab.id ?? null);
    editor.reveal(spot.line);
  }, [editor, revealLine]);

  const goTo = (tab: number, line: number, column: number): void => {
    activate(tab);
    if (editor === null) {
      plainGoTo(plain.current, line, column);
      return;
    }
    const { tabs: all, closed } = useTabs.getState();
    editor.setTabs(all, tab, closed?.tab.id ?? null);
    // Shown by then: what is hidden cannot take the focus.
    requestAnimationFrame(() => editor.goTo(line, column));
  };
  const focusText = (): void => {
    if (editor !== null) editor.focus();
    else plain.current?.focus();
  };

  return (
    <section
      id={REGIONS.editor}
      className={styles["panel"]}
      aria-label="Editor"
      tabIndex={-1}
      onFocus={(event) => {
        if (event.target === event.currentTarget) focusText();
      }}
    >
      <header className={styles["head"]}>
        <h2 className="kh-hidden">Editor</h2>
        <div className={styles["views"]}>
          <Tabs tallies={tallies} onEnter={focusText} onFormat={format} />
          <button
            type="button"
            className={styles["objects"]}
            aria-pressed={view === "objects"}
            onClick={() => setUi({ editorView: view === "objects" ? "text" : "objects" })}
          >
            Objects <span>{objectCount}</span>
          </button>
        </div>
        {view === "text" && <Crumbs provenance={provenance} />}
      </header>
      {view === "objects" && <ObjectList />}
      <Suspense>{view === "live" && <LiveView />}</Suspense>
      <div
        id={PANEL_ID}
        className={styles["body"]}
        role="tabpanel"
        aria-label={file?.name ?? "Text"}
        hidden={view !== "text"}
      >
        {editor === null && (
          <textarea
            ref={plain}
            className={styles["plain"]}
            aria-label="Scenario YAML"
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            value={file?.text ?? ""}
            onCompositionStart={(event) => (event.currentTarget.dataset["composing"] = "")}
            onCompositionEnd={(event) => delete event.currentTarget.dataset["composing"]}
            onChange={(event) => editTab(session, active, event.target.value)}
          />
        )}
        <div ref={host} className={styles["monaco"]} data-ready={editor !== null || undefined} />
      </div>
      <EditorFooter placed={placed} offers={offers} goTo={goTo} onFormat={format} />
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
