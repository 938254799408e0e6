/**
 * `kubectl edit`. There is no editor here: the object's text is given to be opened in a tab. `KUBE_EDITOR="sed -i s/a/b/"`, as
 * scripts have it, is an editor that can be run. Source: kubectl/pkg/cmd/util/editor/editoptions.go.
 */
import { keyOf, type KubeObject } from "../model/meta/types.ts";
import type { KindInfo } from "../model/kinds.ts";
import { kubectlText, quote } from "../model/status.ts";
import { type Call, resourcesName } from "./call.ts";
import { loadFiles } from "./files.ts";
import { failure, joined, type Output, warningLines } from "./output.ts";
import { printYaml } from "./print.ts";
import { select } from "./select.ts";
import { parseLine } from "./shell/lex.ts";
import { sed } from "./shell/sed.ts";
import { perform, unconditional, update } from "./write.ts";

const HEAD = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

const USAGE = `error: You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;

export function kubectlEdit(call: Call): Output {
  const found = select(call, call.args.words, { doing: "reading", typeAlone: true, usage: USAGE });
  if (!found.ok) return failure(found.error);
  const { targets, errors } = found.value;
  if (errors.length > 0) return failure(errors.join("\n"));
  if (targets.length === 0) return failure("error: edit cancelled, no objects found");
  const editor = call.env["KUBE_EDITOR"] ?? call.env["EDITOR"] ?? "";
  if (editor === "") return opened(targets.map(({ info, object }) => ({ info, object: unconditional(object) })));
  return joined(targets.map(({ info, object }) => edited(call, info, object, editor)));
}

interface Target {
  readonly info: KindInfo;
  readonly object: KubeObject;
}

/** The text in a tab. It names no resourceVersion: what is replaced with it is what stands there then, as with an edit. */
function opened(targets: readonly Target[]): Output {
  const [{ info, object }] = targets as readonly [Target];
  const name = targets.length === 1 ? `${info.singular}-${object.metadata.name}.yaml` : `${info.plural}.yaml`;
  const text =
    HEAD +
    printYaml(
      targets.map((target) => target.object),
      targets.length === 1,
    );
  return {
    stdout: "",
    stderr: `(there is no $EDITOR here: change ${name} and save it with kubectl replace -f ${name})\n`,
    code: 0,
    tab: { name, text },
  };
}

/** What `sed -i` makes of the text, sent to the server. */
function edited(call: Call, info: KindInfo, object: KubeObject, editor: string): Output {
  const line = parseLine(editor);
  const [program = "", ...words] = line.ok ? (line.value[0]?.stages[0]?.words ?? []) : [];
  if (program !== "sed") {
    return failure(`error: unable to launch the editor ${quote(editor)}: only sed -i can be run here`);
  }
  const before = printYaml([object], true);
  const {
    stdout: after,
    stderr,
    code,
  } = sed(
    words.filter((word) => word !== "-i"),
    before,
  );
  if (code !== 0) return failure(`${stderr}error: there was a problem with the editor ${quote(editor)}`);
  if (after.trim() === "") return { stdout: "", stderr: "Edit cancelled, saved file was empty.\n", code: 0 };
  if (after === before) return { stdout: "", stderr: "Edit cancelled, no changes made.\n", code: 0 };
  const copy = `A copy of your changes has been stored to "/tmp/kubectl-edit-${1_000_000_000 + call.world.objects.revision}.yaml"\nerror: Edit cancelled, no valid changes were saved.`;
  const args = { ...call.args, all: () => ["-"] };
  const { loaded, errors, warnings } = loadFiles({ ...call, args, stdin: after }, "editing");
  const [file] = loaded;
  const invalid = `error: ${resourcesName(info)} ${quote(object.metadata.name)} is invalid\n`;
  if (file === undefined || errors.length > 0) return failure(invalid + copy);
  if (keyOf(file.object) !== keyOf(object))
    return failure(`error: At least one of apiVersion, kind and name was changed\n${copy}`);
  const write = update(file.object);
  const [answer] = call.world.attempt([write]);
  if (answer !== undefined && !answer.ok) {
    return failure((answer.error.code === 422 ? invalid : `${kubectlText(answer.error)}\n`) + copy);
  }
  const output = perform(call, [{ info, write, done: "edited" }]);
  return { ...output, stderr: warningLines(warnings) + output.stderr };
}
