/** `kubectl cordon`, `uncordon`, `drain`, `taint`. Source: kubectl/pkg/cmd/drain, taint. */
import { keyOf, type KubeObject, objectKey } from "../model/meta/types.ts";
import { kindNamed, type KindInfo } from "../model/kinds.ts";
import type { Node, Taint } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { kubectlText, notFound, quote } from "../model/status.ts";
import { isOn } from "./args.ts";
import { must } from "../base/assert.ts";
import { type Call, noteRequest } from "./call.ts";
import { failure, joined, type Output } from "./output.ts";
import { select } from "./select.ts";
import { dryRunOf, perform, type Planned, remove, update } from "./write.ts";

const kindOf = (kind: string): KindInfo => must(kindNamed(kind), kind);

interface NodeSelection {
  readonly nodes: readonly Node[];
  readonly errors: readonly string[];
}

function nodesOf(call: Call, verb: string): NodeSelection | string {
  const { words, flags } = call.args;
  if (words.length === 0 && flags["--selector"] === undefined) {
    return `error: USAGE: ${verb} NODE [flags]\nSee 'kubectl ${verb} -h' for help and examples`;
  }
  if (words.length > 0 && flags["--selector"] !== undefined) {
    return "error: error: cannot specify both a node name and a --selector option";
  }
  const info = kindOf("Node");
  if (words.length === 0) {
    const found = select(call, ["nodes"], { doing: "reading", typeAlone: false });
    if (!found.ok) return found.error;
    return { nodes: found.value.targets.map(({ object }) => object as Node), errors: [] };
  }
  const nodes: Node[] = [];
  const errors: string[] = [];
  for (const word of words) {
    const name = word.replace(/^(nodes?|no)\//, "");
    const node = call.world.objects.get<Node>(objectKey("Node", undefined, name));
    noteRequest(call, "GET", info, { name }, node === undefined ? 404 : 200);
    if (node === undefined) errors.push(kubectlText(notFound("Node", name)));
    else nodes.push(node);
  }
  return { nodes, errors };
}

function cordoned(node: Node, unschedulable: boolean): Planned {
  const already = (node.spec.unschedulable === true) === unschedulable;
  const { unschedulable: _, ...spec } = node.spec;
  const word = unschedulable ? "cordoned" : "uncordoned";
  return {
    info: kindOf("Node"),
    write: update({ ...node, spec: unschedulable ? { ...spec, unschedulable } : spec } as Node),
    done: already ? `already ${word}` : word,
  };
}

function cordon(call: Call, verb: "cordon" | "uncordon"): Output {
  const found = nodesOf(call, verb);
  if (typeof found === "string") return failure(found);
  return perform(
    call,
    found.nodes.map((node) => cordoned(node, verb === "cordon")),
    found.errors,
  );
}

export const kubectlCordon = (call: Call): Output => cordon(call, "cordon");
export const kubectlUncordon = (call: Call): Output => cordon(call, "uncordon");

const controllerOf = (pod: Pod): { readonly kind: string; readonly name: string } | undefined =>
  pod.metadata.ownerReferences?.find((reference) => reference.controller === true);

const nameOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? "default"}/${metadata.name}`;

export function kubectlDrain(call: Call): Output {
  const found = nodesOf(call, "drain");
  if (typeof found === "string") return failure(found);
  const dry = dryRunOf(call);
  if (typeof dry === "object") return failure(dry.error);
  const outputs: Output[] = found.errors.map((line) => failure(line));
  for (const node of found.nodes) {
    const done = perform(call, [cordoned(node, true)]);
    noteRequest(call, "GET", kindOf("Pod"), {
      query: { fieldSelector: `spec.nodeName=${node.metadata.name}`, limit: "500" },
    });
    const pods = call.world.objects.podsOnNode(node.metadata.name);
    const daemons = pods.filter((pod) => controllerOf(pod)?.kind === "DaemonSet");
    const bare = pods.filter(
      (pod) => controllerOf(pod) === undefined && pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed",
    );
    const problems: string[] = [];
    if (daemons.length > 0 && !isOn(call.args, "--ignore-daemonsets")) {
      problems.push(
        `cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ${daemons.map(nameOf).join(", ")}`,
      );
    }
    if (bare.length > 0 && !isOn(call.args, "--force")) {
      problems.push(
        `cannot delete Pods that declare no controller (use --force to override): ${bare.map(nameOf).join(", ")}`,
      );
    }
    if (problems.length > 0) {
      const list = problems.length === 1 ? `[${problems[0]}]` : `[${problems.join(", ")}]`;
      const { name } = node.metadata;
      outputs.push(done, {
        stdout: "",
        stderr: `error: unable to drain node ${quote(name)} due to error: ${list}, continuing command...\nThere are pending nodes to be drained:\n ${name}\n${problems.join("\n")}\n`,
        code: 1,
      });
      continue;
    }
    const warnings = [
      ...(daemons.length > 0 ? [`ignoring DaemonSet-managed Pods: ${daemons.map(nameOf).join(", ")}`] : []),
      ...(bare.length > 0 ? [`deleting Pods that declare no controller: ${bare.map(nameOf).join(", ")}`] : []),
    ];
    const leaving = pods.filter((pod) => !daemons.includes(pod));
    const suffix = dry === "none" ? "" : dry === "client" ? " (dry run)" : " (server dry run)";
    const said = leaving.map((pod) => `evicting pod ${nameOf(pod)}${suffix}\n`).join("");
    const evicted = perform(
      { ...call, args: { ...call.args, flags: { ...call.args.flags } } },
      leaving.map((pod) => ({
        info: kindOf("Pod"),
        write: remove(keyOf(pod), false),
        done: "evicted",
        request: { method: "POST", subresource: "eviction", code: 201 },
      })),
    );
    outputs.push(
      done,
      { stdout: said, stderr: warnings.map((warning) => `Warning: ${warning}\n`).join(""), code: 0 },
      evicted,
      { stdout: `node/${node.metadata.name} drained${suffix}\n`, stderr: "", code: 0 },
    );
  }
  return joined(outputs);
}

const EFFECTS: ReadonlySet<string> = new Set(["NoSchedule", "PreferNoSchedule", "NoExecute"]);

interface TaintChange {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly remove: boolean;
}

/** `key=value:effect`, `key:effect`, `key:effect-`, `key-`. */
function taintOf(spec: string): TaintChange | string {
  const remove = spec.endsWith("-");
  const body = remove ? spec.slice(0, -1) : spec;
  const [pair = "", effect = ""] = body.split(":");
  const [key = "", value] = pair.split("=");
  if (key === "" || (!remove && effect === "")) return `error: unknown taint spec: ${spec}`;
  if (effect !== "" && !EFFECTS.has(effect)) return `error: invalid taint effect: ${effect}, unsupported taint effect`;
  return { key, effect, remove, ...(value !== undefined && value !== "" && { value }) };
}

export function kubectlTaint(call: Call): Output {
  const { words } = call.args;
  const [type = "", ...rest] = words;
  if (!["no", "node", "nodes"].includes(type.split("/")[0] ?? "")) {
    return failure(`error: invalid resource type ${type}, only node(s) is supported`);
  }
  const isTaint = (word: string): boolean => /[=:]/.test(word) || word.endsWith("-");
  const changes: TaintChange[] = [];
  for (const word of rest.filter(isTaint)) {
    const change = taintOf(word);
    if (typeof change === "string") return failure(change);
    changes.push(change);
  }
  if (changes.length === 0) return failure("error: at least one taint update is required");
  const names = rest.filter((word) => !isTaint(word));
  const found = select(call, [type, ...names], { doing: "reading", typeAlone: false });
  if (!found.ok) return failure(found.error);
  const complaints = [...found.value.errors];
  const planned = found.value.targets.flatMap(({ info, object }): readonly Planned[] => {
    const node = object as Node;
    let taints: readonly Taint[] = node.spec.taints ?? [];
    for (const { key, value, effect, remove: gone } of changes) {
      const matches = (taint: Taint): boolean => taint.key === key && (effect === "" || taint.effect === effect);
      if (gone) {
        if (!taints.some(matches)) {
          complaints.push(`error: taint ${quote(effect === "" ? key : `${key}:${effect}`)} not found`);
          return [];
        }
        taints = taints.filter((taint) => !matches(taint));
        continue;
      }
      if (taints.some((taint) => matches(taint) && taint.value !== value) && !isOn(call.args, "--overwrite")) {
        complaints.push(
          `error: node ${node.metadata.name} already has ${key} taint(s) with same effect(s) and --overwrite is false`,
        );
        return [];
      }
      const taint: Taint = { key, effect: effect as Taint["effect"], ...(value !== undefined && { value }) };
      taints = [...taints.filter((other) => !matches(other)), taint];
    }
    const { taints: _, ...spec } = node.spec;
    const next = { ...node, spec: { ...spec, ...(taints.length > 0 && { taints }) } } as Node;
    const word = changes.every((change) => change.remove)
      ? "untainted"
      : changes.some((change) => change.remove)
        ? "modified"
        : "tainted";
    return [{ info, write: update(next), done: word }];
  });
  return perform(call, planned, complaints);
}
