import { DEFAULT_NETWORK } from "./network.ts";
import type { Client, CloudProvider, Lab } from "./types.ts";

export function defaultClient(client: Client): Client {
  return { ...client, spec: client.spec ?? {} };
}

export function defaultCloudProvider(cloud: CloudProvider): CloudProvider {
  const spec = (cloud.spec ?? {}) as Partial<CloudProvider["spec"]>;
  return {
    ...cloud,
    spec: {
      ...spec,
      loadBalancer: spec.loadBalancer ?? "nodePort",
      source: spec.source ?? "keep",
      addresses: spec.addresses ?? { from: "203.0.113.10", to: "203.0.113.250" },
    },
  };
}

export function defaultLab(lab: Lab): Lab {
  const spec = lab.spec ?? {};
  if (spec.network === undefined) return { ...lab, spec };
  const { routerRoutes: _, ...defaults } = DEFAULT_NETWORK;
  return { ...lab, spec: { ...spec, network: { ...defaults, ...spec.network } } };
}
