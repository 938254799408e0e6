/** Source: pkg/apis/core/validation/validation.go, validateService and friends; causes come in its order. */
import { isIPv6, parseIP } from "../../base/ip.ts";
import { validateCidr, validateEndpointIP, validateIP } from "../ip-validate.ts";
import { oneOf, validateLabels, validateSubdomain } from "../meta/validate.ts";
import { label1123Problems, labelKeyProblems, portNameProblems, portNumberProblems } from "../names.ts";
import { type Cause, duplicate, forbidden, invalid, notSupported, required } from "../status.ts";
import { externallyAccessible, needsHealthCheckNodePort } from "./defaults.ts";
import type { Service, ServicePort, ServiceSpec } from "./types.ts";

const TYPES = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const POLICIES = ["Cluster", "Local"];
const FAMILIES = ["IPv4", "IPv6"];
const FAMILY_POLICIES = ["SingleStack", "PreferDualStack", "RequireDualStack"];
const DISTRIBUTIONS = ["PreferClose", "PreferSameZone", "PreferSameNode"];
const KUBELET_PORT = 10250;
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";

/** The virtual addresses asked for, whichever of the two fields says so. */
export function clusterIPsOf(spec: ServiceSpec): readonly string[] {
  if (spec.clusterIPs !== undefined && spec.clusterIPs.length > 0) return spec.clusterIPs;
  return spec.clusterIP === undefined || spec.clusterIP === "" ? [] : [spec.clusterIP];
}

export function isHeadless(spec: ServiceSpec): boolean {
  return clusterIPsOf(spec)[0] === "None";
}

export function validateService(service: Service): readonly Cause[] {
  const spec = service.spec;
  const ports = spec.ports ?? [];
  const causes: Cause[] = [];
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== "ExternalName") causes.push(required("spec.ports"));
  causes.push(...validateTypeRules(spec));
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    causes.push(...validatePort(port, `spec.ports[${i}]`, ports.length > 1, names));
  }
  causes.push(...validateLabels(spec.selector, "spec.selector"));
  causes.push(...validateAffinity(spec));
  causes.push(...validateClusterIPs(spec));
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) {
    const field = `spec.externalIPs[${i}]`;
    const syntax = validateIP(ip, field);
    causes.push(...(syntax.length > 0 ? syntax : validateEndpointIP(ip, field)));
  }
  if (!TYPES.includes(spec.type)) causes.push(notSupported("spec.type", spec.type, TYPES));
  if (spec.type === "ClusterIP") {
    for (const [i, port] of ports.entries()) {
      if ((port.nodePort ?? 0) !== 0) {
        causes.push(forbidden(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
      }
    }
  }
  causes.push(...duplicatePorts(ports));
  causes.push(...validateSourceRanges(service));
  if (spec.type !== "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== undefined) {
    causes.push(forbidden("spec.allocateLoadBalancerNodePorts", ONLY_LOAD_BALANCER));
  }
  if (spec.loadBalancerClass !== undefined) {
    if (spec.type !== "LoadBalancer") causes.push(forbidden("spec.loadBalancerClass", ONLY_LOAD_BALANCER));
    for (const problem of labelKeyProblems(spec.loadBalancerClass)) {
      causes.push(invalid("spec.loadBalancerClass", spec.loadBalancerClass, problem));
    }
  }
  causes.push(...validatePolicies(spec));
  return causes;
}

function validateTypeRules(spec: ServiceSpec): readonly Cause[] {
  const causes: Cause[] = [];
  if (spec.type === "LoadBalancer") {
    for (const [i, port] of (spec.ports ?? []).entries()) {
      // A rule for clouds that open their firewall too far.
      if (port.port === KUBELET_PORT) {
        const why = `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`;
        causes.push(invalid(`spec.ports[${i}]`, port.port, why));
      }
    }
  }
  if ((spec.type === "LoadBalancer" || spec.type === "NodePort") && isHeadless(spec)) {
    causes.push(invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${spec.type} services`));
  }
  if (spec.type === "ExternalName") {
    const why = "may not be set for ExternalName services";
    if (clusterIPsOf(spec).length > 0) causes.push(forbidden("spec.clusterIPs", why));
    if ((spec.ipFamilies?.length ?? 0) > 0) causes.push(forbidden("spec.ipFamilies", why));
    if (spec.ipFamilyPolicy !== undefined) causes.push(forbidden("spec.ipFamilyPolicy", why));
    const name = (spec.externalName ?? "").replace(/\.$/, "");
    causes.push(...(name === "" ? [required("spec.externalName")] : validateSubdomain(name, "spec.externalName")));
  }
  return causes;
}

/** A port as a number or as the name of a container port. */
export function validatePortNumberOrName(value: number | string, field: string): readonly Cause[] {
  const problems = typeof value === "number" ? portNumberProblems(value) : portNameProblems(value);
  return problems.map((problem) => invalid(field, value, problem));
}

function validatePort(port: ServicePort, field: string, nameNeeded: boolean, names: Set<string>): readonly Cause[] {
  const causes: Cause[] = [];
  const name = port.name ?? "";
  if (name === "") {
    if (nameNeeded) causes.push(required(`${field}.name`));
  } else {
    for (const problem of label1123Problems(name)) causes.push(invalid(`${field}.name`, name, problem));
    if (names.has(name)) causes.push(duplicate(`${field}.name`, name));
    names.add(name);
  }
  const number = (port.port as number | undefined) ?? 0;
  for (const problem of portNumberProblems(number)) causes.push(invalid(`${field}.port`, number, problem));
  causes.push(...oneOf(port.protocol, PROTOCOLS, `${field}.protocol`));
  const target = (port.targetPort as number | string | undefined) ?? number;
  causes.push(...validatePortNumberOrName(target, `${field}.targetPort`));
  if (port.appProtocol !== undefined) {
    for (const problem of labelKeyProblems(port.appProtocol)) {
      causes.push(invalid(`${field}.appProtocol`, port.appProtocol, problem));
    }
  }
  return causes;
}

function validateAffinity(spec: ServiceSpec): readonly Cause[] {
  const causes: Cause[] = [...oneOf(spec.sessionAffinity, ["ClientIP", "None"], "spec.sessionAffinity")];
  const field = "spec.sessionAffinityConfig";
  if (spec.sessionAffinity === "ClientIP") {
    const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
    if (timeout === undefined) {
      causes.push(required(field, "when session affinity type is ClientIP"));
    } else if (timeout <= 0 || timeout > 86_400) {
      causes.push(invalid(`${field}.clientIP.timeoutSeconds`, timeout, "must be greater than 0 and less than 86400"));
    }
  } else if (spec.sessionAffinity === "None" && spec.sessionAffinityConfig !== undefined) {
    causes.push(forbidden(field, "must not be set when session affinity is None"));
  }
  return causes;
}

function validateClusterIPs(spec: ServiceSpec): readonly Cause[] {
  // ExternalName Services have been told already that they may have none.
  if (spec.type === "ExternalName") return [];
  const causes: Cause[] = [];
  const seen = new Set<string>();
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (!FAMILIES.includes(family)) causes.push(notSupported(`spec.ipFamilies[${i}]`, family, FAMILIES));
    if (seen.has(family)) causes.push(duplicate(`spec.ipFamilies[${i}]`, family));
    seen.add(family);
  }
  causes.push(...oneOf(spec.ipFamilyPolicy, FAMILY_POLICIES, "spec.ipFamilyPolicy"));
  const ips = clusterIPsOf(spec);
  if (ips.length === 0) return causes;
  if ((spec.clusterIP ?? "") !== ips[0]) {
    const detail =
      (spec.clusterIP ?? "") === "" ? "may not be set while `clusterIPs` is set" : "first value must match `clusterIP`";
    causes.push(
      (spec.clusterIP ?? "") === ""
        ? invalid("spec.clusterIPs", ips, "must be empty when `clusterIP` is not specified")
        : invalid("spec.clusterIPs", ips, detail),
    );
  }
  let broken = false;
  if (ips.length > 1 && ips.includes("None")) {
    causes.push(invalid("spec.clusterIPs", ips, "'None' must be the first and only value"));
    broken = true;
  }
  for (const [i, ip] of ips.entries()) {
    if (ip === "None") continue;
    const problems = validateIP(ip, `spec.clusterIPs[${i}]`);
    if (problems.length > 0) broken = true;
    causes.push(...problems);
  }
  if (ips.length > 2) causes.push(invalid("spec.clusterIPs", ips, "may only hold up to 2 values"));
  if (broken) return causes;
  if (ips.length > 1 && new Set(ips.map((ip) => parseIP(ip)?.family)).size < ips.length) {
    causes.push(invalid("spec.clusterIPs", ips, "may specify no more than one IP for each IP family"));
  }
  if (!isHeadless(spec)) {
    for (const [i, ip] of ips.entries()) {
      const family = spec.ipFamilies?.[i];
      if (family !== undefined && FAMILIES.includes(family) && family !== (isIPv6(ip) ? "IPv6" : "IPv4")) {
        const why = `expected an ${family} value as indicated by \`ipFamilies[${i}]\``;
        causes.push(invalid(`spec.clusterIPs[${i}]`, ip, why));
      }
    }
  }
  return causes;
}

function duplicatePorts(ports: readonly ServicePort[]): readonly Cause[] {
  const causes: Cause[] = [];
  const nodePorts = new Set<string>();
  for (const [i, port] of ports.entries()) {
    if ((port.nodePort ?? 0) === 0) continue;
    const key = `${port.protocol}/${port.nodePort}`;
    if (nodePorts.has(key)) causes.push(duplicate(`spec.ports[${i}].nodePort`, port.nodePort));
    nodePorts.add(key);
  }
  const numbers = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const key = `${port.protocol}/${port.port}`;
    if (numbers.has(key)) {
      causes.push(
        duplicate(`spec.ports[${i}]`, {
          Name: "",
          Protocol: port.protocol,
          AppProtocol: null,
          Port: port.port,
          TargetPort: 0,
          NodePort: 0,
        }),
      );
    }
    numbers.add(key);
  }
  return causes;
}

const RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges";

function validateSourceRanges(service: Service): readonly Cause[] {
  const spec = service.spec;
  const causes: Cause[] = [];
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const annotation = service.metadata.annotations?.[RANGES_ANNOTATION];
  if (ranges.length > 0) {
    // The capital L is the API's own.
    const field = "spec.LoadBalancerSourceRanges";
    if (spec.type !== "LoadBalancer") causes.push(forbidden(field, ONLY_LOAD_BALANCER));
    for (const [i, range] of ranges.entries()) causes.push(...validateCidr(range.trim(), `${field}[${i}]`));
  } else if (annotation !== undefined) {
    const field = `metadata.annotations[${RANGES_ANNOTATION}]`;
    if (spec.type !== "LoadBalancer") causes.push(forbidden(field, ONLY_LOAD_BALANCER));
    const parts = annotation.trim() === "" ? [] : annotation.split(",");
    for (const part of parts) {
      if (validateCidr(part.trim(), field).length > 0) {
        causes.push(
          invalid(field, annotation, "must be a comma separated list of CIDRs e.g. 192.168.0.0/16,10.0.0.0/8"),
        );
      }
    }
  }
  return causes;
}

function validatePolicies(spec: ServiceSpec): readonly Cause[] {
  const causes: Cause[] = [];
  const external = spec.externalTrafficPolicy;
  if (externallyAccessible(spec)) {
    if (external === undefined) causes.push(required("spec.externalTrafficPolicy"));
    else if (!POLICIES.includes(external)) causes.push(notSupported("spec.externalTrafficPolicy", external, POLICIES));
  } else if (external !== undefined) {
    causes.push(invalid("spec.externalTrafficPolicy", external, "may only be set for externally-accessible services"));
  }
  const health = spec.healthCheckNodePort ?? 0;
  if (!needsHealthCheckNodePort(spec) && health !== 0) {
    causes.push(
      invalid(
        "spec.healthCheckNodePort",
        health,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    );
  } else if (health !== 0) {
    for (const problem of portNumberProblems(health)) causes.push(invalid("spec.healthCheckNodePort", health, problem));
  }
  if (spec.internalTrafficPolicy !== undefined && !POLICIES.includes(spec.internalTrafficPolicy)) {
    causes.push(notSupported("spec.internalTrafficPolicy", spec.internalTrafficPolicy, POLICIES));
  }
  causes.push(...oneOf(spec.trafficDistribution, DISTRIBUTIONS, "spec.trafficDistribution"));
  return causes;
}

/** `service` already carries over what the user left out (patchAllocatedValues); what then differs was changed on purpose. */
export function validateServiceUpdate(service: Service, old: Service): readonly Cause[] {
  const causes: Cause[] = [];
  const spec = service.spec;
  const before = old.spec;
  if (before.type !== "ExternalName" && spec.type !== "ExternalName") {
    const ips = clusterIPsOf(spec);
    const oldIPs = clusterIPsOf(before);
    if (oldIPs.length > 0 && ips.length > 0 && oldIPs[0] !== ips[0]) {
      causes.push(invalid("spec.clusterIPs[0]", ips, "may not change once set"));
    }
    const family = spec.ipFamilies?.[0];
    if (before.ipFamilies?.[0] !== undefined && family !== undefined && family !== before.ipFamilies[0]) {
      causes.push(invalid("spec.ipFamilies[0]", spec.ipFamilies, "may not change once set"));
    }
    const releases = oldIPs.length > 1 && ips.length === 1;
    if (releases && spec.ipFamilyPolicy !== undefined && spec.ipFamilyPolicy !== "SingleStack") {
      causes.push(
        invalid(
          "spec.ipFamilyPolicy",
          spec.ipFamilyPolicy,
          "must be 'SingleStack' to release the secondary cluster IP",
        ),
      );
    } else if (oldIPs[1] !== undefined && ips[1] !== undefined && oldIPs[1] !== ips[1]) {
      causes.push(invalid("spec.clusterIPs[1]", ips, "may not change once set"));
    }
  }
  if (
    before.type === "LoadBalancer" &&
    spec.type === "LoadBalancer" &&
    before.loadBalancerClass !== spec.loadBalancerClass
  ) {
    causes.push(invalid("spec.loadBalancerClass", spec.loadBalancerClass ?? null, "may not change once set"));
  }
  if (
    needsHealthCheckNodePort(before) &&
    needsHealthCheckNodePort(spec) &&
    (before.healthCheckNodePort ?? 0) !== (spec.healthCheckNodePort ?? 0)
  ) {
    causes.push(forbidden("spec.healthCheckNodePort", "field is immutable"));
  }
  return [...causes, ...validateService(service)];
}
