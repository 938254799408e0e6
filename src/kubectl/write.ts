/** What all commands that change something share: dry runs, the server's answers, output and the one command of the history. */
import type { Applied, Written } from "../apiserver/types.ts";
import type { KindInfo } from "../model/kinds.ts";
import type { KubeObject, ObjectKey } from "../model/meta/types.ts";
import { splitKey } from "../model/meta/types.ts";
import { kubectlText } from "../model/status.ts";
import type { Write } from "../wire/protocol.ts";
import { isOn } from "./args.ts";
import { type Call, noteRequest, objectName } from "./call.ts";
import { type Output, warningLines } from "./output.ts";
import { printJson, printYaml } from "./print.ts";

/** One request and what is said of it. */
export interface Planned {
  readonly info: KindInfo;
  readonly write: Write;
  /** The word behind the name: "created". A function when it depends on the answer. */
  readonly done: string | ((answer: Written | Applied) => string);
  /** The whole line instead of `kind/name word`, without the newline. */
  readonly line?: (suffix: string) => string;
  /** The file it came from and what was being done, for refusals. */
  readonly source?: { readonly verb: string; readonly file: string };
  /** The request where it is not the usual one: an eviction, the scale of a Deployment. */
  readonly request?: { readonly method?: string; readonly subresource?: string; readonly code?: number };
  /** Part of a larger step: nothing is said when it succeeds. */
  readonly silent?: boolean;
  readonly warnings?: readonly string[];
}

export type DryRun = "none" | "client" | "server";

/** `--dry-run`, or kubectl's complaint about its value. */
export function dryRunOf(call: Call): DryRun | { readonly error: string } {
  const value = call.args.flags["--dry-run"];
  switch (value) {
    case undefined:
    case "none":
    case "false":
      return "none";
    case "client":
    case "server":
      return value;
    case "unchanged":
      return {
        error:
          'error: --dry-run was specified without a value. A value must be set: either "client" or "server". Default value is "none"',
      };
    default:
      return { error: `error: Invalid dry-run value (${value}). Must be "none", "server", or "client".` };
  }
}

const SUFFIX: Readonly<Record<DryRun, string>> = { none: "", client: " (dry run)", server: " (server dry run)" };

/** Who commands say they are; those that are not here go without, as do scale, cordon and drain. */
const MANAGERS: ReadonlySet<string> = new Set(
  "create replace patch edit label annotate set rollout expose run taint".split(" "),
);
/** Commands that send a whole manifest have it checked. */
const STRICT: ReadonlySet<string> = new Set(["create", "apply", "replace", "edit", "taint"]);

/** The requests behind a write, as `-v=6` logs them. Most commands send the difference only: PATCH, where the world takes whole objects. */
function noteWrite(call: Call, plan: Planned, code: number, dry: DryRun, answer: Written | Applied | null): void {
  if (dry === "client") return;
  const { info, write, request = {} } = plan;
  const { command, args } = call;
  const { namespace: inside, name } =
    write.verb === "delete" ? splitKey(write.key) : { namespace: "", ...write.object.metadata };
  const namespace = inside === "" ? undefined : inside;
  const server = isOn(args, "--server-side");
  const applying = command === "apply";
  const manager = applying ? (server ? "kubectl" : "kubectl-client-side-apply") : `kubectl-${command}`;
  const query = {
    dryRun: dry === "server" ? "All" : undefined,
    fieldManager:
      write.verb !== "delete" && (applying || MANAGERS.has(command))
        ? (args.flags["--field-manager"] ?? manager)
        : undefined,
    fieldValidation: write.verb !== "delete" && STRICT.has(command) ? "Strict" : undefined,
    force: applying && server ? String(isOn(args, "--force-conflicts")) : undefined,
  };
  const operation = answer !== null && "operation" in answer ? answer.operation : null;
  const changed = answer?.commit !== null;
  const note = (method: string, result: number): void => {
    const named = method === "POST" && request.subresource === undefined ? {} : { name };
    noteRequest(call, method, info, { namespace, ...named, subresource: request.subresource, query }, result);
  };
  const read = (result: number): void => noteRequest(call, "GET", info, { namespace, name }, result);
  switch (write.verb) {
    case "create":
      note("POST", code);
      return;
    case "delete":
      note(request.method ?? "DELETE", code);
      return;
    case "update":
    case "updateStatus":
      // A node that is cordoned already is left alone.
      if (!changed && /^(un)?cordon$|^drain$/.test(command)) return;
      if (command === "replace") read(code === 404 ? 404 : 200);
      note(command === "replace" ? "PUT" : "PATCH", code);
      return;
    case "apply": {
      // With --save-config a create.
      const creating = operation === "created" || (operation === null && plan.source?.verb === "creating");
      if (server) note("PATCH", creating && code === 200 ? 201 : code);
      else {
        if (applying) read(creating ? 404 : 200);
        if (creating) note("POST", code === 200 ? 201 : code);
        else if (operation !== "unchanged") note("PATCH", code);
      }
    }
  }
}

/**
 * Asks the API server for each write, prints its answers in kubectl's words, and gives what it accepted as one command to the
 * history. What is refused changes nothing; the rest goes on, as with kubectl.
 */
export function perform(call: Call, planned: readonly Planned[], before: readonly string[] = []): Output {
  const dry = dryRunOf(call);
  if (typeof dry === "object") return { stdout: "", stderr: `${dry.error}\n`, code: 1 };
  const output = call.args.flags["--output"] ?? "";
  const answers = call.world.attempt(planned.map(({ write }) => write));
  const accepted: Write[] = [];
  const lines: string[] = [];
  const objects: KubeObject[] = [];
  let stderr = "";
  let code = 0;
  planned.forEach((plan, i) => {
    const answer = answers[i];
    if (answer === undefined) return;
    if (!answer.ok) {
      noteWrite(call, plan, answer.error.code, dry, null);
      stderr += `${kubectlText(answer.error, plan.source)}\n`;
      code = 1;
      return;
    }
    noteWrite(call, plan, plan.request?.code ?? (plan.write.verb === "create" ? 201 : 200), dry, answer.value);
    stderr += warningLines([...(plan.warnings ?? []), ...answer.value.warnings]);
    if (answer.value.commit !== null) accepted.push(plan.write);
    if (plan.silent === true) return;
    const given = plan.write.verb === "delete" ? answer.value.object : plan.write.object;
    const object = dry === "client" ? given : answer.value.object;
    objects.push(object);
    const word = typeof plan.done === "string" ? plan.done : plan.done(answer.value);
    lines.push(
      output === "name"
        ? objectName(plan.info, object)
        : (plan.line?.(SUFFIX[dry]) ?? `${objectName(plan.info, object)} ${word}${SUFFIX[dry]}`),
    );
  });
  if (dry === "none" && accepted.length > 0) {
    const { refusal } = call.world.dispatch({ type: "write", title: call.line, writes: accepted });
    if (refusal !== null) return { stdout: "", stderr: `${stderr}${refusal.message}\n`, code: 1 };
  }
  for (const line of before) {
    stderr += `${line}\n`;
    code = 1;
  }
  return { stdout: printed(output, objects, lines), stderr, code };
}

function printed(output: string, objects: readonly KubeObject[], lines: readonly string[]): string {
  if (objects.length > 0 && output === "yaml") return printYaml(objects, objects.length === 1);
  if (objects.length > 0 && output === "json") return printJson(objects, objects.length === 1);
  return lines.map((line) => `${line}\n`).join("");
}

/** An object as a client sends it to change it: without the version that would make the write conditional. */
export function unconditional<T extends KubeObject>(object: T): T {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export const update = (object: KubeObject): Write => ({ verb: "update", object: unconditional(object) });
export const remove = (key: ObjectKey, force: boolean): Write => ({ verb: "delete", key, force });
