/** Remarks on the files as Monaco's markers, and their mends as its quick fixes. Part of the lazy chunk. */
import type { TextRange } from "../../model/trace/diagnostic.ts";
import { modelOf, tabOf } from "./models.ts";
import { monaco } from "./monaco.ts";
import type { PlacedDiagnostic, PlacedFix } from "./places.ts";

const OWNER = "kubehop";
const YAML_OWNER = "yaml";

/** A mend that no diagnostic carries: the reader may well have meant it so. */
export interface Suggestion {
  readonly tab: number;
  readonly range: TextRange;
  readonly fix: PlacedFix;
}

/** Latest ones: one provider serves every editor that ever is. */
let placed: readonly PlacedDiagnostic[] = [];
let suggested: readonly Suggestion[] = [];
let registered = false;

const toRange = (range: TextRange): monaco.IRange => ({
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

const toMarker = ({ range, message, diagnostic }: PlacedDiagnostic): monaco.editor.IMarkerData => ({
  ...toRange(range),
  severity: SEVERITY[diagnostic.severity],
  message,
  source: SOURCE[diagnostic.source],
});

function toAction(
  { title, edits }: PlacedFix,
  preferred: boolean,
  diagnostics: monaco.editor.IMarkerData[],
): monaco.languages.CodeAction | [] {
  const all = edits.flatMap(({ tab, edit }) => {
    const model = modelOf(tab);
    if (model === undefined) return [];
    return {
      resource: model.uri,
      versionId: model.getVersionId(),
      textEdit: { range: toRange(edit.range), text: edit.text },
    };
  });
  if (all.length !== edits.length) return [];
  return { title, kind: "quickfix", isPreferred: preferred, diagnostics, edit: { edits: all } };
}

/** Registers the quick fixes, once for all editors. */
export function registerMarkers(): void {
  if (registered) return;
  registered = true;

  monaco.languages.registerCodeActionProvider(
    "yaml",
    {
      provideCodeActions: (model, range) => {
        const tab = tabOf(model);
        const here = (one: { readonly tab: number; readonly range: TextRange }): boolean =>
          one.tab === tab && monaco.Range.areIntersectingOrTouching(toRange(one.range), range);
        return {
          actions: [
            ...placed
              .filter(here)
              .flatMap((one) => one.fixes.flatMap((fix, at) => toAction(fix, at === 0, [toMarker(one)]))),
            ...suggested.filter(here).flatMap(({ fix }) => toAction(fix, false, [])),
          ],
          dispose: () => {},
        };
      },
    },
    { providedCodeActionKinds: ["quickfix"] },
  );

  // The schema's remarks come second: where the API server has spoken they are silent, and they are never errors, for it is the
  // API server that decides.
  monaco.editor.onDidChangeMarkers((uris) => {
    for (const uri of uris) {
      const model = monaco.editor.getModel(uri);
      if (model !== null && tabOf(model) !== null) quietSchema(model);
    }
  });
}

/** Puts the remarks into the files; a file without any has none left. */
export function setMarkers(all: readonly PlacedDiagnostic[], tabs: readonly number[]): void {
  placed = all;
  for (const id of tabs) {
    const model = modelOf(id);
    if (model === undefined) continue;
    const own = all.filter(({ tab }) => tab === id);
    monaco.editor.setModelMarkers(model, OWNER, own.map(toMarker));
    quietSchema(model);
  }
}

export function setSuggestions(all: readonly Suggestion[]): void {
  suggested = all;
}

function quietSchema(model: monaco.editor.ITextModel): void {
  const all = monaco.editor.getModelMarkers({ resource: model.uri });
  const ours = all.filter(({ owner }) => owner === OWNER);
  const schema = all.filter(({ owner }) => owner === YAML_OWNER);
  const tab = tabOf(model);
  const unparsable = placed.some((one) => one.tab === tab && one.diagnostic.source === "yaml");
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
