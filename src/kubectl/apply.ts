/** `kubectl apply -f`, `kubectl replace -f`, `kubectl create -f`: manifests sent to the server. */
import type { Applied } from "../apiserver/types.ts";
import { keyOf } from "../model/meta/types.ts";
import { quote } from "../model/status.ts";
import { isOn } from "./args.ts";
import { type Call, notePath, resourceName } from "./call.ts";
import { type Loaded, loadFiles } from "./files.ts";
import { failure, type Output, warningLines } from "./output.ts";
import { perform, type Planned, remove } from "./write.ts";

const MUST_SPECIFY = "error: must specify one of -f and -k";

/** Sends what the files hold, one plan per object. */
function send(call: Call, doing: string, nothing: string, plan: (loaded: Loaded) => readonly Planned[]): Output {
  const { flags, words } = call.args;
  if (flags["--filename"] === undefined && flags["--kustomize"] === undefined) return failure(MUST_SPECIFY);
  if (words.length > 0)
    return failure(`error: Unexpected args: [${words.join(" ")}]\nSee 'kubectl ${doing} -h' for help and examples`);
  const { loaded, errors, warnings } = loadFiles(call, doing);
  // Does the server check fields itself?
  if (call.args.flags["--validate"] !== "false") notePath(call, "GET", "/openapi/v3?timeout=32s");
  if (loaded.length === 0 && errors.length === 0) return failure(nothing);
  const output = perform(call, loaded.flatMap(plan), errors);
  return { ...output, stderr: warningLines(warnings) + output.stderr };
}

export function kubectlApply(call: Call): Output {
  const [sub] = call.args.words;
  if (sub === "view-last-applied" || sub === "set-last-applied" || sub === "edit-last-applied") {
    return failure(`error: kubectl apply ${sub} is not supported here: read the annotation with kubectl get -o yaml`);
  }
  if (isOn(call.args, "--prune"))
    return failure("error: --prune is not supported here: the scenario's text is applied with it, tabs are not");
  const server = isOn(call.args, "--server-side");
  return send(call, "creating", "error: no objects passed to apply", ({ info, object, file }) => {
    const exists = call.world.objects.get(keyOf(object)) !== undefined;
    return [
      {
        info,
        write: { verb: "apply", object },
        done: (answer) => (server ? "serverside-applied" : (answer as Applied).operation),
        source: { verb: exists ? "patching" : "creating", file },
      },
    ];
  });
}

export function kubectlCreateFiles(call: Call): Output {
  const save = isOn(call.args, "--save-config");
  return send(call, "creating", "error: no objects passed to create", ({ info, object, file }) => {
    // apply of an object that is not there is a create with the annotation that --save-config asks for.
    const verb = save && call.world.objects.get(keyOf(object)) === undefined ? "apply" : "create";
    return [{ info, write: { verb, object }, done: "created", source: { verb: "creating", file } }];
  });
}

export function kubectlReplace(call: Call): Output {
  const force = isOn(call.args, "--force");
  return send(call, "replacing", "error: no objects passed to replace", ({ info, object, file }) => {
    const source = { verb: "replacing", file };
    const key = keyOf(object);
    if (!force) return [{ info, write: { verb: "update", object }, done: "replaced", source }];
    const again: Planned = { info, write: { verb: "create", object }, done: "replaced", source };
    if (call.world.objects.get(key) === undefined) return [again];
    const { name, namespace } = object.metadata;
    const where = namespace === undefined ? "" : ` from ${namespace} namespace`;
    const line = (): string => `${resourceName(info)} ${quote(name)} deleted${where}`;
    return [{ info, write: remove(key, true), done: "deleted", line, source: { verb: "deleting", file } }, again];
  });
}
