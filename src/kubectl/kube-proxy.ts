/**
 * What one does with kube-proxy's pods besides reading them (see kube-proxy-objects.ts): logs, restarting all of them, deleting one.
 * They also go by the names of their nodes: `kube-proxy-worker-1`.
 */
import { compareStrings } from "../base/compare.ts";
import type { Node } from "../model/node/types.ts";
import { type Call, namespaceOf } from "./call.ts";
import { KUBE_PROXY_NAMESPACE as NAMESPACE, nodeOfProxyPod, proxyPodName } from "./kube-proxy-objects.ts";
import { failure, type Output, success } from "./output.ts";

const DAEMON_SET = /^(?:ds|daemonsets?(?:\.apps)?)\/kube-proxy$/;
const SELECTOR = "k8s-app=kube-proxy";

/** Nodes whose kube-proxy is meant by `kube-proxy-x`, `ds/kube-proxy`, `-l k8s-app=kube-proxy`; of a DaemonSet the first. */
export function proxyNodes(call: Call, word: string | undefined, selector: string | undefined): readonly string[] {
  const nodes = nodesOf(call);
  if (selector !== undefined) return selector === SELECTOR ? nodes : [];
  const match = /^(?:(?:pods?|po|ds|daemonsets?)\/)?kube-proxy(?:-(.+))?$/.exec(word ?? "");
  if (match === null) return [];
  const named =
    match[1] === undefined
      ? undefined
      : (nodes.find((node) => node === match[1]) ?? nodeOfProxyPod(call.world, `kube-proxy-${match[1]}`));
  return match[1] === undefined ? nodes.slice(0, 1) : named === undefined ? [] : [named];
}

function nodesOf(call: Call): readonly string[] {
  return call.world.objects
    .list<Node>("Node")
    .map((node) => node.metadata.name)
    .sort(compareStrings);
}

/** Ends them one after the other; each starts again from its configuration as it is now. Null, or why it cannot be. */
function restart(call: Call, nodes: readonly string[]): string | null {
  for (const node of nodes) {
    // One that was stopped by hand stays so.
    if (call.world.dispatch({ type: "fault", fault: "kube-proxy", node, on: false }).refusal !== null) continue;
    const { refusal } = call.world.dispatch({ type: "fault", fault: "kube-proxy", node, on: true });
    if (refusal !== null) return refusal.message;
  }
  return null;
}

/** `kubectl -n kube-system rollout restart|history ds/kube-proxy`; null when it is about something else. */
export function rolloutOfKubeProxy(call: Call, what: string, words: readonly string[]): Output | null {
  const word = words.length === 2 ? `${words[0]}/${words[1]}` : (words[0] ?? "");
  if (namespaceOf(call) !== NAMESPACE || !DAEMON_SET.test(word)) return null;
  if (what === "status") return null;
  // Its template is kubeadm's and stays so: a restart is not a revision here.
  if (what === "history") return success("daemonset.apps/kube-proxy \nREVISION  CHANGE-CAUSE\n1         <none>\n\n");
  if (what !== "restart") return failure(`error: rollout ${what} of kube-proxy is not supported here`);
  const problem = restart(call, nodesOf(call));
  return problem === null ? success("daemonset.apps/kube-proxy restarted\n") : failure(problem);
}

/** `kubectl -n kube-system delete pod kube-proxy-worker-1`, `-l k8s-app=kube-proxy`; null when it is about something else. */
export function deleteKubeProxy(call: Call): Output | null {
  const { words, flags } = call.args;
  const selector = flags["--selector"];
  const [kind = "", ...rest] = words.flatMap((word) => word.split("/"));
  if (namespaceOf(call) !== NAMESPACE || !/^(po|pods?)$/.test(kind)) return null;
  const found =
    selector === undefined
      ? rest.map((word) => proxyNodes(call, word, undefined))
      : [proxyNodes(call, undefined, selector)];
  const nodes = found.flat();
  if (nodes.length === 0 || found.some((some) => some.length === 0)) return null;
  const names = selector === undefined ? rest : nodes.map((node) => proxyPodName(call.world, node));
  const problem = restart(call, nodes);
  return problem === null
    ? success(names.map((name) => `pod "${name}" deleted from ${NAMESPACE} namespace\n`).join(""))
    : failure(problem);
}
