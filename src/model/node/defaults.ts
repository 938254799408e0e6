import type { Node } from "./types.ts";

/** podCIDR and podCIDRs say the same; either fills the other. Source: pkg/apis/core/v1/conversion.go. */
export function defaultNode(node: Node): Node {
  const spec = node.spec ?? {};
  const first = spec.podCIDR ?? spec.podCIDRs?.[0];
  return {
    ...node,
    spec: { ...spec, ...(first === undefined ? {} : { podCIDR: first, podCIDRs: spec.podCIDRs ?? [first] }) },
    status: node.status ?? {},
  };
}
