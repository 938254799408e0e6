/** Puts a Monaco editor on the page's files. Part of the lazy chunk. */
import { registerMarkers, setMarkers, setSuggestions, type Suggestion } from "./markers.ts";
import { registerLive } from "./liveProviders.ts";
import { modelOf, onTyped, replayVersions, syncModels } from "./models.ts";
import { applyTheme, configureSchema, monaco } from "./monaco.ts";
import type { PlacedDiagnostic } from "./places.ts";
import type { Tab } from "./tabs.ts";

export interface MountOptions {
  readonly host: HTMLElement;
  readonly tabs: readonly Tab[];
  /** Id of the open tab. */
  readonly active: number;
  /** Older versions of the whole text, from before the page was loaded, the oldest first. */
  readonly versions: readonly string[];
  readonly theme: "light" | "dark";
  /** Where the caret stood in the plain field, as an offset, when that had focus. */
  readonly caret: number | null;
  /** What a tab's text has become; `undone`: by going back. */
  readonly onText: (tab: number, text: string, undone: boolean) => void;
  /** The caret rests on another line of a tab. */
  readonly onLine: (tab: number, line: number, column: number) => void;
  /** Says a sentence to screen readers. */
  readonly say: (text: string) => void;
  /** Shift+Alt+F. */
  readonly onFormat: () => void;
  /** The mark of a finding was pressed. */
  readonly onWhy: () => void;
}

/** A mark in the margin: at which line of which tab, in which colour, and what it says. */
export interface GutterMark {
  readonly tab: number;
  readonly line: number;
  readonly className: string;
  readonly words: string;
}

/** What the cluster made of a line, shown behind it. */
export interface LineFact {
  readonly tab: number;
  readonly line: number;
  readonly words: string;
  /** Something is missing. */
  readonly wanting: boolean;
  /** What was expected came true. */
  readonly passed?: boolean;
}

/** Whose marks and facts: each replaces only its own. */
export type Layer = "objects" | "checks" | "why";

export interface MountedEditor {
  /** Gives every tab its text, what changed as edits that can be undone, and opens one. `kept`: a closed tab that may come back. */
  setTabs(tabs: readonly Tab[], active: number, kept: number | null): void;
  setTheme(theme: "light" | "dark"): void;
  setSchema(schema: unknown): void;
  setDiagnostics(all: readonly PlacedDiagnostic[]): void;
  setSuggestions(all: readonly Suggestion[]): void;
  setMarks(marks: readonly GutterMark[], layer?: Layer): void;
  setFacts(facts: readonly LineFact[], layer?: Layer): void;
  /** Scrolls to a line of the open tab and marks it until the caret moves or the text changes. */
  reveal(line: number): void;
  /** Puts the caret there, with focus. */
  goTo(line: number, column: number): void;
  focus(): void;
  dispose(): void;
}

const layers = (): Readonly<Record<Layer, Map<number, string[]>>> => ({
  objects: new Map(),
  checks: new Map(),
  why: new Map(),
});

/** No key is taken from the reader: Escape, when there is nothing left to close, lets Tab out of the editor. */
const ESCAPE_FREE = [
  "editorTextFocus",
  "!suggestWidgetVisible",
  "!findWidgetVisible",
  "!editorHoverVisible",
  "!markersNavigationVisible",
  "!codeActionMenuVisible",
  "!inSnippetMode",
  "!editorHasMultipleSelections",
].join(" && ");

export function mountEditor(options: MountOptions): MountedEditor {
  registerMarkers();
  registerLive();
  applyTheme(options.theme);
  let tabs = options.tabs;
  let active = options.active;
  replayVersions(options.versions, tabs);
  syncModels(tabs, null);

  const editor = monaco.editor.create(options.host, {
    model: modelOf(active) ?? null,
    ariaLabel: "Scenario YAML. Press Escape, then Tab, to leave the editor.",
    automaticLayout: true,
    fontFamily: "'JetBrains Mono Variable', 'JetBrains Mono', ui-monospace, monospace",
    fontSize: 12,
    lineHeight: 20,
    fontLigatures: false,
    minimap: { enabled: false },
    stickyScroll: { enabled: false },
    glyphMargin: true,
    folding: true,
    showFoldingControls: "mouseover",
    lineNumbersMinChars: 3,
    lineDecorationsWidth: 12,
    scrollBeyondLastLine: false,
    overviewRulerLanes: 0,
    hideCursorInOverviewRuler: true,
    overviewRulerBorder: false,
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
    renderLineHighlight: "line",
    wordBasedSuggestions: "off",
    quickSuggestions: { other: true, strings: true, comments: false },
    suggest: { showWords: false, preview: false },
    // Enter after a word that is typed out makes a new line; only what would change the text is taken.
    acceptSuggestionOnEnter: "smart",
    fixedOverflowWidgets: true,
    padding: { top: 8, bottom: 8 },
    cursorBlinking: matchMedia("(prefers-reduced-motion: reduce)").matches ? "solid" : "blink",
    tabSize: 2,
    insertSpaces: true,
    detectIndentation: false,
  });

  const revealed = editor.createDecorationsCollection();
  /** Ids of the decorations that stand in each tab's model. */
  const marks = layers();
  const facts = layers();
  const views = new Map<number, monaco.editor.ICodeEditorViewState | null>();
  let lineTimer: ReturnType<typeof setTimeout> | null = null;

  /** When Tab was last pressed anywhere: who comes by it may go on by it, as long as nothing was typed. */
  let tabbed = Number.NEGATIVE_INFINITY;
  const onTab = (event: KeyboardEvent): void => {
    if (event.key === "Tab") tabbed = event.timeStamp;
  };
  addEventListener("keydown", onTab, true);

  const setTabFree = (free: boolean): void => editor.updateOptions({ tabFocusMode: free });

  const subscriptions: monaco.IDisposable[] = [
    onTyped(options.onText),
    editor.onDidChangeModelContent(() => {
      revealed.clear();
      setTabFree(false);
    }),
    editor.onDidChangeCursorPosition(({ position, reason }) => {
      if (reason === monaco.editor.CursorChangeReason.Explicit) revealed.clear();
      if (lineTimer !== null) clearTimeout(lineTimer);
      lineTimer = setTimeout(() => options.onLine(active, position.lineNumber, position.column), 150);
    }),
    editor.onDidFocusEditorText(() => {
      if (performance.now() - tabbed < 200) setTabFree(true);
    }),
    editor.onMouseDown(({ target }) => {
      setTabFree(false);
      if (target.element?.classList.contains("kh-why") === true) options.onWhy();
    }),
    editor.onDidBlurEditorWidget(() => setTabFree(false)),
    { dispose: () => removeEventListener("keydown", onTab, true) },
    editor.addAction({
      id: "kubehop.format",
      label: "Format this file",
      keybindings: [monaco.KeyMod.Shift | monaco.KeyMod.Alt | monaco.KeyCode.KeyF],
      contextMenuGroupId: "1_modification",
      run: () => options.onFormat(),
    }),
    editor.addAction({
      id: "kubehop.freeTab",
      label: "Let Tab leave the editor",
      keybindings: [monaco.KeyCode.Escape],
      precondition: ESCAPE_FREE,
      run: () => {
        setTabFree(true);
        options.say("Tab now leaves the editor.");
      },
    }),
  ];

  if (options.caret !== null) {
    const position = modelOf(active)?.getPositionAt(options.caret);
    if (position !== undefined) editor.setPosition(position);
    editor.focus();
  }

  /** Replaces one kind of decoration in all tabs. */
  const decorate = (
    standing: Map<number, string[]>,
    all: readonly { readonly tab: number; readonly decoration: monaco.editor.IModelDeltaDecoration }[],
  ): void => {
    for (const { id } of tabs) {
      const model = modelOf(id);
      if (model === undefined) continue;
      const wanted = all.filter(({ tab }) => tab === id).map(({ decoration }) => decoration);
      standing.set(id, model.deltaDecorations(standing.get(id) ?? [], wanted));
    }
  };

  return {
    setTabs: (all, next, kept) => {
      tabs = all;
      syncModels(all, kept);
      const model = modelOf(next) ?? null;
      if (editor.getModel() === model) return;
      if (tabs.some(({ id }) => id === active)) views.set(active, editor.saveViewState());
      active = next;
      revealed.clear();
      editor.setModel(model);
      editor.restoreViewState(views.get(next) ?? null);
      const position = editor.getPosition();
      if (position !== null) options.onLine(active, position.lineNumber, position.column);
    },
    setTheme: applyTheme,
    setSchema: configureSchema,
    setDiagnostics: (all) =>
      setMarkers(
        all,
        tabs.map(({ id }) => id),
      ),
    setSuggestions,
    setMarks: (all, layer = "objects") =>
      decorate(
        marks[layer],
        all.map(({ tab, line, className, words }) => ({
          tab,
          decoration: {
            range: new monaco.Range(line, 1, line, 1),
            options: { glyphMarginClassName: className, glyphMarginHoverMessage: { value: words } },
          },
        })),
      ),
    setFacts: (all, layer = "objects") =>
      decorate(
        facts[layer],
        all.flatMap(({ tab, line, words, wanting, passed = false }) => {
          const model = modelOf(tab);
          if (model === undefined || line > model.getLineCount()) return [];
          const end = model.getLineMaxColumn(line);
          return {
            tab,
            decoration: {
              range: new monaco.Range(line, end, line, end),
              options: {
                showIfCollapsed: true,
                stickiness: monaco.editor.TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges,
                after: {
                  content: `\u00a0${words}\u00a0`,
                  inlineClassName: `kh-fact${wanting ? " kh-wanting" : ""}${passed ? " kh-holds" : ""}`,
                  inlineClassNameAffectsLetterSpacing: true,
                  cursorStops: monaco.editor.InjectedTextCursorStops.None,
                },
              },
            },
          };
        }),
      ),
    reveal: (line) => {
      const at = Math.min(Math.max(1, line), editor.getModel()?.getLineCount() ?? 1);
      editor.revealLineInCenterIfOutsideViewport(at);
      revealed.set([
        {
          range: new monaco.Range(at, 1, at, 1),
          options: { isWholeLine: true, className: "kh-revealed", linesDecorationsClassName: "kh-revealed-bar" },
        },
      ]);
    },
    goTo: (line, column) => {
      const position = editor.getModel()?.validatePosition({ lineNumber: line, column });
      if (position === undefined) return;
      editor.setPosition(position);
      editor.revealPositionInCenterIfOutsideViewport(position);
      editor.focus();
    },
    focus: () => editor.focus(),
    dispose: () => {
      if (lineTimer !== null) clearTimeout(lineTimer);
      for (const standing of [...Object.values(marks), ...Object.values(facts)]) decorate(standing, []);
      for (const one of subscriptions) one.dispose();
      // The editor goes, the models stay.
      editor.setModel(null);
      editor.dispose();
    },
  };
}
