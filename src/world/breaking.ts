import type { Store } from "../apiserver/types.ts";
import type { JsonValue } from "../base/json.ts";
import { kubeletKey } from "../controllers/kubelet/controller.ts";
import { type EngineContext, NOW } from "../engine/types.ts";
import { objectKey } from "../model/meta/types.ts";
import { podHost } from "../network/topology/pod.ts";
import type { Fault } from "../wire/protocol.ts";
import { signalsOf, withFault } from "./faults.ts";
import { noticeDelay } from "./health-checks.ts";
import type { KubeProxies } from "./kube-proxies.ts";
import { DELIVERY } from "./proxies.ts";
import type { State } from "./state.ts";

const NODE_LIFECYCLE = "node-lifecycle-controller";

/** Breaks or mends something, and tells those who would notice. */
export function breakOrMend(
  fault: Fault,
  { store, state, proxies }: { readonly store: Store; readonly state: State; readonly proxies: KubeProxies },
  engine: EngineContext,
): void {
  const { faults, seed } = state.rest;
  const wasOff = "node" in fault && state.isProxyOff(fault.node);
  state.change({ faults: withFault(fault, faults, engine.now, seed) });
  if ("node" in fault && state.isProxyOff(fault.node) !== wasOff) unnotice(fault.node, wasOff, state, engine);
  for (const { node, key, signal } of signalsOf(fault, store)) {
    engine.emit(NOW, `kubelet/${node}`, "signal", signal as unknown as JsonValue, key);
  }
  if (fault.fault === "node") {
    const node = objectKey("Node", undefined, fault.node);
    engine.emit(NOW, NODE_LIFECYCLE, "reconcile", null, node);
    if (fault.on) engine.emit(DELIVERY, `kubelet/${fault.node}`, "reconcile", null, kubeletKey(fault.node, node));
    else loseKernels(fault.node, store, state);
  }
  if (fault.fault === "kube-proxy") proxies.stopped(fault.node, engine);
  else if (fault.fault === "node" || fault.fault === "watch-lag") proxies.syncSoon(fault.node, engine);
}

/** kube-proxy's health checks have stopped or begun to answer; balancers find out with time. */
function unnotice(node: string, wasOff: boolean, state: State, engine: EngineContext): void {
  const { unnoticed, cloud, seed } = state.rest;
  const seen = state.seenUp(node, engine.now) ?? !wasOff;
  const { [node]: _, ...others } = unnoticed;
  const isOff = !wasOff;
  if (seen === !isOff) return state.change({ unnoticed: others });
  const what = { node, fails: isOff, isSilent: state.isDown(node) };
  const micros = engine.latency({ class: "probe", micros: noticeDelay(what, cloud, engine.now, seed) });
  state.change({ unnoticed: { ...others, [node]: { seen, until: engine.now + micros } } });
}

/** Rules and connections live in the kernel's memory, the node's own and its pods'. */
function loseKernels(node: string, store: Store, state: State): void {
  const { [node]: _, ...proxies } = state.rest.proxies;
  const { network } = state.rest;
  const lost = new Set([`node/${node}`, ...store.podsOnNode(node).map(podHost)]);
  const hosts = Object.fromEntries(Object.entries(network.hosts).filter(([id]) => !lost.has(id)));
  state.change({ proxies, network: { ...network, hosts } });
}
