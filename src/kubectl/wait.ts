/** `kubectl wait`: virtual time passes until the condition holds. Source: kubectl/pkg/cmd/wait. */
import { keyOf, type KubeObject } from "../model/meta/types.ts";
import { type Call, objectName, resourcesName } from "./call.ts";
import { jsonPathValues, printed } from "./jsonpath.ts";
import { failure, joined, type Output, success } from "./output.ts";
import { parseDuration, waitUntil } from "./patience.ts";
import { items, text } from "./read.ts";
import { select, type Target } from "./select.ts";

/** Is what is waited for true of the object as it is now? */
type Holds = (object: KubeObject | undefined) => boolean;

function condition(wanted: string): Holds | string {
  if (wanted === "delete") return (object) => object === undefined;
  if (wanted === "create") return (object) => object !== undefined;
  const [kind = "", ...rest] = wanted.split("=");
  const value = rest.join("=");
  if (kind === "condition") {
    const [type = "", status = "true"] = value.split("=");
    return (object) =>
      items(object, "status", "conditions").some(
        (c) =>
          text(c, "type").toLowerCase() === type.toLowerCase() &&
          text(c, "status").toLowerCase() === status.toLowerCase(),
      );
  }
  if (kind === "jsonpath") {
    const match = /^(['"]?)(.+?\}|[^=]+)\1(?:=(.*))?$/.exec(value);
    const path = match?.[2] ?? "";
    const expected = match?.[3]?.replace(/^(['"])(.*)\1$/, "$2");
    const tried = jsonPathValues(path, {});
    if (!tried.ok) return tried.error;
    return (object) => {
      if (object === undefined) return false;
      const found = jsonPathValues(path, object);
      if (!found.ok || found.value.length === 0) return false;
      return expected === undefined || found.value.some((v) => printed(v).toLowerCase() === expected.toLowerCase());
    };
  }
  return `error: unrecognized condition: ${JSON.stringify(wanted)}`;
}

export function kubectlWait(call: Call): Output {
  const wanted = call.args.flags["--for"];
  if (wanted === undefined) return failure(`error: unrecognized condition: ""`);
  const holds = condition(wanted);
  if (typeof holds === "string") return failure(holds);
  const timeout = call.args.flags["--timeout"] ?? "30s";
  const limit = parseDuration(timeout);
  if (limit === null)
    return failure(
      `error: invalid argument ${JSON.stringify(timeout)} for "--timeout" flag: time: invalid duration ${JSON.stringify(timeout)}`,
    );
  const look = (): ReturnType<typeof select> => select(call, call.args.words, { doing: "reading", typeAlone: false });
  if (wanted === "create") {
    waitUntil(call, limit, () => {
      const now = look();
      return !now.ok || (now.value.errors.length === 0 && now.value.targets.length > 0);
    });
  }
  const found = look();
  if (!found.ok) return failure(found.error);
  const { targets, errors } = found.value;
  if (wanted === "delete" && targets.length === 0) return success("");
  if (errors.length > 0) return failure(errors.join("\n"));
  if (targets.length === 0) return failure("error: no matching resources found");
  let left = limit;
  return joined(
    targets.map(({ info, object }: Target): Output => {
      const start = call.world.now;
      const met = waitUntil(call, Math.max(0, left), () => {
        const now = call.world.objects.get(keyOf(object));
        return holds(wanted === "delete" && now?.metadata.uid !== object.metadata.uid ? undefined : now);
      });
      left -= call.world.now - start;
      if (met) return success(`${objectName(info, object)} condition met\n`);
      return failure(`error: timed out waiting for the condition on ${resourcesName(info)}/${object.metadata.name}`);
    }),
  );
}
