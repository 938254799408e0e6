/** Monaco's diff editor for the live view. Part of a lazy chunk. */
import { applyTheme, monaco } from "./monaco.ts";

export interface MountedDiff {
  set(text: string, live: string): void;
  setTheme(theme: "light" | "dark"): void;
  dispose(): void;
}

/** The diff editor takes the names of its sides away again with every change of its options. */
function name(side: monaco.editor.ICodeEditor, ariaLabel: string): void {
  const keep = (): void => {
    if (side.getRawOptions().ariaLabel !== ariaLabel) side.updateOptions({ ariaLabel });
  };
  keep();
  side.onDidChangeConfiguration(keep);
}

interface Kept {
  readonly box: HTMLElement;
  readonly editor: monaco.editor.IStandaloneDiffEditor;
  readonly original: monaco.editor.ITextModel;
  readonly modified: monaco.editor.ITextModel;
}

/** One for the page, made when it is first wanted: a diff editor that is disposed of while it still compares throws later on. */
let kept: Kept | null = null;

function make(): Kept {
  const original = monaco.editor.createModel("", "yaml");
  const modified = monaco.editor.createModel("", "yaml");
  const box = document.createElement("div");
  const editor = monaco.editor.createDiffEditor(box, {
    readOnly: true,
    originalEditable: false,
    // Laid out by its host, which knows when it is in the page: without a size it would complain.
    automaticLayout: false,
    renderSideBySide: true,
    useInlineViewWhenSpaceIsLimited: true,
    renderSideBySideInlineBreakpoint: 640,
    hideUnchangedRegions: { enabled: true, contextLineCount: 3, minimumLineCount: 6 },
    fontFamily: "'JetBrains Mono Variable', 'JetBrains Mono', ui-monospace, monospace",
    fontSize: 12,
    lineHeight: 20,
    fontLigatures: false,
    minimap: { enabled: false },
    stickyScroll: { enabled: false },
    overviewRulerLanes: 0,
    renderOverviewRuler: false,
    scrollBeyondLastLine: false,
    lineNumbersMinChars: 3,
    // A view to read: Tab goes on to what follows.
    tabFocusMode: true,
  });
  name(editor.getOriginalEditor(), "The text");
  name(editor.getModifiedEditor(), "The live object");
  editor.setModel({ original, modified });
  return { box, editor, original, modified };
}

export function mountDiff(host: HTMLElement, theme: "light" | "dark"): MountedDiff {
  applyTheme(theme);
  const { box, editor, original, modified } = (kept ??= make());
  host.append(box);
  const fit = (): void => {
    const { clientWidth: width, clientHeight: height } = host;
    if (width > 0 && height > 0) editor.layout({ width, height });
  };
  fit();
  const observer = new ResizeObserver(fit);
  observer.observe(host);
  return {
    set: (text, live) => {
      if (original.getValue() !== text) original.setValue(text);
      if (modified.getValue() !== live) modified.setValue(live);
    },
    setTheme: applyTheme,
    dispose: () => {
      observer.disconnect();
      box.remove();
    },
  };
}
