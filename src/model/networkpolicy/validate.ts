/** Source: pkg/apis/networking/validation/validation.go, ValidateNetworkPolicySpec. */
import { parseCidr } from "../../base/ip.ts";
import { validateCidr } from "../ip-validate.ts";
import { oneOf, validateLabelSelector } from "../meta/validate.ts";
import { portNameProblems, portNumberProblems } from "../names.ts";
import { type Cause, forbidden, invalid, notSupported, required } from "../status.ts";
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "./types.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const TYPES = ["Ingress", "Egress"];

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, field: string): readonly Cause[] {
  const causes: Cause[] = [...oneOf(protocol, PROTOCOLS, `${field}.protocol`)];
  const refuseEnd = (why: string): void => {
    causes.push(invalid(`${field}.endPort`, endPort, why));
  };
  if (typeof port === "number") {
    for (const problem of portNumberProblems(port)) causes.push(invalid(`${field}.port`, port, problem));
    if (endPort !== undefined) {
      if (endPort < port) refuseEnd("must be greater than or equal to `port`");
      for (const problem of portNumberProblems(endPort)) refuseEnd(problem);
    }
  } else if (port !== undefined) {
    if (endPort !== undefined) refuseEnd("may not be specified when `port` is non-numeric");
    for (const problem of portNameProblems(port)) causes.push(invalid(`${field}.port`, port, problem));
  } else if (endPort !== undefined) refuseEnd("may not be specified when `port` is not specified");
  return causes;
}

function validatePeer(peer: NetworkPolicyPeer, field: string): readonly Cause[] {
  const causes: Cause[] = [];
  const { podSelector, namespaceSelector, ipBlock } = peer;
  if (podSelector !== undefined) causes.push(...validateLabelSelector(podSelector, `${field}.podSelector`));
  if (namespaceSelector !== undefined) {
    causes.push(...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`));
  }
  if (ipBlock !== undefined) causes.push(...validateBlock(ipBlock, `${field}.ipBlock`));
  const others = podSelector !== undefined || namespaceSelector !== undefined;
  if (!others && ipBlock === undefined) causes.push(required(field, "must specify a peer"));
  else if (others && ipBlock !== undefined) {
    causes.push(forbidden(field, "may not specify both ipBlock and another peer"));
  }
  return causes;
}

function validateBlock(block: NonNullable<NetworkPolicyPeer["ipBlock"]>, field: string): readonly Cause[] {
  const text = (block.cidr as string | undefined) ?? "";
  if (text === "") return [required(`${field}.cidr`)];
  const causes: Cause[] = [...validateCidr(text, `${field}.cidr`)];
  const cidr = parseCidr(text);
  if (cidr === null) return causes;
  for (const [i, except] of (block.except ?? []).entries()) {
    const at = `${field}.except[${i}]`;
    causes.push(...validateCidr(except, at));
    const part = parseCidr(except);
    if (part === null) continue;
    const inside =
      part.family === cidr.family &&
      part.base >= cidr.base &&
      part.base < cidr.base + cidr.size &&
      part.size < cidr.size;
    if (!inside) causes.push(invalid(at, except, "must be a strict subset of `cidr`"));
  }
  return causes;
}

export function validateNetworkPolicy({ spec }: NetworkPolicy): readonly Cause[] {
  const causes: Cause[] = [...validateLabelSelector(spec.podSelector, "spec.podSelector")];
  for (const [i, rule] of (spec.ingress ?? []).entries()) {
    const at = `spec.ingress[${i}]`;
    for (const [j, port] of (rule.ports ?? []).entries()) causes.push(...validatePort(port, `${at}.ports[${j}]`));
    for (const [j, peer] of (rule.from ?? []).entries()) causes.push(...validatePeer(peer, `${at}.from[${j}]`));
  }
  for (const [i, rule] of (spec.egress ?? []).entries()) {
    const at = `spec.egress[${i}]`;
    for (const [j, port] of (rule.ports ?? []).entries()) causes.push(...validatePort(port, `${at}.ports[${j}]`));
    for (const [j, peer] of (rule.to ?? []).entries()) causes.push(...validatePeer(peer, `${at}.to[${j}]`));
  }
  const types = spec.policyTypes ?? [];
  if (types.length > TYPES.length) {
    return [...causes, invalid("spec.policyTypes", types, "may not specify more than two policyTypes")];
  }
  for (const [i, type] of types.entries()) {
    if (!TYPES.includes(type)) causes.push(notSupported(`spec.policyTypes[${i}]`, type, TYPES));
  }
  return causes;
}
