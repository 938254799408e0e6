/** What MetalLB's CRDs and webhooks refuse, said as the API server says such things. */
import { validateIP } from "../ip-validate.ts";
import { validateLabelSelector } from "../meta/validate.ts";
import type { LabelSelector } from "../meta/types.ts";
import { portNumberProblems } from "../names.ts";
import { type Cause, forbidden, invalid, required } from "../status.ts";
import { parseAddressRange } from "./ranges.ts";
import type { BGPAdvertisement, BGPPeer, IPAddressPool, L2Advertisement } from "./types.ts";

function selectors(list: readonly LabelSelector[] | undefined, field: string): readonly Cause[] {
  return (list ?? []).flatMap((selector, i) => validateLabelSelector(selector, `${field}[${i}]`));
}

export function validateIPAddressPool({ spec }: IPAddressPool): readonly Cause[] {
  const addresses = spec.addresses as readonly string[] | undefined;
  if (addresses === undefined || addresses.length === 0) return [required("spec.addresses")];
  const causes: Cause[] = [];
  for (const [i, text] of addresses.entries()) {
    const range = parseAddressRange(text);
    if (!range.ok) causes.push(invalid(`spec.addresses[${i}]`, text, range.error));
  }
  const allocation = spec.serviceAllocation;
  return [
    ...causes,
    ...selectors(allocation?.namespaceSelectors, "spec.serviceAllocation.namespaceSelectors"),
    ...selectors(allocation?.serviceSelectors, "spec.serviceAllocation.serviceSelectors"),
  ];
}

export function validateL2Advertisement({ spec }: L2Advertisement): readonly Cause[] {
  return [
    ...selectors(spec.ipAddressPoolSelectors, "spec.ipAddressPoolSelectors"),
    ...selectors(spec.nodeSelectors, "spec.nodeSelectors"),
  ];
}

function length(value: number | undefined, max: number, field: string): readonly Cause[] {
  if (value === undefined) return [];
  if (value < 1) return [invalid(field, value, `${field} in body should be greater than or equal to 1`)];
  return value > max ? [invalid(field, value, `${field} in body should be less than or equal to ${max}`)] : [];
}

export function validateBGPAdvertisement({ spec }: BGPAdvertisement): readonly Cause[] {
  return [
    ...length(spec.aggregationLength, 32, "spec.aggregationLength"),
    ...length(spec.aggregationLengthV6, 128, "spec.aggregationLengthV6"),
    ...selectors(spec.ipAddressPoolSelectors, "spec.ipAddressPoolSelectors"),
    ...selectors(spec.nodeSelectors, "spec.nodeSelectors"),
  ];
}

export function validateBGPPeer({ spec }: BGPPeer): readonly Cause[] {
  const causes: Cause[] = [];
  if ((spec.myASN as number | undefined) === undefined) causes.push(required("spec.myASN"));
  if (spec.peerASN !== undefined && spec.dynamicASN !== undefined) {
    causes.push(forbidden("spec.dynamicASN", "may not be set together with peerASN"));
  }
  if (spec.peerAddress !== undefined) causes.push(...validateIP(spec.peerAddress, "spec.peerAddress"));
  if (spec.peerPort !== undefined && spec.peerPort !== 0) {
    for (const problem of portNumberProblems(spec.peerPort))
      causes.push(invalid("spec.peerPort", spec.peerPort, problem));
  }
  return [...causes, ...selectors(spec.nodeSelectors, "spec.nodeSelectors")];
}
