/** Histories that failed once, as short as they could be made. */
import { objectKey } from "../model/meta/types.ts";
import type { Act } from "./random.ts";
import type { App } from "./random-text.ts";

const APP: App = {
  name: "web",
  namespace: "default",
  kind: "Deployment",
  replicas: 1,
  image: "v1",
  behavior: "",
  rollout: "",
  service: "ClusterIP",
  manner: "",
  pinned: false,
};

const text = (...apps: readonly Partial<App>[]): Act => ({
  do: "text",
  apps: apps.map((app) => ({ ...APP, ...app })),
  handMade: null,
});

export const KEPT: readonly (readonly Act[])[] = [
  // A rollout that never ends keeps what was ready before it: 2 pods when settling, none in a run that had none yet.
  [
    text({ replicas: 2, behavior: "stop=never" }),
    { do: "hang", nth: 1, on: true },
    text(
      { image: "v2", behavior: "ready=false", service: "NodePort" },
      { name: "api", kind: "none", service: "LoadBalancer" },
    ),
  ],
  // The balancer's finalizer holds the Service `web` while a text names it anew.
  [
    text({ service: "LoadBalancer", replicas: 0, image: "v2" }, { name: "api", service: "LoadBalancer", image: "v2" }),
    { do: "wait", micros: 413_000 },
    text(
      { kind: "DaemonSet", service: "none" },
      { name: "api", kind: "StatefulSet", behavior: "ready=false", service: "NodePort" },
    ),
    { do: "pod", what: "kill", nth: 3 },
    text({ kind: "StatefulSet", replicas: 3, behavior: "stop=3s" }),
  ],
  // A StatefulSet took in a pod with its labels and not with its name, and took it along when it was deleted.
  [text({ kind: "StatefulSet" }), { do: "bare pod", on: true }, text({ rollout: "slow" })],
  // A node port that is to move from one Service to another is not free while the other's balancer is taken down.
  [
    text({ kind: "none", service: "Local" }, { name: "api", service: "LoadBalancer", pinned: true }),
    { do: "edit", key: objectKey("Service", "default", "web"), spec: { type: "ClusterIP" } },
    text({ service: "Local", pinned: true }),
  ],
  // The names of an affinity's chains and sets have addresses in them: the comparison has to see past those.
  [
    text({ kind: "DaemonSet", behavior: "stop=never", service: "LoadBalancer" }),
    text(
      { kind: "DaemonSet", service: "NodePort", manner: "sticky" },
      { namespace: "shop", behavior: "stop=3s", service: "headless" },
    ),
    { do: "mode", mode: "nftables" },
  ],
  // A Node that is deleted and comes back is a new machine: its kube-proxy starts with what its file says then.
  [
    text({ kind: "DaemonSet", replicas: 2, behavior: "ready=false", rollout: "Recreate", service: "LoadBalancer" }),
    { do: "delete", key: objectKey("Node", undefined, "b") },
    { do: "mode", mode: "ipvs" },
  ],
];
