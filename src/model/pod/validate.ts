/** Source: pkg/apis/core/validation/validation.go, ValidatePodSpec and ValidatePodUpdate: the parts that anything here acts on. */
import { canonicalJson, deepEqual } from "../../base/json.ts";
import { parseIP } from "../../base/ip.ts";
import { onceEach } from "../../base/share.ts";
import { validateIP } from "../ip-validate.ts";
import { oneOf, validateAnnotations, validateLabels, validateSubdomain } from "../meta/validate.ts";
import { label1123Problems, labelKeyProblems, portNameProblems, portNumberProblems } from "../names.ts";
import { type Cause, duplicate, forbidden, invalid, notSupported, required } from "../status.ts";
import { validateDns, validateEnv, validateLifecycle, validateTolerations } from "./validate-parts.ts";
import type { Container, Pod, PodSpec, PodTemplate, Probe } from "./types.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];

function validateProbe(
  probe: Probe | undefined,
  field: string,
  kind: "readiness" | "liveness" | "startup",
): readonly Cause[] {
  if (probe === undefined) return [];
  const causes: Cause[] = [];
  const handlers = (["exec", "httpGet", "tcpSocket", "grpc"] as const).filter(
    (handler) => (probe as Readonly<Record<string, unknown>>)[handler] !== undefined,
  );
  if (handlers.length === 0) causes.push(required(field, "must specify a handler type"));
  for (const extra of handlers.slice(1)) {
    causes.push(forbidden(`${field}.${extra}`, "may not specify more than 1 handler type"));
  }
  if (probe.exec !== undefined && (probe.exec.command?.length ?? 0) === 0)
    causes.push(required(`${field}.exec.command`));
  for (const [name, port] of [
    ["httpGet", probe.httpGet?.port],
    ["tcpSocket", probe.tcpSocket?.port],
  ] as const) {
    if (probe[name] === undefined) continue;
    const value = port ?? 0;
    const problems = typeof value === "number" ? portNumberProblems(value) : portNameProblems(value);
    for (const problem of problems) causes.push(invalid(`${field}.${name}.port`, value, problem));
  }
  for (const name of [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ] as const) {
    const value = probe[name];
    if (value !== undefined && value < 0)
      causes.push(invalid(`${field}.${name}`, value, "must be greater than or equal to 0"));
  }
  if (kind !== "readiness" && probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    causes.push(invalid(`${field}.successThreshold`, probe.successThreshold, "must be 1"));
  }
  return causes;
}

function validateContainer(container: Container, field: string, names: Set<string>, spec: PodSpec): readonly Cause[] {
  const hostNetwork = spec.hostNetwork === true;
  const causes: Cause[] = [];
  const name = container.name ?? "";
  if (name === "") causes.push(required(`${field}.name`));
  else {
    for (const problem of label1123Problems(name)) causes.push(invalid(`${field}.name`, name, problem));
    if (names.has(name)) causes.push(duplicate(`${field}.name`, name));
    names.add(name);
  }
  const image = container.image ?? "";
  if (image === "") causes.push(required(`${field}.image`));
  else if (image !== image.trim())
    causes.push(invalid(`${field}.image`, image, "must not have leading or trailing whitespace"));
  const portNames = new Set<string>();
  for (const [i, port] of (container.ports ?? []).entries()) {
    const at = `${field}.ports[${i}]`;
    const portName = port.name ?? "";
    if (portName !== "") {
      const problems = portNameProblems(portName);
      for (const problem of problems) causes.push(invalid(`${at}.name`, portName, problem));
      if (problems.length === 0) {
        if (portNames.has(portName)) causes.push(duplicate(`${at}.name`, portName));
        portNames.add(portName);
      }
    }
    const number = (port.containerPort as number | undefined) ?? 0;
    if (number === 0) causes.push(required(`${at}.containerPort`));
    else for (const problem of portNumberProblems(number)) causes.push(invalid(`${at}.containerPort`, number, problem));
    if ((port.hostPort ?? 0) !== 0) {
      for (const problem of portNumberProblems(port.hostPort ?? 0)) {
        causes.push(invalid(`${at}.hostPort`, port.hostPort, problem));
      }
      if (hostNetwork && port.hostPort !== port.containerPort) {
        causes.push(
          invalid(`${at}.containerPort`, port.containerPort, "must match `hostPort` when `hostNetwork` is true"),
        );
      }
    }
    causes.push(...oneOf(port.protocol, PROTOCOLS, `${at}.protocol`));
  }
  causes.push(...validateEnv(container, field));
  causes.push(...validateLifecycle(container.lifecycle, `${field}.lifecycle`, spec.terminationGracePeriodSeconds));
  const pull = (container as { readonly imagePullPolicy?: string }).imagePullPolicy;
  causes.push(...oneOf(pull, PULL_POLICIES, `${field}.imagePullPolicy`));
  causes.push(...validateProbe(container.readinessProbe, `${field}.readinessProbe`, "readiness"));
  causes.push(...validateProbe(container.livenessProbe, `${field}.livenessProbe`, "liveness"));
  causes.push(...validateProbe(container.startupProbe, `${field}.startupProbe`, "startup"));
  return causes;
}

/** `spec` may be missing its containers: that is the first thing to say. */
export function validatePodSpec(spec: PodSpec, field: string): readonly Cause[] {
  const causes: Cause[] = [];
  const containers = (spec.containers as readonly Container[] | undefined) ?? [];
  const names = new Set<string>();
  if (containers.length === 0) causes.push(required(`${field}.containers`));
  for (const [i, container] of containers.entries()) {
    causes.push(...validateContainer(container, `${field}.containers[${i}]`, names, spec));
  }
  for (const [i, container] of (spec.initContainers ?? []).entries()) {
    causes.push(...validateContainer(container, `${field}.initContainers[${i}]`, names, spec));
  }
  const restart = spec.restartPolicy as string | undefined;
  if (restart !== undefined && !["Always", "OnFailure", "Never"].includes(restart)) {
    causes.push(notSupported(`${field}.restartPolicy`, restart, ["Always", "OnFailure", "Never"]));
  }
  causes.push(
    ...oneOf(spec.dnsPolicy, ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], `${field}.dnsPolicy`),
    ...validateDns(spec, field),
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validateTolerations(spec, field),
  );
  if (spec.terminationGracePeriodSeconds !== undefined && spec.terminationGracePeriodSeconds < 0) {
    const why = "must be greater than or equal to 0";
    causes.push(invalid(`${field}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds, why));
  }
  if (spec.nodeName !== undefined) causes.push(...validateSubdomain(spec.nodeName, `${field}.nodeName`));
  for (const part of ["hostname", "subdomain"] as const) {
    const value = spec[part];
    if (value === undefined) continue;
    for (const problem of label1123Problems(value)) causes.push(invalid(`${field}.${part}`, value, problem));
  }
  for (const [i, gate] of (spec.readinessGates ?? []).entries()) {
    for (const problem of labelKeyProblems(gate.conditionType ?? "")) {
      causes.push(invalid(`${field}.readinessGates[${i}].conditionType`, gate.conditionType ?? "", problem));
    }
  }
  return causes;
}

/** All pods of a template have the same spec, and so have a Deployment and its ReplicaSet. */
const specCauses = onceEach((spec: PodSpec) => validatePodSpec(spec, "spec"));

export function validatePod(pod: Pod): readonly Cause[] {
  const causes: Cause[] = [...specCauses(pod.spec)];
  const ip = pod.status.podIP;
  if (ip !== undefined && parseIP(ip) === null) causes.push(...validateIP(ip, "status.podIP"));
  return causes;
}

function specCausesAt(spec: PodSpec, field: string): readonly Cause[] {
  const causes = specCauses(spec);
  return causes.length === 0 ? causes : validatePodSpec(spec, field);
}

/** A template makes pods that are restarted for ever: no other policy is allowed. */
export function validateTemplate(template: PodTemplate, field: string): readonly Cause[] {
  const causes: Cause[] = [
    ...validateLabels(template.metadata?.labels, `${field}.metadata.labels`),
    ...validateAnnotations(template.metadata?.annotations, `${field}.metadata.annotations`),
    ...specCausesAt(template.spec ?? { containers: [] }, `${field}.spec`),
  ];
  const restart = template.spec?.restartPolicy as string | undefined;
  if (restart === "OnFailure" || restart === "Never") {
    causes.push(notSupported(`${field}.spec.restartPolicy`, restart, ["Always"]));
  }
  return causes;
}

/** What may change in a pod's spec once it is there. */
const MUTABLE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

interface Changeable {
  readonly activeDeadlineSeconds?: number;
  readonly schedulingGates?: unknown;
}

/** The spec without what may change; nodeName may be set once, by the scheduler's binding. */
function fixedPart(spec: PodSpec, old: PodSpec): unknown {
  const unlabelled = (containers: readonly Container[] | undefined): unknown =>
    containers?.map(({ image: _image, ...rest }) => rest);
  const { activeDeadlineSeconds: _deadline, schedulingGates: _gates, ...rest } = spec as PodSpec & Changeable;
  const oldTolerations = old.tolerations ?? [];
  const kept = oldTolerations.every((t) => (spec.tolerations ?? []).some((now) => deepEqual(now, t)));
  return {
    ...rest,
    containers: unlabelled(spec.containers),
    ...(spec.initContainers === undefined ? {} : { initContainers: unlabelled(spec.initContainers) }),
    tolerations: kept ? "kept" : "changed",
    ...(old.nodeName === undefined ? { nodeName: "" } : {}),
  };
}

export function validatePodUpdate(pod: Pod, old: Pod): readonly Cause[] {
  const causes: Cause[] = [...validatePod(pod)];
  const count = (spec: PodSpec): number => (spec.containers as readonly Container[] | undefined)?.length ?? 0;
  if (count(pod.spec) !== count(old.spec)) {
    causes.push(forbidden("spec.containers", "pod updates may not add or remove containers"));
    return causes;
  }
  const now = fixedPart(pod.spec, old.spec);
  const was = fixedPart(old.spec, old.spec);
  if (canonicalJson(now) !== canonicalJson(was)) causes.push(forbidden("spec", MUTABLE));
  return causes;
}
