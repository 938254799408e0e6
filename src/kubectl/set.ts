/** `kubectl set image|selector|env|resources`. Source: kubectl/pkg/cmd/set. */
import { own } from "./own.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Container } from "../model/pod/types.ts";
import { quote } from "../model/status.ts";
import { isOn } from "./args.ts";
import type { Call } from "./call.ts";
import { parseLabels } from "./create/parse.ts";
import { failure, type Output } from "./output.ts";
import { at, items, text, withValue } from "./read.ts";
import { select } from "./select.ts";
import { perform, type Planned, update } from "./write.ts";

/** Where a kind keeps its pod's spec. */
export function podSpecPath(kind: string): readonly string[] | null {
  if (kind === "Pod") return ["spec"];
  return ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job"].includes(kind)
    ? ["spec", "template", "spec"]
    : null;
}

type Change = (object: KubeObject) => Result<KubeObject, string>;

interface Setting {
  readonly done: string;
  /** Words behind the resource, or a complaint about them. */
  readonly change: (call: Call, pairs: readonly string[]) => Result<Change, string>;
}

const onContainers =
  (edit: (container: Container) => Container, wanted: (name: string) => boolean): Change =>
  (object) => {
    const path = podSpecPath(object.kind);
    if (path === null) return err(`error: the object is not a pod or does not have a pod template: *v1.${object.kind}`);
    const containers = items(object, ...path, "containers") as readonly Container[];
    const next = containers.map((container) => (wanted(container.name) ? edit(container) : container));
    return ok(withValue(object, [...path, "containers"], next));
  };

const image: Setting = {
  done: "image updated",
  change: (_call, pairs) => {
    if (pairs.length === 0) return err("error: at least one image update is required");
    const images = new Map<string, string>();
    for (const pair of pairs) {
      const equals = pair.indexOf("=");
      if (equals <= 0) return err(`error: invalid image: ${pair}`);
      images.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    return ok((object) => {
      const path = podSpecPath(object.kind) ?? ["spec"];
      const names = (items(object, ...path, "containers") as readonly Container[]).map(({ name }) => name);
      const unknown = [...images.keys()].find((name) => name !== "*" && !names.includes(name));
      if (unknown !== undefined) return err(`error: unable to find container named ${quote(unknown)}`);
      const imageOf = (name: string): string | undefined => images.get(name) ?? images.get("*");
      return onContainers(
        (container) => ({ ...container, image: imageOf(container.name) ?? "" }),
        (name) => imageOf(name) !== undefined,
      )(object);
    });
  },
};

const env: Setting = {
  done: "env updated",
  change: (call, pairs) => {
    const all = [...pairs, ...call.args.all("--env")];
    if (all.length === 0) return err("error: at least one environment variable must be provided");
    const wanted = call.args.flags["--containers"] ?? "*";
    return ok(
      onContainers(
        (container) => {
          const vars = new Map((container.env ?? []).map((variable) => [variable.name, variable]));
          for (const pair of all) {
            const equals = pair.indexOf("=");
            if (equals < 0) vars.delete(pair.replace(/-$/, ""));
            else vars.set(pair.slice(0, equals), { name: pair.slice(0, equals), value: pair.slice(equals + 1) });
          }
          const { env: _, ...rest } = container;
          return vars.size === 0 ? rest : { ...rest, env: [...vars.values()] };
        },
        (name) => wanted === "*" || wanted.split(",").includes(name),
      ),
    );
  },
};

const selector: Setting = {
  done: "selector updated",
  change: (_call, pairs) => {
    if (pairs.length === 0) return err("error: one selector is required");
    const labels = parseLabels(pairs.join(","));
    if (!labels.ok) return labels;
    return ok((object) =>
      object.kind === "Service"
        ? ok(withValue(object, ["spec", "selector"], labels.value))
        : err("error: selector update is only supported for Services"),
    );
  },
};

const resources: Setting = {
  done: "resource requirements updated",
  change: (call) => {
    const limits = parseLabels(call.args.flags["--limits"] ?? "");
    if (!limits.ok) return limits;
    const requests = parseLabels(call.args.flags["--requests"] ?? "");
    if (!requests.ok) return requests;
    const some = Object.keys(limits.value).length + Object.keys(requests.value).length > 0;
    if (!some)
      return err("error: you must specify an update to requests or limits (in the form of --requests/--limits)");
    const wanted = call.args.flags["--containers"] ?? "*";
    return ok(
      onContainers(
        (container) => {
          const put = (c: Container, name: string, value: Readonly<Record<string, string>>): Container =>
            Object.keys(value).length === 0 ? c : withValue(c, ["resources", name], value);
          return put(put(container, "limits", limits.value), "requests", requests.value);
        },
        (name) => wanted === "*" || wanted.split(",").includes(name),
      ),
    );
  },
};

const SETTINGS: Readonly<Record<string, Setting>> = { image, env, selector, resources };

export function kubectlSet(call: Call): Output {
  const [what = "", ...words] = call.args.words;
  const setting = own(SETTINGS, what);
  if (setting === undefined) {
    return failure(
      what === "serviceaccount" || what === "sa" || what === "subject"
        ? `error: kubectl set ${what} is not supported here: use kubectl patch`
        : `error: unknown command "set ${what}"\nSee 'kubectl set -h' for help and examples`,
    );
  }
  if (what === "env" && isOn(call.args, "--list")) return listEnv(call, words);
  const isPair = (word: string): boolean => word.includes("=") || (what === "env" && /.-$/.test(word));
  const change = setting.change(call, words.filter(isPair));
  if (!change.ok) return failure(change.error);
  const named = words.filter((word) => !isPair(word));
  const found = select(call, named, { doing: "setting", typeAlone: isOn(call.args, "--all") });
  if (!found.ok) return failure(found.error);
  const complaints = [...found.value.errors];
  const planned = found.value.targets.flatMap(({ info, object }): readonly Planned[] => {
    const changed = change.value(object);
    if (changed.ok) {
      // A change that changes nothing is not even sent.
      if (JSON.stringify(changed.value) === JSON.stringify(object)) return [];
      return [{ info, write: update(changed.value), done: setting.done }];
    }
    complaints.push(changed.error);
    return [];
  });
  return perform(call, planned, complaints);
}

/** `kubectl set env deploy/web --list`. */
function listEnv(call: Call, words: readonly string[]): Output {
  const found = select(call, words, { doing: "reading", typeAlone: isOn(call.args, "--all") });
  if (!found.ok) return failure(found.error);
  const { targets, errors } = found.value;
  const stdout = targets.flatMap(({ info, object }) =>
    (items(object, ...(podSpecPath(object.kind) ?? ["spec"]), "containers") as readonly Container[]).map(
      (container) => {
        const variables = (container.env ?? []).map(({ name, value, valueFrom }) =>
          valueFrom === undefined ? `${name}=${value ?? ""}\n` : `# ${name} from ${referenceText(valueFrom)}\n`,
        );
        return `# ${info.plural} ${object.metadata.name}, container ${container.name}\n${variables.join("")}`;
      },
    ),
  );
  return {
    stdout: stdout.join(""),
    stderr: errors.map((line) => `${line}\n`).join(""),
    code: errors.length > 0 ? 1 : 0,
  };
}

function referenceText(from: unknown): string {
  const one = (member: string, noun: string): string | null =>
    at(from, member) === undefined ? null : `${noun} ${text(from, member, "name")}, key ${text(from, member, "key")}`;
  return (
    one("configMapKeyRef", "configmap") ??
    one("secretKeyRef", "secret") ??
    (at(from, "fieldRef") === undefined ? "invalid valueFrom" : `field path ${text(from, "fieldRef", "fieldPath")}`)
  );
}
