import { type ObjectKey, objectKey } from "../model/meta/types.ts";
import { kindByName, qualifiedResource } from "../model/kinds.ts";
import type { World } from "../world/types.ts";
import { parseArgs, type Args } from "./args.ts";
import { failure, kubectlGet, type Output } from "./get.ts";

/** One object named on the command line as `TYPE NAME` or `TYPE/NAME`. */
function target({
  words,
  flags,
}: Args): { readonly key: ObjectKey; readonly resource: string; readonly name: string } | string {
  const [type = "", name] = words.length === 1 ? (words[0] as string).split("/") : words;
  const kind = kindByName(type);
  if (kind === undefined) return `error: the server doesn't have a resource type "${type}"`;
  if (name === undefined || name === "") return "error: resource(s) were provided, but no name was specified";
  const key = objectKey(kind.kind, kind.namespaced ? (flags["--namespace"] ?? "default") : undefined, name);
  return { key, resource: qualifiedResource(kind.kind), name };
}

function kubectlScale(world: World, args: Args): Output {
  const replicas = Number(args.flags["--replicas"] ?? NaN);
  if (!Number.isInteger(replicas) || replicas < 0) {
    return failure("error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
  }
  const found = target(args);
  if (typeof found === "string") return failure(found);
  const { refusal } = world.dispatch({ type: "scale", key: found.key, replicas });
  if (refusal !== null) return failure(refusal.message);
  return { stdout: `${found.resource.replace(/s(\.|$)/, "$1")}/${found.name} scaled\n`, stderr: "", code: 0 };
}

function kubectlDelete(world: World, args: Args): Output {
  const found = target(args);
  if (typeof found === "string") return failure(found);
  const force = args.flags["--force"] === "true";
  const namespace = world.objects.get(found.key)?.metadata.namespace;
  const { refusal } = world.dispatch({ type: "delete", key: found.key, force });
  if (refusal !== null) return failure(refusal.message);
  const where = namespace === undefined ? "" : ` from ${namespace} namespace`;
  const singular = found.resource.replace(/s(\.|$)/, "$1");
  return { stdout: `${singular} "${found.name}" ${force ? "force " : ""}deleted${where}\n`, stderr: "", code: 0 };
}

/** `kubectl ...` as a terminal would show it. A command that changes the cluster goes through `world.dispatch` like any other. */
export function runConsole(world: World, argv: readonly string[]): Output {
  const [program, verb, ...rest] = argv;
  if (program !== "kubectl") return failure(`${program ?? ""}: command not found`);
  const args = parseArgs(rest);
  if (!args.ok) return failure(args.error);
  switch (verb) {
    case "get":
      return kubectlGet(world.objects, world.now, args.value);
    case "scale":
      return kubectlScale(world, args.value);
    case "delete":
      return kubectlDelete(world, args.value);
    default:
      return failure(`error: unknown command "${verb ?? ""}" for "kubectl"`);
  }
}
