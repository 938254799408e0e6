/** Source: pkg/apis/core/v1/defaults.go, SetDefaults_Pod, SetDefaults_Container, SetDefaults_Probe and friends. */
import { isRecord } from "../../base/json.ts";
import { onceEach } from "../../base/share.ts";
import type { Container, ContainerPort, Pod, PodSpec, PodTemplate, Probe } from "./types.ts";

/** `latest` or no tag at all: such an image is always pulled. A digest is no tag. */
function isLatest(image: string): boolean {
  if (image.includes("@")) return false;
  const name = image.slice(image.lastIndexOf("/") + 1);
  const colon = name.lastIndexOf(":");
  return colon < 0 || name.slice(colon + 1) === "latest";
}

function defaultProbe(probe: Probe | undefined): Probe | undefined {
  if (probe === undefined) return undefined;
  return {
    ...probe,
    ...(probe.httpGet === undefined
      ? {}
      : {
          httpGet: {
            ...probe.httpGet,
            path: probe.httpGet.path ?? "/",
            scheme: probe.httpGet.scheme ?? "HTTP",
          },
        }),
    timeoutSeconds: probe.timeoutSeconds ?? 1,
    periodSeconds: probe.periodSeconds ?? 10,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

/** The members a container has beyond those that anything here acts on. */
interface Kept {
  readonly imagePullPolicy?: string;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string;
  readonly resources?: unknown;
}

function defaultContainer(given: Container, hostNetwork: boolean): Container {
  const container: Container & Kept = given;
  const probes = {
    readinessProbe: defaultProbe(container.readinessProbe),
    livenessProbe: defaultProbe(container.livenessProbe),
    startupProbe: defaultProbe(container.startupProbe),
  };
  const filled: Container & Kept = {
    ...container,
    ...(probes.readinessProbe === undefined ? {} : { readinessProbe: probes.readinessProbe }),
    ...(probes.livenessProbe === undefined ? {} : { livenessProbe: probes.livenessProbe }),
    ...(probes.startupProbe === undefined ? {} : { startupProbe: probes.startupProbe }),
    ...(container.ports === undefined ? {} : { ports: container.ports.map((port) => defaultPort(port, hostNetwork)) }),
    ...(container.image === undefined || container.image === ""
      ? {}
      : { imagePullPolicy: container.imagePullPolicy ?? (isLatest(container.image) ? "Always" : "IfNotPresent") }),
    resources: defaultResources(container.resources),
    terminationMessagePath: container.terminationMessagePath ?? "/dev/termination-log",
    terminationMessagePolicy: container.terminationMessagePolicy ?? "File",
  };
  return filled;
}

/** Requests that are not said equal the limits. */
function defaultResources(resources: unknown): unknown {
  if (!isRecord(resources)) return {};
  const limits = resources["limits"];
  if (!isRecord(limits)) return resources;
  const requests = isRecord(resources["requests"]) ? resources["requests"] : {};
  return { ...resources, requests: { ...limits, ...requests } };
}

function defaultPort(port: ContainerPort, hostNetwork: boolean): ContainerPort {
  return {
    ...port,
    protocol: port.protocol ?? "TCP",
    ...(hostNetwork && (port.hostPort ?? 0) === 0 ? { hostPort: port.containerPort } : {}),
  };
}

interface KeptSpec {
  readonly schedulerName?: string;
  readonly securityContext?: unknown;
  readonly enableServiceLinks?: boolean;
  readonly serviceAccount?: string;
  readonly serviceAccountName?: string;
}

export function defaultPodSpec(given: PodSpec | undefined): PodSpec {
  const spec: PodSpec & KeptSpec = given ?? ({} as PodSpec);
  const hostNetwork = spec.hostNetwork === true;
  const account = spec.serviceAccountName ?? spec.serviceAccount;
  const filled: PodSpec & KeptSpec = {
    ...spec,
    ...(Array.isArray(spec.containers)
      ? { containers: spec.containers.map((container) => defaultContainer(container, hostNetwork)) }
      : {}),
    ...(spec.initContainers === undefined
      ? {}
      : { initContainers: spec.initContainers.map((container) => defaultContainer(container, hostNetwork)) }),
    dnsPolicy: spec.dnsPolicy ?? "ClusterFirst",
    restartPolicy: spec.restartPolicy ?? "Always",
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    schedulerName: spec.schedulerName ?? "default-scheduler",
    securityContext: spec.securityContext ?? {},
    ...(account === undefined ? {} : { serviceAccount: account, serviceAccountName: account }),
  };
  return filled;
}

function ownSpec(given: PodSpec | undefined): PodSpec {
  const spec: PodSpec & KeptSpec = defaultPodSpec(given);
  // Only pods get this one; templates get it when their pods are made.
  return { ...spec, enableServiceLinks: spec.enableServiceLinks ?? true } as PodSpec;
}

/** All pods of a template are given the same spec. */
const ownSpecOf = onceEach<PodSpec, PodSpec>(ownSpec);

export function defaultPod(pod: Pod): Pod {
  return {
    ...pod,
    spec: isRecord(pod.spec) ? ownSpecOf(pod.spec) : ownSpec(pod.spec),
    status: pod.status?.phase === undefined ? { ...pod.status, phase: "Pending" } : pod.status,
  };
}

export function defaultTemplate(template: PodTemplate): PodTemplate {
  return { ...template, metadata: template.metadata ?? {}, spec: defaultPodSpec(template.spec) };
}

/** What the DefaultTolerationSeconds admission plugin adds: five minutes' patience with a node that is not ready or unreachable. */
export function addDefaultTolerations(pod: Pod): Pod {
  const spec = tolerantSpecOf(pod.spec);
  return spec === pod.spec ? pod : { ...pod, spec };
}

const tolerantSpecOf = onceEach((spec: PodSpec): PodSpec => {
  const present = spec.tolerations ?? [];
  const missing = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].filter(
    (key) =>
      !present.some(
        (t) =>
          (t.key === key || t.key === undefined || t.key === "") &&
          (t.effect === "NoExecute" || t.effect === undefined || t.effect === ""),
      ),
  );
  if (missing.length === 0) return spec;
  const added = missing.map(
    (key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }) as const,
  );
  return { ...spec, tolerations: [...present, ...added] };
});
