/** Source: pkg/apis/networking/validation/validation.go, ValidateIngress and ValidateIngressClass. */
import { parseIP } from "../../base/ip.ts";
import { validateSubdomain } from "../meta/validate.ts";
import {
  label1035Problems,
  label1123Problems,
  portNameProblems,
  portNumberProblems,
  subdomain1123Problems,
  wildcard1123Problems,
} from "../names.ts";
import { type Cause, forbidden, invalid, notSupported, required, tooLong } from "../status.ts";
import {
  INGRESS_CLASS_ANNOTATION,
  type Ingress,
  type IngressBackend,
  type IngressClass,
  type IngressPath,
} from "./types.ts";

const PATH_TYPES = ["Exact", "Prefix", "ImplementationSpecific"];
const FORBIDDEN_PARTS = ["//", "/./", "/../", "%2f", "%2F"];
const FORBIDDEN_ENDS = ["/..", "/."];
const MAX_CONTROLLER = 250;

interface TypedReference {
  readonly apiGroup?: string;
  readonly kind?: string;
  readonly name?: string;
}

function validateReference(reference: TypedReference, field: string): readonly Cause[] {
  const causes: Cause[] = [];
  if (reference.apiGroup !== undefined) causes.push(...validateSubdomain(reference.apiGroup, `${field}.apiGroup`));
  for (const part of ["kind", "name"] as const) {
    const value = reference[part] ?? "";
    if (value === "") causes.push(required(`${field}.${part}`));
    else if (value === "." || value === "..") causes.push(invalid(`${field}.${part}`, value, `may not be '${value}'`));
    else {
      for (const bad of ["/", "%"]) {
        if (value.includes(bad)) causes.push(invalid(`${field}.${part}`, value, `may not contain '${bad}'`));
      }
    }
  }
  return causes;
}

function validateBackend(backend: IngressBackend | undefined, field: string, relaxed: boolean): readonly Cause[] {
  const { service, resource } = backend ?? {};
  if (service !== undefined && resource !== undefined) {
    return [invalid(field, "", "cannot set both resource and service backends")];
  }
  if (resource !== undefined) return validateReference(resource, `${field}.resource`);
  if (service === undefined) return [invalid(field, "", "resource or service backend is required")];
  const causes: Cause[] = [];
  const name = (service.name as string | undefined) ?? "";
  const rule = relaxed ? label1123Problems : label1035Problems;
  if (name === "") causes.push(required(`${field}.service.name`));
  else for (const problem of rule(name)) causes.push(invalid(`${field}.service.name`, name, problem));
  const portName = service.port?.name ?? "";
  const number = service.port?.number ?? 0;
  if (portName !== "" && number !== 0) {
    causes.push(invalid(field, "", "cannot set both port name & port number"));
  } else if (portName !== "") {
    for (const problem of portNameProblems(portName)) {
      causes.push(invalid(`${field}.service.port.name`, portName, problem));
    }
  } else if (number !== 0) {
    for (const problem of portNumberProblems(number)) {
      causes.push(invalid(`${field}.service.port.number`, number, problem));
    }
  } else {
    causes.push(required(field, "port name or number is required"));
  }
  return causes;
}

function validatePath(given: IngressPath, field: string, relaxed: boolean): readonly Cause[] {
  const type = given.pathType as string | undefined;
  if (type === undefined) return [required(`${field}.pathType`, "pathType must be specified")];
  const path = given.path ?? "";
  const causes: Cause[] = [];
  const refuse = (why: string): void => {
    causes.push(invalid(`${field}.path`, path, why));
  };
  if (type === "Exact" || type === "Prefix") {
    if (!path.startsWith("/")) refuse("must be an absolute path");
    for (const part of FORBIDDEN_PARTS) if (path.includes(part)) refuse(`must not contain '${part}'`);
    for (const end of FORBIDDEN_ENDS) if (path.endsWith(end)) refuse(`cannot end with '${end}'`);
  } else if (type === "ImplementationSpecific") {
    if (path !== "" && !path.startsWith("/")) refuse("must be an absolute path");
  } else {
    causes.push(notSupported(`${field}.pathType`, type, PATH_TYPES));
  }
  return [...causes, ...validateBackend(given.backend, `${field}.backend`, relaxed)];
}

function validateHost(host: string, field: string): readonly Cause[] {
  const problems = host.includes("*") ? wildcard1123Problems(host) : subdomain1123Problems(host);
  return problems.map((problem) => invalid(field, host, problem));
}

export function validateIngress(ingress: Ingress, relaxedServiceNames: boolean): readonly Cause[] {
  const { spec } = ingress;
  const rules = spec.rules ?? [];
  const causes: Cause[] = [];
  if (rules.length === 0 && spec.defaultBackend === undefined) {
    causes.push(invalid("spec", null, "either `defaultBackend` or `rules` must be specified"));
  }
  if (spec.defaultBackend !== undefined) {
    causes.push(...validateBackend(spec.defaultBackend, "spec.defaultBackend", relaxedServiceNames));
  }
  for (const [i, rule] of rules.entries()) {
    const at = `spec.rules[${i}]`;
    const host = rule.host ?? "";
    if (host !== "") {
      if (parseIP(host) !== null) causes.push(invalid(`${at}.host`, host, "must be a DNS name, not an IP address"));
      causes.push(...validateHost(host, `${at}.host`));
    }
    if (rule.http === undefined) continue;
    const paths = (rule.http.paths as readonly IngressPath[] | undefined) ?? [];
    if (paths.length === 0) causes.push(required(`${at}.http.paths`));
    for (const [j, path] of paths.entries()) {
      causes.push(...validatePath(path, `${at}.http.paths[${j}]`, relaxedServiceNames));
    }
  }
  for (const [i, tls] of (spec.tls ?? []).entries()) {
    for (const [j, host] of (tls.hosts ?? []).entries()) {
      causes.push(...validateHost(host, `spec.tls[${i}].hosts[${j}]`));
    }
    if (tls.secretName) causes.push(...validateSubdomain(tls.secretName, `spec.tls[${i}].secretName`));
  }
  if (spec.ingressClassName !== undefined) {
    causes.push(...validateSubdomain(spec.ingressClassName, "spec.ingressClassName"));
  }
  return causes;
}

export function validateIngressCreate(ingress: Ingress, relaxedServiceNames: boolean): readonly Cause[] {
  const annotation = ingress.metadata.annotations?.[INGRESS_CLASS_ANNOTATION];
  const { ingressClassName } = ingress.spec;
  const differ = annotation !== undefined && ingressClassName !== undefined && annotation !== ingressClassName;
  const field = `annotations.${INGRESS_CLASS_ANNOTATION}`;
  const why = "must match `ingressClassName` when both are specified";
  return [...validateIngress(ingress, relaxedServiceNames), ...(differ ? [invalid(field, annotation, why)] : [])];
}

export function validateIngressClass(ingressClass: IngressClass): readonly Cause[] {
  const causes: Cause[] = [];
  const { controller = "", parameters } = ingressClass.spec;
  if (controller === "") causes.push(required("spec.controller"));
  else {
    if (controller.length > MAX_CONTROLLER) causes.push(tooLong("spec.controller", MAX_CONTROLLER));
    const slash = controller.indexOf("/");
    if (slash <= 0 || slash === controller.length - 1) {
      causes.push(invalid("spec.controller", controller, 'must be a domain-prefixed path (such as "acme.io/foo")'));
    } else causes.push(...validateSubdomain(controller.slice(0, slash), "spec.controller"));
  }
  if (parameters === undefined) return causes;
  const at = "spec.parameters";
  causes.push(...validateReference(parameters, at));
  const { scope, namespace } = parameters;
  if (scope === undefined) causes.push(required(`${at}.scope`));
  else if (scope !== "Cluster" && scope !== "Namespace") {
    causes.push(notSupported(`${at}.scope`, scope, ["Cluster", "Namespace"]));
  } else if (scope === "Namespace") {
    if (namespace === undefined) {
      causes.push(required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'"));
    } else
      for (const problem of label1123Problems(namespace)) causes.push(invalid(`${at}.namespace`, namespace, problem));
  } else if (namespace !== undefined) {
    causes.push(forbidden(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  }
  return causes;
}

export function validateIngressClassUpdate(ingressClass: IngressClass, old: IngressClass): readonly Cause[] {
  const { controller } = ingressClass.spec;
  const moved = controller !== old.spec.controller;
  return [
    ...(moved ? [invalid("spec.controller", controller ?? "", "field is immutable")] : []),
    ...validateIngressClass(ingressClass),
  ];
}
