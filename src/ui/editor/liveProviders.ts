/** Completion and hover from the live cluster, beside those of the schema. Part of the lazy chunk. */
import { mirror } from "../../mirror/store.ts";
import { liveHover } from "./liveHover.ts";
import { tabOf } from "./models.ts";
import { monaco } from "./monaco.ts";
import { placeAt } from "./outline.ts";
import { liveSuggestions } from "./suggestions.ts";

let registered = false;

/** Registers both, once for all editors. */
export function registerLive(): void {
  if (registered) return;
  registered = true;
  monaco.languages.registerCompletionItemProvider("yaml", {
    triggerCharacters: [" ", ":"],
    provideCompletionItems: (model, { lineNumber, column }) => {
      if (tabOf(model) === null) return { suggestions: [] };
      const place = placeAt(model.getLinesContent(), lineNumber, column);
      const range = new monaco.Range(lineNumber, place.from, lineNumber, Math.max(place.to, place.from));
      // Right behind the colon there is a blank to come first.
      const gap = place.mode === "value" && model.getLineContent(lineNumber)[place.from - 2] === ":" ? " " : "";
      const line = model.getLineContent(lineNumber);
      const keyed = place.mode === "key" && /^\s*:/.test(line.slice(place.to - 1));
      return {
        suggestions: liveSuggestions(place, mirror.getState().objects).map(({ label, insert, detail, words }, at) => ({
          label: { label, description: detail },
          kind:
            place.mode === "key"
              ? monaco.languages.CompletionItemKind.Field
              : monaco.languages.CompletionItemKind.Value,
          insertText: gap + (keyed ? insert.replace(/: $/, "") : insert),
          filterText: gap + label,
          documentation: { value: words },
          // What is in the cluster comes before what the schema could think of.
          sortText: ` ${String(at).padStart(3, "0")}`,
          range,
        })),
      };
    },
  });
  monaco.languages.registerHoverProvider("yaml", {
    provideHover: (model, { lineNumber, column }) => {
      if (tabOf(model) === null) return null;
      const place = placeAt(model.getLinesContent(), lineNumber, column);
      const words = liveHover(place, mirror.getState().objects);
      if (words.length === 0) return null;
      return { contents: words.map((value) => ({ value })) };
    },
  });
}
