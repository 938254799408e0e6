/** `-f FILE`: documents of files (editor tabs, or standard input for `-`) as objects, with kubectl's complaints about the rest. */
import { own } from "./own.ts";
import { decodeManifest, parseManifest } from "../manifest/manifest.ts";
import { kindInfo, type KindInfo } from "../model/kinds.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { quote } from "../model/status.ts";
import type { Call } from "./call.ts";
import { namespaceOf } from "./call.ts";

/** One object of a file. */
export interface Loaded {
  readonly info: KindInfo;
  /** In the namespace that the request goes to. */
  readonly object: KubeObject;
  readonly file: string;
}

export interface LoadedFiles {
  readonly loaded: readonly Loaded[];
  /** Whole lines for standard error. */
  readonly errors: readonly string[];
  /** Without "Warning: ". */
  readonly warnings: readonly string[];
}

/** The text of a file as the user names it: with or without `./`. */
export function fileText(call: Pick<Call, "files" | "stdin">, name: string): string | null {
  if (name === "-") return call.stdin ?? own(call.files, "-") ?? null;
  const plain = name.replace(/^\.\//, "");
  return own(call.files, name) ?? own(call.files, plain) ?? null;
}

/** Reads all `-f` files. `doing` is what kubectl was about to do, as "creating", for the server's refusals. */
export function loadFiles(call: Call, doing: string): LoadedFiles {
  const loaded: Loaded[] = [];
  const errors: string[] = [];
  const warnings: string[] = [];
  if (call.args.flags["--kustomize"] !== undefined) {
    errors.push("error: kustomize directories are not supported here: give the files with -f");
  }
  for (const file of call.args.all("--filename").flatMap((value) => value.split(","))) {
    if (/^https?:\/\//.test(file)) {
      errors.push(
        `error: ${file} cannot be read here: nothing is fetched; paste the text into a tab and give that with -f`,
      );
      continue;
    }
    const text = fileText(call, file);
    if (text === null && file === "-") {
      errors.push("error: -f - reads a pipe and there is none: write cat FILE | kubectl ... -f -, or name the file");
      continue;
    }
    if (text === null) {
      errors.push(`error: the path ${quote(file)} does not exist`);
      continue;
    }
    const part = readText(call, text, file, doing);
    loaded.push(...part.loaded);
    errors.push(...part.errors);
    warnings.push(...part.warnings);
  }
  return { loaded, errors, warnings };
}

/** Objects of one text. */
function readText(call: Call, text: string, file: string, doing: string): LoadedFiles {
  const shown = file === "-" ? "STDIN" : file;
  const { objects, refusals, diagnostics } = decodeManifest(parseManifest(text));
  const errors: string[] = [];
  const broken = diagnostics.find((d) => d.source === "yaml" && d.severity === "error");
  if (broken !== undefined) errors.push(`error: error parsing ${shown}: ${broken.message}`);
  for (const { from, message } of refusals) {
    if (from === "server") {
      errors.push(`Error from server (BadRequest): error when ${doing} ${quote(shown)}: ${message}`);
    } else if (message.startsWith("resource mapping not found")) {
      errors.push(`error: ${message.replace(": no matches for kind", ` from ${quote(shown)}: no matches for kind`)}`);
    } else
      errors.push(
        `error: error validating ${quote(shown)}: ${message}; if you choose to ignore these errors, turn validation off with --validate=false`,
      );
  }
  const loaded: Loaded[] = [];
  for (const { object, document } of objects) {
    const info = kindInfo(object.apiVersion, object.kind);
    if (info === undefined) continue;
    if (info.support === "config") {
      errors.push(
        `error: resource mapping not found for name: ${quote(object.metadata.name)} namespace: "" from ${quote(shown)}: no matches for kind ${quote(info.kind)} in version ${quote(info.apiVersion)}\nensure CRDs are installed first`,
      );
      continue;
    }
    const wanted = call.args.flags["--namespace"];
    const { namespace } = document;
    if (info.namespaced && wanted !== undefined && namespace !== null && namespace !== wanted) {
      errors.push(
        `error: the namespace from the provided object ${quote(namespace)} does not match the namespace ${quote(wanted)}. You must pass '--namespace=${namespace}' to perform this operation.`,
      );
      continue;
    }
    const metadata = info.namespaced
      ? { ...object.metadata, namespace: namespace ?? namespaceOf(call) }
      : object.metadata;
    loaded.push({ info, object: { ...object, metadata }, file: shown });
  }
  const warnings = diagnostics.filter((d) => d.severity === "warning").map((d) => d.message);
  return { loaded, errors, warnings };
}
