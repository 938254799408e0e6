/** `kubectl scale`. Source: kubectl/pkg/cmd/scale. */
import { type Call } from "./call.ts";
import { failure, type Output } from "./output.ts";
import { count, withValue } from "./read.ts";
import { select, type Target } from "./select.ts";
import { perform, type Planned, update } from "./write.ts";

const SCALABLE: ReadonlySet<string> = new Set(["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"]);

export function kubectlScale(call: Call): Output {
  const { flags, words } = call.args;
  const replicas = flags["--replicas"];
  if (replicas === undefined || !/^\d+$/.test(replicas)) {
    return failure("error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
  }
  const found = select(call, words, { doing: "scaling", typeAlone: false });
  if (!found.ok) return failure(found.error);
  const { targets, errors } = found.value;
  if (targets.length === 0 && errors.length === 0) return failure("error: no objects passed to scale");
  const complaints = [...errors];
  const planned = targets.flatMap(({ info, object }: Target): readonly Planned[] => {
    if (!SCALABLE.has(info.kind)) {
      complaints.push("Error from server (NotFound): the server could not find the requested resource");
      return [];
    }
    const expected = flags["--current-replicas"];
    const current = count(object, "spec", "replicas");
    if (expected !== undefined && expected !== "-1" && Number(expected) !== current) {
      complaints.push(`error: Expected replicas to be ${expected}, was ${current}`);
      return [];
    }
    const scaled = withValue(object, ["spec", "replicas"], Number(replicas));
    return [{ info, write: update(scaled), done: "scaled", request: { subresource: "scale" } }];
  });
  return perform(call, planned, complaints);
}
