/** Files from disk into tabs. Nothing leaves the browser. */
import { say, usePage } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { openDrift } from "../exchange/driftState.ts";
import { kindOfText } from "./dumps.ts";
import type { SourceFile } from "./files.ts";
import { count } from "./problems.ts";
import { dismissImport, useImport } from "./importState.ts";
import { addFiles, replaceFiles } from "./tabs.ts";

/** As much as the core reads as one text. */
export const MOST_BYTES = 4 * 1024 * 1024;
export const MOST_FILES = 50;

/** How long reading may take before it is counted. */
const PATIENCE_MS = 200;

const sized = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/** Reads files and opens each manifest in a tab of its own; `replace` puts them in the place of what is there. */
export async function importFiles(
  session: Session,
  files: readonly Pick<File, "name" | "size" | "text">[],
  replace = false,
): Promise<void> {
  if (files.length === 0) return;
  dismissImport();
  const refused: string[] = [];
  const taken = files.slice(0, MOST_FILES);
  if (files.length > MOST_FILES)
    refused.push(
      `${String(files.length)} files are more than the ${String(MOST_FILES)} taken at once: the rest was left out.`,
    );
  const manifests: SourceFile[] = [];
  /** Nodes' rules among what was dropped: no manifests, and not the editor's to read. */
  const dumps: string[] = [];
  let bytes = replace ? 0 : usePage.getState().draft.length;
  const began = performance.now();
  for (const [at, file] of taken.entries()) {
    if (performance.now() - began > PATIENCE_MS) useImport.setState({ progress: { read: at, of: taken.length } });
    if (bytes + file.size > MOST_BYTES) {
      refused.push(
        `${file.name} (${sized(file.size)}) does not fit: all files together have room for ${sized(MOST_BYTES)}. Leave out what is not about Services, nodes and pods.`,
      );
      continue;
    }
    let text: string;
    try {
      text = (await file.text()).replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
    } catch {
      refused.push(`${file.name} cannot be read. A folder has to be opened first, and its files dropped.`);
      continue;
    }
    const kind = kindOfText(text);
    if (kind === "binary") refused.push(`${file.name} is not a text. Manifests are YAML or JSON.`);
    else if (kind === "other" && text.trim() !== "" && !/\.(?:ya?ml|json)$/i.test(file.name))
      refused.push(
        `${file.name} is no manifest: no line of it names an apiVersion or a kind. kubectl get -o yaml writes one.`,
      );
    else if (kind === "manifests" || kind === "other") {
      bytes += text.length;
      manifests.push({ name: file.name, text });
    } else dumps.push(text);
  }
  const added = manifests.length === 0 ? [] : replace ? replacing(session, manifests) : addFiles(session, manifests);
  if (dumps.length > 0) openDrift(dumps.join("\n"));
  useImport.setState({ progress: null, added, refused });
  if (added.length > 0 || refused.length > 0) {
    // Where the editor is not always there, what came of it is.
    useUi
      .getState()
      .set({ phone: "yaml", ...(matchMedia("(max-width: 1199.98px)").matches ? { drawer: "editor" } : {}) });
  }
  const words =
    added.length === 0 ? "No file was added." : `${count(added.length, "file")} added: ${added.join(", ")}.`;
  say([words, ...refused].join(" "));
}

function replacing(session: Session, manifests: readonly SourceFile[]): readonly string[] {
  replaceFiles(session, manifests);
  return manifests.map(({ name }) => name);
}
