/** The node's rules do not show what the objects say: its kube-proxy is stopped, has failed, or lags behind. */
import { objectKey } from "../../model/meta/types.ts";
import type { Walk } from "../../model/trace/types.ts";
import type { Diagnoser } from "../types.ts";

const nodesOf = ({ hops }: Walk): readonly string[] =>
  hops
    .filter(({ stage, place }) => stage.startsWith("hook:") && place.startsWith("node/"))
    .map(({ place }) => place.slice("node/".length));

export const rulesStale: Diagnoser = ({ failed, proxies, target }) => {
  if (target.service === null) return [];
  for (const branch of failed) {
    const state = nodesOf(branch.walk)
      .map((node) => proxies.find((one) => one.node === node))
      .find((one) => one !== undefined && !one.current);
    if (state === undefined) continue;
    const { node, running, failure } = state;
    return [
      {
        id: "RULES-STALE",
        severity: "error",
        hop: branch.end?.at ?? null,
        evidence: [
          {
            kind: "object",
            object: objectKey("Node", undefined, node),
            path: "metadata.name",
            shows: running ? "kube-proxy lags behind" : "kube-proxy does not run",
          },
          {
            kind: "rule",
            node,
            rule: branch.end?.hop.rule?.text ?? "",
            shows: "written before the latest change of Services and endpoints",
          },
        ],
        cause:
          failure !== null
            ? `kube-proxy on ${node} gave up when it was started (${failure}), so the rules there are those of before.`
            : running
              ? `kube-proxy on ${node} has not yet heard of the latest change: the rules there are those of before.`
              : `kube-proxy on ${node} is stopped: the rules that it wrote stay as they are, whatever changes.`,
        remedies: [],
        otherwise: running
          ? "Nothing in the text is wrong: the rules follow when kube-proxy has caught up."
          : "Nothing in the text is wrong: start kube-proxy on the node again.",
        command: `kubectl -n kube-system get pods -l k8s-app=kube-proxy --field-selector spec.nodeName=${node}`,
      },
    ];
  }
  return [];
};
