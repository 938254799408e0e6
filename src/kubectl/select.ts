/** Which objects a command line is about: `TYPE NAME...`, `TYPE/NAME...`, `TYPE -l`, `TYPE --all`, `-f FILE`. Source: cli-runtime's resource builder. */
import { err, ok, type Result } from "../base/result.ts";
import { kindByName, type KindInfo } from "../model/kinds.ts";
import { keyOf, type KubeObject, objectKey } from "../model/meta/types.ts";
import { parseSelector, requirementsMatch } from "../model/selectors.ts";
import { kubectlText, notFound, quote } from "../model/status.ts";
import { isOn } from "./args.ts";
import { type Call, everywhere, namespaceOf, noteRequest, scopeOf } from "./call.ts";
import { fieldSelector } from "./fieldselector.ts";
import { loadFiles } from "./files.ts";
import { servedObjects } from "./objects.ts";

/** A kind and the names asked of it; null: all of the kind. */
export interface Ask {
  readonly info: KindInfo;
  readonly names: readonly string[] | null;
}

export interface Target {
  readonly info: KindInfo;
  readonly object: KubeObject;
}

export interface Selection {
  readonly targets: readonly Target[];
  /** Whole lines for standard error. */
  readonly errors: readonly string[];
  readonly asks: readonly Ask[];
  /** Files were given: what they name is in `targets`. */
  readonly fromFiles: boolean;
}

/** Kinds of category "all" in the order in which `kubectl get all` lists them. */
const ALL = [
  "pods",
  "replicationcontrollers",
  "services",
  "daemonsets.apps",
  "deployments.apps",
  "replicasets.apps",
  "statefulsets.apps",
  "horizontalpodautoscalers.autoscaling",
  "cronjobs.batch",
  "jobs.batch",
];

const noSuchType = (name: string): string => `error: the server doesn't have a resource type ${quote(name)}`;

const MIXED =
  "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";

const NOTHING_GIVEN = `error: You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;

/** `svc,ep`, `svc web db`, `svc/web pod/x`, `all`. */
export function asksOf(words: readonly string[]): Result<readonly Ask[], string> {
  const asks: Ask[] = [];
  if (words.some((word) => word.includes("/"))) {
    for (const word of words) {
      const parts = word.split("/");
      if (parts.length === 1) return err(MIXED);
      if (parts.length > 2) {
        return err("error: arguments in resource/name form may not have more than one slash");
      }
      const [type = "", name = ""] = parts;
      if (type === "" || name === "") {
        return err("error: arguments in resource/name form must have a single resource and name");
      }
      const info = kindByName(type);
      if (info === undefined) return err(noSuchType(type));
      asks.push({ info, names: [name] });
    }
    return ok(asks);
  }
  const [types = "", ...names] = words;
  for (const type of types.split(",").flatMap((t) => (t === "all" ? ALL : [t]))) {
    const info = kindByName(type);
    if (info === undefined) {
      if (ALL.includes(type)) continue;
      return err(noSuchType(type));
    }
    asks.push({ info, names: names.length === 0 ? null : [...new Set(names)] });
  }
  return ok(asks);
}

/** Do the labels satisfy `-l`, the fields `--field-selector`? */
export function filterOf(call: Call, info: KindInfo): Result<(object: KubeObject) => boolean, string> {
  const { flags } = call.args;
  const labels = flags["--selector"] === undefined ? null : parseSelector(flags["--selector"]);
  if (labels !== null && !labels.ok) return err(`error: ${labels.error}`);
  const fields = fieldSelector(flags["--field-selector"] ?? "", info);
  if (!fields.ok) return fields;
  return ok(
    (object) => (labels === null || requirementsMatch(labels.value, object.metadata.labels)) && fields.value(object),
  );
}

interface Rules {
  /** What kubectl is doing, for complaints about files: "deleting". */
  readonly doing: string;
  /** A type alone means all objects of it (get, describe); else a name, a selector or --all is needed. */
  readonly typeAlone: boolean;
  /** What to say when nothing at all was given. */
  readonly usage?: string;
}

/** Finds the objects; an error that ends the command is the whole line. Objects that are missing are in `errors`. */
export function select(call: Call, words: readonly string[], rules: Rules): Result<Selection, string> {
  const { flags } = call.args;
  if (flags["--filename"] !== undefined || flags["--kustomize"] !== undefined) {
    if (words.length > 0)
      return err(
        "error: when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
      );
    return ok(fromFiles(call, rules.doing));
  }
  if (words.length === 0) return err(rules.usage ?? NOTHING_GIVEN);
  const asked = asksOf(words);
  if (!asked.ok) return asked;
  const named = asked.value.some((ask) => ask.names !== null);
  const selecting = flags["--selector"] !== undefined || flags["--field-selector"] !== undefined;
  if (named && selecting) return err("error: name cannot be provided when a selector is specified");
  if (named && everywhere(call)) return err("error: a resource cannot be retrieved by name across all namespaces");
  if (named && isOn(call.args, "--all")) return err("error: name cannot be provided when --all is specified");
  if (!named && !selecting && !rules.typeAlone && !isOn(call.args, "--all")) {
    return err("error: resource(s) were provided, but no name was specified");
  }
  const served = servedObjects(call.world);
  const targets: Target[] = [];
  const errors: string[] = [];
  for (const { info, names } of asked.value) {
    if (names === null) {
      const filter = filterOf(call, info);
      if (!filter.ok) return filter;
      const namespace = info.namespaced && !everywhere(call) ? namespaceOf(call) : undefined;
      const query = {
        labelSelector: flags["--selector"],
        fieldSelector: flags["--field-selector"],
        limit: CHUNKED.has(call.command) ? (flags["--chunk-size"] ?? "500") : undefined,
      };
      noteRequest(call, "GET", info, { namespace, query });
      for (const object of served.list(info.kind, namespace)) {
        if (filter.value(object)) targets.push({ info, object });
      }
      continue;
    }
    for (const name of names) {
      const namespace = scopeOf(call, info);
      const object = served.get(objectKey(info.kind, namespace, name));
      const code = object === undefined ? 404 : 200;
      // What is deleted by name is not read first.
      if (rules.doing !== "deleting") noteRequest(call, "GET", info, { namespace, name }, code);
      else if (object === undefined) noteRequest(call, "DELETE", info, { namespace, name }, code);
      if (object === undefined) errors.push(kubectlText(notFound(info.kind, name)));
      else targets.push({ info, object });
    }
  }
  return ok({ targets, errors, asks: asked.value, fromFiles: false });
}

/** Commands that ask for lists in pieces: those with --chunk-size. */
const CHUNKED: ReadonlySet<string> = new Set(["get", "describe", "events", "drain"]);

/** The live objects that files name. */
function fromFiles(call: Call, doing: string): Selection {
  const { loaded, errors } = loadFiles(call, doing);
  const targets: Target[] = [];
  const missing: string[] = [];
  for (const { info, object, file } of loaded) {
    const found = call.world.objects.get(keyOf(object));
    const { namespace, name } = object.metadata;
    const code = found === undefined ? 404 : 200;
    if (doing !== "deleting") noteRequest(call, "GET", info, { namespace, name }, code);
    else if (found === undefined) noteRequest(call, "DELETE", info, { namespace, name }, code);
    if (found === undefined) {
      const source = { verb: doing, file };
      missing.push(kubectlText(notFound(info.kind, name), doing === "reading" ? undefined : source));
    } else targets.push({ info, object: found });
  }
  const asks = loaded.map(({ info, object }) => ({ info, names: [object.metadata.name] }));
  return { targets, errors: [...errors, ...missing], asks, fromFiles: true };
}
