import type { Store } from "../apiserver/types.ts";
import type { JsonValue } from "../base/json.ts";
import { kubeletKey } from "../controllers/kubelet/controller.ts";
import { type EngineContext, NOW } from "../engine/types.ts";
import { objectKey } from "../model/meta/types.ts";
import { podHost } from "../network/topology/pod.ts";
import type { Fault } from "../wire/protocol.ts";
import { signalsOf, withFault } from "./faults.ts";
import type { KubeProxies } from "./kube-proxies.ts";
import { DELIVERY } from "./proxies.ts";
import type { State } from "./state.ts";
import type { Balancers } from "./balancers.ts";
import { isInstalled } from "../controllers/metallb/pools.ts";
import { MEMBERLIST, METALLB_SPEAKER } from "../controllers/metallb/speaker.ts";

const NODE_LIFECYCLE = "node-lifecycle-controller";

/** Breaks or mends something, and tells those who would notice. */
export function breakOrMend(
  fault: Fault,
  {
    store,
    state,
    proxies,
    balancers,
  }: {
    readonly store: Store;
    readonly state: State;
    readonly proxies: KubeProxies;
    readonly balancers: Balancers;
  },
  engine: EngineContext,
): void {
  const { faults, seed } = state.rest;
  state.change({ faults: withFault(fault, faults, engine.now, seed) });
  for (const { node, key, signal } of signalsOf(fault, store)) {
    engine.emit(NOW, `kubelet/${node}`, "signal", signal as unknown as JsonValue, key);
  }
  if (fault.fault === "node") {
    const node = objectKey("Node", undefined, fault.node);
    engine.emit(NOW, NODE_LIFECYCLE, "reconcile", null, node);
    if (isInstalled(store)) engine.emit(MEMBERLIST, METALLB_SPEAKER, "reconcile", null, node);
    if (fault.on) engine.emit(DELIVERY, `kubelet/${fault.node}`, "reconcile", null, kubeletKey(fault.node, node));
    else loseKernels(fault.node, store, state);
  }
  if (fault.fault === "kube-proxy") proxies.stopped(fault.node, engine);
  else if (fault.fault === "node" || fault.fault === "watch-lag") proxies.syncSoon(fault.node, engine);
  if ("node" in fault) balancers.look(fault.node, engine);
}

/** Rules and connections live in the kernel's memory, the node's own and its pods'. */
function loseKernels(node: string, store: Store, state: State): void {
  const { [node]: _, ...proxies } = state.rest.proxies;
  const { network } = state.rest;
  const lost = new Set([`node/${node}`, ...store.podsOnNode(node).map(podHost)]);
  const hosts = Object.fromEntries(Object.entries(network.hosts).filter(([id]) => !lost.has(id)));
  state.change({ proxies, network: { ...network, hosts } });
}
