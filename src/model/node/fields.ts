import { any, bool, list, object, objects, plain, string, strings, struct, time, type Struct } from "../fields.ts";
import { CONDITION, metadata, TYPE_META } from "../meta/fields.ts";

const text = string("Reported by the kubelet.", { inert: true });
const kept = any("Reported by the kubelet.", { inert: true });

const TAINT = struct("Taint", {
  key: string("Taint key.", { required: true, keep: true }),
  value: string("Taint value."),
  effect: string("What becomes of pods that do not tolerate it.", {
    required: true,
    keep: true,
    values: ["NoSchedule", "PreferNoSchedule", "NoExecute"],
    go: "v1.TaintEffect",
  }),
  timeAdded: time("When a NoExecute taint was added."),
});

const NODE_SPEC = struct("NodeSpec", {
  podCIDR: string("The range that this node's pods get their addresses from; its bridge cni0 has the first one."),
  podCIDRs: strings("The same for each IP family; the first equals podCIDR."),
  providerID: string("Name of the machine at its cloud.", { inert: true }),
  unschedulable: bool("Cordoned: no new pods."),
  taints: objects(TAINT, "Pods that do not tolerate these stay away."),
  configSource: any("Source of the kubelet's configuration.", { inert: true, deprecated: "Removed in 1.24." }),
  externalID: string("Old name of the machine.", { inert: true, deprecated: "Not set by the kubelet since 1.13." }),
});

const ADDRESS = struct("NodeAddress", {
  type: string("What the address is.", {
    required: true,
    keep: true,
    values: ["InternalIP", "ExternalIP", "Hostname", "InternalDNS", "ExternalDNS"],
    go: "v1.NodeAddressType",
  }),
  address: string("The address.", { required: true, keep: true }),
});

const NODE_STATUS = struct("NodeStatus", {
  capacity: any("Resources of the machine.", { inert: true }),
  allocatable: any("Resources that pods may use.", { inert: true }),
  phase: string("Not used.", { inert: true, deprecated: "Not used any more." }),
  conditions: objects(struct("NodeCondition", CONDITION.fields), "Ready and what else the kubelet reports."),
  addresses: objects(ADDRESS, "Addresses of the node; the first InternalIP is the one it is dialled by."),
  daemonEndpoints: kept,
  nodeInfo: object(
    struct("NodeSystemInfo", {
      ...plain(
        "machineID systemUUID bootID kernelVersion osImage containerRuntimeVersion kubeletVersion kubeProxyVersion operatingSystem architecture",
        text,
      ),
      swap: kept,
    }),
    "Versions and ids of the machine.",
    { inert: true },
  ),
  images: list(kept, "Images on the node.", { inert: true }),
  volumesInUse: list(kept, "Volumes in use.", { inert: true }),
  volumesAttached: list(kept, "Volumes attached.", { inert: true }),
  config: kept,
  runtimeHandlers: list(kept, "Handlers of the container runtime.", { inert: true }),
  features: kept,
  declaredFeatures: list(kept, "Features of the kubelet.", { inert: true }),
});

export const NODE: Struct = struct("Node", {
  ...TYPE_META,
  metadata,
  spec: object(NODE_SPEC, "What the node is to be."),
  status: object(NODE_STATUS, "What the kubelet reports: its addresses above all."),
});
