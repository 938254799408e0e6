/** One Monaco model per file. Models outlive every editor, and with them the undo history. Part of the lazy chunk. */
import { filesOf } from "./files.ts";
import { minimalEdit } from "./minimalEdit.ts";
import { monaco } from "./monaco.ts";
import type { Tab } from "./tabs.ts";

type Model = monaco.editor.ITextModel;

const models = new Map<number, Model>();
/** Hears of what is typed into a file. */
let listener: ((tab: number, text: string, undone: boolean) => void) | null = null;
/** While the page's own text is put in, nobody has typed. */
let syncing = false;

export const modelOf = (tab: number): Model | undefined => models.get(tab);

export function tabOf(model: Model): number | null {
  for (const [id, one] of models) if (one === model) return id;
  return null;
}

export function onTyped(hear: (tab: number, text: string, undone: boolean) => void): monaco.IDisposable {
  listener = hear;
  return {
    dispose: () => {
      if (listener === hear) listener = null;
    },
  };
}

function create(id: number, text: string): Model {
  const model = monaco.editor.createModel(
    text,
    "yaml",
    monaco.Uri.parse(`inmemory://kubehop/files/${String(id)}.yaml`),
  );
  model.updateOptions({ tabSize: 2, insertSpaces: true });
  model.onDidChangeContent(({ isUndoing }) => {
    if (!syncing) listener?.(id, model.getValue(), isUndoing);
  });
  models.set(id, model);
  return model;
}

/** Turns a model's text into another as one edit that can be undone. */
function setText(model: Model, text: string): void {
  const edit = minimalEdit(model.getValue(), text);
  if (edit === null) return;
  const range = monaco.Range.fromPositions(model.getPositionAt(edit.from), model.getPositionAt(edit.to));
  model.pushStackElement();
  model.pushEditOperations([], [{ range, text: edit.insert, forceMoveMarkers: true }], () => null);
  model.pushStackElement();
}

function quietly(act: () => void): void {
  syncing = true;
  try {
    act();
  } finally {
    syncing = false;
  }
}

/** Gives every file its model, with its text. Models of files that are gone go, but those `kept`: what is closed may come back. */
export function syncModels(tabs: readonly Tab[], kept: number | null): void {
  quietly(() => {
    for (const { id, text } of tabs) {
      const model = models.get(id);
      if (model === undefined) create(id, text);
      else setText(model, text);
    }
    for (const [id, model] of models) {
      if (id === kept || tabs.some((tab) => tab.id === id)) continue;
      models.delete(id);
      model.dispose();
    }
  });
}

/** Makes the models of these files go through older versions of the whole text, so that undo leads back to them. Once, before any are made. */
export function replayVersions(versions: readonly string[], tabs: readonly Tab[]): void {
  if (models.size > 0) return;
  quietly(() => {
    for (const version of versions) {
      for (const { name, text } of filesOf(version)) {
        const tab = tabs.find((one) => one.name === name);
        if (tab === undefined) continue;
        const model = models.get(tab.id);
        if (model === undefined) create(tab.id, text);
        else setText(model, text);
      }
    }
  });
}
