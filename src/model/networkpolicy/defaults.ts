import type { NetworkPolicy, NetworkPolicyPort } from "./types.ts";

const defaultPort = (port: NetworkPolicyPort): NetworkPolicyPort => ({ ...port, protocol: port.protocol ?? "TCP" });

function defaultRule<T extends { readonly ports?: readonly NetworkPolicyPort[] }>(rule: T): T {
  return rule.ports === undefined ? rule : { ...rule, ports: rule.ports.map(defaultPort) };
}

/** Source: pkg/apis/networking/v1/defaults.go. */
export function defaultNetworkPolicy(policy: NetworkPolicy): NetworkPolicy {
  const spec = (policy.spec ?? {}) as Partial<NetworkPolicy["spec"]>;
  const { ingress, egress } = spec;
  return {
    ...policy,
    spec: {
      ...spec,
      podSelector: spec.podSelector ?? {},
      ...(ingress === undefined ? {} : { ingress: ingress.map(defaultRule) }),
      ...(egress === undefined ? {} : { egress: egress.map(defaultRule) }),
      policyTypes: spec.policyTypes ?? ((egress?.length ?? 0) > 0 ? ["Ingress", "Egress"] : ["Ingress"]),
    },
  };
}
