/**
 * kube-proxy's DaemonSet and its pods as the API server serves them. They are not stored: what would be stored of them is known from
 * the processes. Source: cmd/kubeadm/app/phases/addons/proxy/manifests.go [1.36].
 */
import { compareStrings } from "../base/compare.ts";
import { draw } from "../base/draw.ts";
import { type Micros, fromTimestamp, timestamp } from "../base/time.ts";
import { generatedName, templateHash } from "../controllers/names.ts";
import type { DaemonSet } from "../model/daemonset/types.ts";
import { type ObjectMeta, objectKey } from "../model/meta/types.ts";
import { type Node, nodeReady } from "../model/node/types.ts";
import { type ContainerStatus, type Pod, podReady } from "../model/pod/types.ts";
import type { ProxyProcess } from "../world/proxies.ts";
import type { World } from "../world/types.ts";

export const KUBE_PROXY_NAMESPACE = "kube-system";
const NAME = "kube-proxy";
const IMAGE = "registry.k8s.io/kube-proxy:v1.36.2";
const LABELS = { "k8s-app": NAME } as const;

const CONTAINER = {
  name: NAME,
  image: IMAGE,
  imagePullPolicy: "IfNotPresent",
  command: [
    "/usr/local/bin/kube-proxy",
    "--config=/var/lib/kube-proxy/config.conf",
    "--hostname-override=$(NODE_NAME)",
  ],
  env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } }],
  securityContext: { privileged: true },
  volumeMounts: [
    { mountPath: "/var/lib/kube-proxy", name: NAME },
    { mountPath: "/run/xtables.lock", name: "xtables-lock" },
    { mountPath: "/lib/modules", name: "lib-modules", readOnly: true },
  ],
};

const TEMPLATE = {
  metadata: { labels: LABELS },
  spec: {
    priorityClassName: "system-node-critical",
    containers: [CONTAINER],
    dnsPolicy: "ClusterFirst",
    hostNetwork: true,
    nodeSelector: { "kubernetes.io/os": "linux" },
    restartPolicy: "Always" as const,
    schedulerName: "default-scheduler",
    serviceAccountName: NAME,
    terminationGracePeriodSeconds: 30,
    tolerations: [{ operator: "Exists" as const }],
    volumes: [
      { name: NAME, configMap: { name: NAME } },
      { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
      { name: "lib-modules", hostPath: { path: "/lib/modules" } },
    ],
  },
};

const HASH = templateHash(TEMPLATE);

/** The DaemonSet and one pod on every node, in the order of the nodes' names; nothing in a cluster without nodes. */
export function kubeProxyObjects(world: World): readonly (DaemonSet | Pod)[] {
  const { objects } = world;
  const born = objects.get(objectKey("Namespace", undefined, KUBE_PROXY_NAMESPACE))?.metadata.creationTimestamp;
  const nodes = [...objects.list<Node>("Node")].sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
  if (nodes.length === 0) return [];
  const pods = nodes.map((node) => podOn(node, world.proxy(node.metadata.name), born, objects.revision));
  const ready = pods.filter(podReady).length;
  const count = nodes.length;
  const set: DaemonSet = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: {
      ...meta(NAME, `daemonset ${NAME}`, born, objects.revision),
      annotations: { "deprecated.daemonset.template.generation": "1" },
      generation: 1,
      labels: LABELS,
    },
    spec: {
      revisionHistoryLimit: 10,
      selector: { matchLabels: LABELS },
      template: TEMPLATE,
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    },
    status: {
      currentNumberScheduled: count,
      desiredNumberScheduled: count,
      numberAvailable: ready,
      numberMisscheduled: 0,
      numberReady: ready,
      ...(ready < count ? { numberUnavailable: count - ready } : {}),
      observedGeneration: 1,
      updatedNumberScheduled: count,
    },
  };
  return [set, ...pods];
}

/** The node whose kube-proxy runs, or ran, as the pod of this name. */
export function nodeOfProxyPod(world: World, pod: string): string | undefined {
  return world.objects
    .list<Node>("Node")
    .map(({ metadata }) => metadata.name)
    .find((node) => proxyPodName(world, node) === pod);
}

/** The name of the pod as which a node's kube-proxy runs now. */
export function proxyPodName(world: World, node: string): string {
  return nameOf(node, world.proxy(node));
}

function nameOf(node: string, { pod }: ProxyProcess): string {
  return generatedName(`${NAME}-`, (purpose) => draw(pod.serial, purpose), `${NAME} on ${node}`);
}

function meta(name: string, purpose: string, born: string | undefined, revision: number): ObjectMeta {
  return {
    name,
    namespace: KUBE_PROXY_NAMESPACE,
    uid: uidOf(purpose),
    resourceVersion: String(revision),
    ...(born === undefined ? {} : { creationTimestamp: born }),
  };
}

/** A version 4 UUID that is always the same for the same purpose. */
function uidOf(purpose: string): string {
  const digits = Array.from({ length: 32 }, (_, i) => Math.floor(draw(i, purpose) * 16).toString(16));
  digits[12] = "4";
  digits[16] = "89ab"[Number.parseInt(digits[16] ?? "0", 16) % 4] ?? "8";
  const text = digits.join("");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}

function podOn(node: Node, process: ProxyProcess, born: string | undefined, revision: number): Pod {
  const { name } = node.metadata;
  const { pod } = process;
  const created = pod.at === null ? (node.metadata.creationTimestamp ?? born) : timestamp(pod.at);
  const ips = (node.status.addresses ?? []).filter(({ type }) => type === "InternalIP").map(({ address }) => address);
  const status = containerStatus(node, process);
  const heard = nodeReady(node);
  const podName = nameOf(name, process);
  const condition = (type: string, is: boolean): { readonly type: string; readonly status: "True" | "False" } => ({
    type,
    status: is ? "True" : "False",
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...meta(podName, podName, created, revision),
      generateName: `${NAME}-`,
      labels: { "controller-revision-hash": HASH, ...LABELS, "pod-template-generation": "1" },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          blockOwnerDeletion: true,
          controller: true,
          kind: "DaemonSet",
          name: NAME,
          uid: uidOf(`daemonset ${NAME}`),
        },
      ],
    },
    spec: { ...TEMPLATE.spec, nodeName: name },
    status: {
      conditions: [
        condition("PodReadyToStartContainers", true),
        condition("Initialized", true),
        condition("Ready", status.ready && heard),
        condition("ContainersReady", status.ready),
        condition("PodScheduled", true),
      ],
      containerStatuses: [status],
      ...(ips[0] === undefined ? {} : { hostIP: ips[0], podIP: ips[0] }),
      hostIPs: ips.map((ip) => ({ ip })),
      podIPs: ips.map((ip) => ({ ip })),
      phase: "Running",
      ...(created === undefined ? {} : { startTime: created }),
    },
  };
}

function containerStatus(node: Node, { config, failure, failures, starts, pod }: ProxyProcess): ContainerStatus {
  const last: Micros = starts.at(-1)?.at ?? fromTimestamp(node.metadata.creationTimestamp ?? timestamp(0));
  const base = { name: NAME, image: IMAGE, restartCount: Math.max(0, pod.starts - 1) };
  // A process that is to sync for the first time has started; of a silent node the last word stands.
  if (config !== null || (starts.length === 0 && failure === null) || !nodeReady(node))
    return { ...base, ready: true, started: true, state: { running: { startedAt: timestamp(last) } } };
  const dead = { ...base, ready: false, started: false };
  if (failure === null) return { ...dead, state: { terminated: { exitCode: 137, reason: "Error" } } };
  // The kubelet speaks of back-off from its first restart on.
  if (failures === 1) return { ...dead, state: { terminated: { exitCode: 1, reason: "Error" } } };
  const message = `back-off restarting failed container=${NAME}`;
  return { ...dead, state: { waiting: { reason: "CrashLoopBackOff", message } } };
}
