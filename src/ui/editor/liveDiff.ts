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

export function mountDiff(host: HTMLElement, theme: "light" | "dark"): MountedDiff {
  applyTheme(theme);
  const original = monaco.editor.createModel("", "yaml");
  const modified = monaco.editor.createModel("", "yaml");
  const editor = monaco.editor.createDiffEditor(host, {
    readOnly: true,
    originalEditable: false,
    automaticLayout: true,
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
  return {
    set: (text, live) => {
      if (original.getValue() !== text) original.setValue(text);
      if (modified.getValue() !== live) modified.setValue(live);
    },
    setTheme: applyTheme,
    dispose: () => {
      // A comparison that is still on its way finds no editor otherwise.
      editor.setModel(null);
      editor.dispose();
      original.dispose();
      modified.dispose();
    },
  };
}
