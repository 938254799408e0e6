/** Puts a Monaco editor on the page's text. Part of the lazy chunk. */
import type { Diagnostic } from "../../model/trace/diagnostic.ts";
import { minimalEdit } from "./minimalEdit.ts";
import { applyTheme, configureSchema, MODEL_URI, monaco } from "./monaco.ts";

const OWNER = "kubehop";
const YAML_OWNER = "yaml";

export interface MountOptions {
  readonly host: HTMLElement;
  readonly text: string;
  readonly theme: "light" | "dark";
  /** Where the caret stood in the plain field, as an offset, when that had focus. */
  readonly caret: number | null;
  readonly onText: (text: string) => void;
  /** The caret rests on another line. */
  readonly onLine: (line: number, column: number) => void;
  /** Says a sentence to screen readers. */
  readonly say: (text: string) => void;
}

/** A mark in the margin: at which line, in which colour, and what it says. */
export interface GutterMark {
  readonly line: number;
  readonly className: string;
  readonly words: string;
}

/** What the cluster made of a line, shown behind it. */
export interface LineFact {
  readonly line: number;
  readonly words: string;
  /** Something is missing. */
  readonly wanting: boolean;
}

export interface MountedEditor {
  setText(text: string): void;
  setTheme(theme: "light" | "dark"): void;
  setSchema(schema: unknown): void;
  setDiagnostics(all: readonly Diagnostic[]): void;
  setMarks(marks: readonly GutterMark[]): void;
  setFacts(facts: readonly LineFact[]): void;
  /** Scrolls to a line and marks it until the caret moves or the text changes. */
  reveal(line: number): void;
  /** Puts the caret there, with focus. */
  goTo(line: number, column: number): void;
  focus(): void;
  dispose(): void;
}

/** Latest diagnostics, for the quick fixes: one provider serves every editor that ever is. */
let diagnostics: readonly Diagnostic[] = [];
let registered = false;

const toRange = ({ range }: Pick<Diagnostic, "range">): monaco.IRange => ({
  startLineNumber: range.startLine,
  startColumn: range.startColumn,
  endLineNumber: range.endLine,
  endColumn: range.endColumn,
});

const SEVERITY = {
  error: monaco.MarkerSeverity.Error,
  warning: monaco.MarkerSeverity.Warning,
  // A remark is no reason to underline what is right.
  info: monaco.MarkerSeverity.Hint,
} as const;

const SOURCE = { yaml: "YAML", decode: "API server", admission: "API server", note: "kubehop" } as const;

const toMarker = (diagnostic: Diagnostic): monaco.editor.IMarkerData => ({
  ...toRange(diagnostic),
  severity: SEVERITY[diagnostic.severity],
  message: diagnostic.message,
  source: SOURCE[diagnostic.source],
});

function registerOnce(): void {
  if (registered) return;
  registered = true;

  monaco.languages.registerCodeActionProvider(
    "yaml",
    {
      provideCodeActions: (model, range) => ({
        actions: diagnostics
          .filter((one) => monaco.Range.areIntersectingOrTouching(toRange(one), range))
          .flatMap((one) =>
            one.fixes.map((fix, at) => ({
              title: fix.title,
              kind: "quickfix",
              isPreferred: at === 0,
              diagnostics: [toMarker(one)],
              edit: {
                edits: fix.edits.map((edit) => ({
                  resource: model.uri,
                  versionId: model.getVersionId(),
                  textEdit: { range: toRange(edit), text: edit.text },
                })),
              },
            })),
          ),
        dispose: () => {},
      }),
    },
    { providedCodeActionKinds: ["quickfix"] },
  );

  // The schema's remarks come second: where the API server has spoken they are silent, and they are never errors, for it is the
  // API server that decides.
  monaco.editor.onDidChangeMarkers((uris) => {
    if (uris.some((uri) => uri.toString() === MODEL_URI.toString())) quietSchema();
  });
}

function quietSchema(): void {
  const model = monaco.editor.getModel(MODEL_URI);
  if (model === null) return;
  const all = monaco.editor.getModelMarkers({ resource: MODEL_URI });
  const ours = all.filter(({ owner }) => owner === OWNER);
  const schema = all.filter(({ owner }) => owner === YAML_OWNER);
  const unparsable = diagnostics.some(({ source }) => source === "yaml");
  const kept = unparsable
    ? []
    : schema.filter(
        (one) =>
          !ours.some((our) => our.startLineNumber <= one.endLineNumber && one.startLineNumber <= our.endLineNumber),
      );
  const quiet = kept.map((one) => ({ ...one, severity: Math.min(one.severity, monaco.MarkerSeverity.Info) }));
  const same = quiet.length === schema.length && quiet.every((one, at) => one.severity === schema[at]?.severity);
  if (!same) monaco.editor.setModelMarkers(model, YAML_OWNER, quiet);
}

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
  registerOnce();
  applyTheme(options.theme);
  const model = monaco.editor.getModel(MODEL_URI) ?? monaco.editor.createModel(options.text, "yaml", MODEL_URI);
  model.updateOptions({ tabSize: 2, insertSpaces: true });

  const setText = (text: string): void => {
    const edit = minimalEdit(model.getValue(), text);
    if (edit === null) return;
    const from = model.getPositionAt(edit.from);
    const to = model.getPositionAt(edit.to);
    model.pushStackElement();
    model.pushEditOperations(
      [],
      [{ range: monaco.Range.fromPositions(from, to), text: edit.insert, forceMoveMarkers: true }],
      () => null,
    );
    model.pushStackElement();
  };
  setText(options.text);

  const editor = monaco.editor.create(options.host, {
    model,
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
    fixedOverflowWidgets: true,
    padding: { top: 8, bottom: 8 },
    cursorBlinking: matchMedia("(prefers-reduced-motion: reduce)").matches ? "solid" : "blink",
    tabSize: 2,
    insertSpaces: true,
    detectIndentation: false,
  });

  const revealed = editor.createDecorationsCollection();
  const marks = editor.createDecorationsCollection();
  const facts = editor.createDecorationsCollection();
  let lineTimer: ReturnType<typeof setTimeout> | null = null;

  /** When Tab was last pressed anywhere: who comes by it may go on by it, as long as nothing was typed. */
  let tabbed = Number.NEGATIVE_INFINITY;
  const onTab = (event: KeyboardEvent): void => {
    if (event.key === "Tab") tabbed = event.timeStamp;
  };
  addEventListener("keydown", onTab, true);

  const setTabFree = (free: boolean): void => editor.updateOptions({ tabFocusMode: free });

  const subscriptions: monaco.IDisposable[] = [
    model.onDidChangeContent(() => {
      revealed.clear();
      setTabFree(false);
      options.onText(model.getValue());
    }),
    editor.onDidChangeCursorPosition(({ position, reason }) => {
      if (reason === monaco.editor.CursorChangeReason.Explicit) revealed.clear();
      if (lineTimer !== null) clearTimeout(lineTimer);
      lineTimer = setTimeout(() => options.onLine(position.lineNumber, position.column), 150);
    }),
    editor.onDidFocusEditorText(() => {
      if (performance.now() - tabbed < 200) setTabFree(true);
    }),
    editor.onMouseDown(() => setTabFree(false)),
    editor.onDidBlurEditorWidget(() => setTabFree(false)),
    { dispose: () => removeEventListener("keydown", onTab, true) },
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
    editor.setPosition(model.getPositionAt(options.caret));
    editor.focus();
  }

  const toLine = (line: number): number => Math.min(Math.max(1, line), model.getLineCount());

  return {
    setText,
    setTheme: applyTheme,
    setSchema: configureSchema,
    setDiagnostics: (all) => {
      diagnostics = all;
      monaco.editor.setModelMarkers(model, OWNER, all.map(toMarker));
      quietSchema();
    },
    setMarks: (all) =>
      marks.set(
        all.map(({ line, className, words }) => ({
          range: new monaco.Range(toLine(line), 1, toLine(line), 1),
          options: { glyphMarginClassName: className, glyphMarginHoverMessage: { value: words } },
        })),
      ),
    setFacts: (all) =>
      facts.set(
        all
          .filter(({ line }) => line <= model.getLineCount())
          .map(({ line, words, wanting }) => {
            const end = model.getLineMaxColumn(line);
            return {
              range: new monaco.Range(line, end, line, end),
              options: {
                showIfCollapsed: true,
                stickiness: monaco.editor.TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges,
                after: {
                  content: `\u00a0${words}\u00a0`,
                  inlineClassName: wanting ? "kh-fact kh-wanting" : "kh-fact",
                  inlineClassNameAffectsLetterSpacing: true,
                  cursorStops: monaco.editor.InjectedTextCursorStops.None,
                },
              },
            };
          }),
      ),
    reveal: (line) => {
      const at = toLine(line);
      editor.revealLineInCenterIfOutsideViewport(at);
      revealed.set([
        {
          range: new monaco.Range(at, 1, at, 1),
          options: { isWholeLine: true, className: "kh-revealed", linesDecorationsClassName: "kh-revealed-bar" },
        },
      ]);
    },
    goTo: (line, column) => {
      const position = model.validatePosition({ lineNumber: line, column });
      editor.setPosition(position);
      editor.revealPositionInCenterIfOutsideViewport(position);
      editor.focus();
    },
    focus: () => editor.focus(),
    dispose: () => {
      if (lineTimer !== null) clearTimeout(lineTimer);
      for (const one of subscriptions) one.dispose();
      // The editor goes, the model stays.
      editor.setModel(null);
      editor.dispose();
    },
  };
}
