/** Source: pkg/apis/core/validation/validation.go, ValidateNode and ValidateNodeUpdate. */
import { parseIP } from "../../base/ip.ts";
import { validateCidr, validateIP } from "../ip-validate.ts";
import { NETWORK_ANNOTATION, parseNodeNetwork } from "../kubehop/network.ts";
import { labelKeyProblems, labelValueProblems } from "../names.ts";
import { type Cause, duplicate, forbidden, invalid, notSupported, required } from "../status.ts";
import type { Node } from "./types.ts";

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateNode(node: Node): readonly Cause[] {
  const causes: Cause[] = [];
  const seen = new Set<string>();
  for (const [i, taint] of (node.spec.taints ?? []).entries()) {
    const field = `spec.taints[${i}]`;
    for (const problem of labelKeyProblems(taint.key ?? ""))
      causes.push(invalid(`${field}.key`, taint.key ?? "", problem));
    for (const problem of labelValueProblems(taint.value ?? ""))
      causes.push(invalid(`${field}.value`, taint.value, problem));
    const effect = (taint.effect as string | undefined) ?? "";
    if (effect === "") causes.push(required(`${field}.effect`));
    else if (!EFFECTS.includes(effect)) causes.push(notSupported(`${field}.effect`, effect, EFFECTS));
    const key = `${taint.key}:${effect}`;
    if (seen.has(key)) {
      const { key: Key, value: Value = "", timeAdded: TimeAdded = null } = taint;
      causes.push(duplicate(field, { Key, Value, Effect: effect, TimeAdded }));
    }
    seen.add(key);
  }
  const wires = node.metadata.annotations?.[NETWORK_ANNOTATION];
  const read = wires === undefined ? null : parseNodeNetwork(wires);
  if (read !== null && !read.ok) causes.push(invalid(`metadata.annotations[${NETWORK_ANNOTATION}]`, wires, read.error));
  const cidrs = node.spec.podCIDRs ?? [];
  for (const [i, cidr] of cidrs.entries()) causes.push(...validateCidr(cidr, `spec.podCIDRs[${i}]`));
  if (cidrs.length > 2)
    causes.push(invalid("spec.podCIDRs", cidrs, "may specify no more than one CIDR for each IP family"));
  if (cidrs.length > 0 && node.spec.podCIDR !== undefined && node.spec.podCIDR !== cidrs[0]) {
    causes.push(invalid("spec.podCIDRs", cidrs, "first value must match `podCIDR`"));
  }
  for (const [i, address] of (node.status.addresses ?? []).entries()) {
    // The real server takes any text; an address that is no address would leave this node off the map without a word.
    if (address.type === "InternalIP" || address.type === "ExternalIP") {
      if (parseIP(address.address ?? "") === null)
        causes.push(...validateIP(address.address ?? "", `status.addresses[${i}].address`));
    }
  }
  return causes;
}

export function validateNodeUpdate(node: Node, old: Node): readonly Cause[] {
  const causes: Cause[] = [];
  const was = old.spec.podCIDRs ?? [];
  const now = node.spec.podCIDRs ?? [];
  // Set once, for good.
  if (was.length > 0 && (now.length !== was.length || now.some((cidr, i) => cidr !== was[i]))) {
    causes.push(forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid'));
  }
  return [...causes, ...validateNode(node)];
}
