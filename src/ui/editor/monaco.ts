/** Monaco, trimmed to what a YAML editor needs. This module is the head of the lazy chunk: import it only dynamically. */
import * as monaco from "monaco-editor/editor";
import "monaco-editor/features/bracketMatching/register";
import "monaco-editor/features/caretOperations/register";
import "monaco-editor/features/clipboard/register";
import "monaco-editor/features/codeAction/register";
import "monaco-editor/features/codicon/register";
import "monaco-editor/features/comment/register";
import "monaco-editor/features/contextmenu/register";
import "monaco-editor/features/cursorUndo/register";
import "monaco-editor/features/find/register";
import "monaco-editor/features/folding/register";
import "monaco-editor/features/gotoError/register";
import "monaco-editor/features/hover/register";
import "monaco-editor/features/indentation/register";
import "monaco-editor/features/linesOperations/register";
import "monaco-editor/features/multicursor/register";
import "monaco-editor/features/snippet/register";
// features/suggest/register has only the inline kind; the list itself is this one.
import "monaco-editor/editor/contrib/suggest/browser/suggestController.js";
import "monaco-editor/features/toggleTabFocusMode/register";
import "monaco-editor/features/tokenization/register";
import "monaco-editor/features/wordOperations/register";
import { conf, language } from "monaco-editor/languages/definitions/yaml/yaml";
import { configureMonacoYaml, type JSONSchema, type MonacoYaml } from "monaco-yaml";

export { monaco };

// Monaco's own registration loads these when the first YAML comes: what is typed until then would not be indented.
monaco.languages.register({ id: "yaml", extensions: [".yaml", ".yml"] });
monaco.languages.setLanguageConfiguration("yaml", conf);
monaco.languages.setMonarchTokensProvider("yaml", language);

self.MonacoEnvironment = {
  getWorker: () => new Worker(new URL("./editor.worker.ts", import.meta.url), { type: "module", name: "monaco" }),
};

/** What monaco-yaml's worker manager asks for. */
interface WorkerRequest {
  readonly createData?: unknown;
  readonly keepIdleModels?: boolean;
  readonly host?: Record<string, (...args: unknown[]) => unknown>;
}

/**
 * monaco-editor ≥ 0.53 takes a worker that is already running where monaco-yaml still names a module. So the worker is made
 * here, and given the two messages that it waits for before it speaks Monaco's own protocol: any first one, which loads it, and
 * its configuration.
 */
function createWebWorker<T extends object>({
  createData,
  keepIdleModels,
  host,
}: WorkerRequest): monaco.editor.MonacoWebWorker<T> {
  const worker = new Worker(new URL("./yaml.worker.ts", import.meta.url), { type: "module", name: "yaml" });
  worker.postMessage("ignore");
  worker.postMessage(createData);
  return monaco.editor.createWebWorker<T>({
    worker,
    ...(keepIdleModels === undefined ? {} : { keepIdleModels }),
    ...(host === undefined ? {} : { host }),
  });
}

/**
 * The language server calls every completion a snippet, and what is a snippet always counts as a change of the text: Enter after
 * a word that stands there in full would take the completion, which adds nothing, and make no new line.
 */
const registerCompletionItemProvider: typeof monaco.languages.registerCompletionItemProvider = (selector, provider) =>
  monaco.languages.registerCompletionItemProvider(selector, {
    ...provider,
    provideCompletionItems: async (...asked) => {
      const list = await provider.provideCompletionItems(...asked);
      for (const item of list?.suggestions ?? []) if (!/[$}\\]/.test(item.insertText)) delete item.insertTextRules;
      return list;
    },
  });

let yaml: MonacoYaml | null = null;

/** Starts the language server with this schema for our text, or gives it a new one. Nothing is ever fetched. */
export function configureSchema(schema: unknown): void {
  const schemas =
    schema === null
      ? []
      : [{ uri: "kubehop://schema.json", fileMatch: ["**/files/*.yaml"], schema: schema as JSONSchema }];
  if (yaml !== null) {
    void yaml.update({ schemas });
    return;
  }
  const host = {
    ...monaco,
    editor: { ...monaco.editor, createWebWorker },
    // Its quick fixes are guesses from the schema, sixteen at a time; the API server's remarks carry better ones.
    languages: {
      ...monaco.languages,
      registerCodeActionProvider: () => ({ dispose: () => {} }),
      registerCompletionItemProvider,
    },
  };
  yaml = configureMonacoYaml(host as unknown as Parameters<typeof configureMonacoYaml>[0], {
    schemas,
    completion: true,
    hover: true,
    hoverSchemaSource: false,
    validate: true,
    format: { enable: false },
    enableSchemaRequest: false,
    yamlVersion: "1.1",
  });
}

const TOKENS = {
  paper: "--paper",
  surface: "--surface",
  sunken: "--sunken",
  line: "--line",
  strong: "--line-strong",
  ink: "--ink",
  ink2: "--ink-2",
  ink3: "--ink-3",
  focus: "--focus",
  reject: "--reject",
  warn: "--warn",
  request: "--request",
  soft: "--request-soft",
  key: "--syn-key",
  string: "--syn-str",
  number: "--syn-num",
  comment: "--syn-com",
} as const;

/** Monaco cannot read custom properties: its theme is made from the values that the page's tokens have now. */
export function applyTheme(theme: "light" | "dark"): void {
  const style = getComputedStyle(document.documentElement);
  // Minified style sheets write #ffffff as #fff, which Monaco does not read.
  const token = (name: keyof typeof TOKENS): string =>
    style
      .getPropertyValue(TOKENS[name])
      .trim()
      .replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
  const bare = (name: keyof typeof TOKENS): string => token(name).slice(1);
  const name = `kubehop-${theme}`;
  monaco.editor.defineTheme(name, {
    base: theme === "dark" ? "vs-dark" : "vs",
    inherit: true,
    rules: [
      { token: "", foreground: bare("ink") },
      { token: "type", foreground: bare("key") },
      // The base themes name this one exactly, and the longer name wins.
      { token: "string.yaml", foreground: bare("string") },
      { token: "string", foreground: bare("string") },
      { token: "number", foreground: bare("number") },
      { token: "keyword", foreground: bare("number") },
      { token: "comment", foreground: bare("comment") },
      { token: "operators", foreground: bare("ink2") },
      { token: "delimiter", foreground: bare("ink2") },
      { token: "tag", foreground: bare("number") },
      { token: "namespace", foreground: bare("number") },
    ],
    colors: {
      "editor.background": token("surface"),
      "editor.foreground": token("ink"),
      "editorGutter.background": token("surface"),
      "editorLineNumber.foreground": token("ink3"),
      "editorLineNumber.activeForeground": token("ink"),
      // The last, empty line's: as readable as the others.
      "editorLineNumber.dimmedForeground": token("ink3"),
      "editorCursor.foreground": token("ink"),
      "editor.lineHighlightBackground": `${token("sunken")}80`,
      "editor.lineHighlightBorder": "#00000000",
      "editor.selectionBackground": `${token("focus")}3c`,
      "editor.inactiveSelectionBackground": `${token("focus")}22`,
      "editorIndentGuide.background1": token("line"),
      "editorIndentGuide.activeBackground1": token("strong"),
      "editorError.foreground": token("reject"),
      "editorWarning.foreground": token("warn"),
      "editorInfo.foreground": token("request"),
      "editorWidget.background": token("surface"),
      "editorWidget.border": token("strong"),
      "editorHoverWidget.background": token("surface"),
      "editorHoverWidget.border": token("strong"),
      "editorSuggestWidget.background": token("surface"),
      "editorSuggestWidget.border": token("strong"),
      "editorSuggestWidget.selectedBackground": token("soft"),
      "editorSuggestWidget.selectedForeground": token("ink"),
      "editorSuggestWidget.highlightForeground": token("request"),
      "editorSuggestWidget.focusHighlightForeground": token("request"),
      "list.hoverBackground": token("sunken"),
      focusBorder: token("focus"),
      "input.background": token("surface"),
      "input.border": token("strong"),
      "menu.background": token("surface"),
      "menu.foreground": token("ink"),
      "menu.selectionBackground": token("soft"),
      "menu.selectionForeground": token("ink"),
      "menu.border": token("strong"),
      "scrollbarSlider.background": `${token("strong")}66`,
      "scrollbarSlider.hoverBackground": `${token("strong")}99`,
      "scrollbarSlider.activeBackground": `${token("strong")}cc`,
    },
  });
  monaco.editor.setTheme(name);
}
