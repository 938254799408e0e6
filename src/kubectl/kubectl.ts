/** `kubectl`: finds the command and runs it. */
import { own } from "./own.ts";
import type { World } from "../world/types.ts";
import { nearest } from "../manifest/suggest.ts";
import { type Args, commandOf, isOn, parseCommandLine } from "./args.ts";
import { kubectlApply, kubectlCreateFiles, kubectlReplace } from "./apply.ts";
import type { Call } from "./call.ts";
import { kubectlCreateKind } from "./create/generators.ts";
import { kubectlDelete } from "./delete.ts";
import { kubectlDescribe } from "./describe/describe.ts";
import {
  kubectlAuth,
  kubectlApiResources,
  kubectlApiVersions,
  kubectlClusterInfo,
  kubectlConfig,
  kubectlVersion,
} from "./discovery.ts";
import { kubectlEdit } from "./edit.ts";
import { kubectlEvents } from "./events.ts";
import { kubectlExec } from "./exec.ts";
import { kubectlExplain } from "./explain.ts";
import { kubectlLogs } from "./logs.ts";
import { kubectlWait } from "./wait.ts";
import { kubectlExpose } from "./expose.ts";
import { COMMAND_NAMES } from "./flags.ts";
import { kubectlGet } from "./get.ts";
import { kubectlAnnotate, kubectlLabel } from "./label.ts";
import { kubectlCordon, kubectlDrain, kubectlTaint, kubectlUncordon } from "./node-ops.ts";
import { failure, NOTHING, type Output, success } from "./output.ts";
import { kubectlPatch } from "./patch.ts";
import { configLine } from "./requests.ts";
import { kubectlRollout } from "./rollout.ts";
import { kubectlRun } from "./run.ts";
import { kubectlScale } from "./scale.ts";
import { kubectlSet } from "./set.ts";

/** kubectl's commands that work here. */
export const COMMANDS: Readonly<Record<string, (call: Call) => Output>> = {
  get: kubectlGet,
  describe: kubectlDescribe,
  apply: kubectlApply,
  create: (call) => (call.args.words.length === 0 ? kubectlCreateFiles(call) : kubectlCreateKind(call)),
  replace: kubectlReplace,
  delete: kubectlDelete,
  scale: kubectlScale,
  label: kubectlLabel,
  annotate: kubectlAnnotate,
  patch: kubectlPatch,
  edit: kubectlEdit,
  expose: kubectlExpose,
  run: kubectlRun,
  set: kubectlSet,
  rollout: kubectlRollout,
  cordon: kubectlCordon,
  uncordon: kubectlUncordon,
  drain: kubectlDrain,
  taint: kubectlTaint,
  exec: kubectlExec,
  logs: kubectlLogs,
  events: kubectlEvents,
  wait: kubectlWait,
  explain: kubectlExplain,
  "api-resources": kubectlApiResources,
  "api-versions": kubectlApiVersions,
  version: kubectlVersion,
  "cluster-info": kubectlClusterInfo,
  config: kubectlConfig,
  auth: kubectlAuth,
};

/** Real commands that do nothing here, and what to do instead. */
const NOT_HERE: Readonly<Record<string, string>> = {
  "port-forward": "send a request to the pod instead",
  proxy: "use kubectl get --raw PATH for the answer, -v=6 for the requests",
  attach: "use kubectl exec",
  cp: "there are no files in containers here",
  debug: "use kubectl exec",
  top: "no resource use is simulated",
  autoscale: "use kubectl scale",
  options: "the flags of a command are those of kubectl",
  certificate: "there are no certificates here",
  diff: "use kubectl apply --dry-run=server",
  kustomize: "give plain manifests",
  completion: "the terminal completes by itself",
  plugin: "there are no plugins here",
  alpha: "there are no alpha commands here",
};

/** Runs `kubectl` with these arguments. */
export function runKubectl(
  world: World,
  argv: readonly string[],
  around: Partial<Pick<Call, "files" | "stdin" | "patience" | "line" | "env">> & {
    readonly follow?: Call["follow"] | undefined;
  } = {},
): Output {
  // What is not here at all is said before its flags are looked at.
  const absent = own(NOT_HERE, commandOf(argv));
  if (absent !== undefined) return failure(`error: kubectl ${commandOf(argv)} is not supported here: ${absent}`);
  const parsed = parseCommandLine(argv);
  if (!parsed.ok) return failure(parsed.error);
  const { command, args } = parsed.value;
  if (command === "" || isOn(args, "--help") || command === "help") return success(helpText());
  const run = own(COMMANDS, command);
  if (run === undefined) return unknownCommand(command);
  const call: Call = {
    world,
    command,
    files: around.files ?? {},
    stdin: around.stdin ?? null,
    patience: around.patience ?? null,
    env: around.env ?? {},
    follow: around.follow ?? null,
    line: around.line ?? ["kubectl", ...argv].join(" "),
    args,
    requests: [configLine(world)],
  };
  // Asked again for a watch: what else stands on the line has been done.
  if (typeof call.follow === "number" && !isOn(args, "--watch") && !isOn(args, "--watch-only")) return NOTHING;
  const output = run(call);
  return verbosity(args) < 6 ? output : { ...output, stderr: [...call.requests, ""].join("\n") + output.stderr };
}

const verbosity = (args: Args): number => Number(args.flags["--v"] ?? "0") || 0;

function unknownCommand(command: string): Output {
  const near = nearest(command, [...Object.keys(COMMANDS), ...Object.keys(NOT_HERE)]);
  const hint = near === null ? "" : `\n\nDid you mean this?\n\t${near}`;
  return failure(`error: unknown command ${JSON.stringify(command)} for "kubectl"${hint}`);
}

function helpText(): string {
  const names = COMMAND_NAMES.filter((name) => COMMANDS[name] !== undefined);
  return `kubectl controls the Kubernetes cluster manager.\n\nCommands that work here:\n${names.map((name) => `  ${name}\n`).join("")}`;
}
