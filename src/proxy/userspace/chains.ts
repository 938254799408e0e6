/** Chains of userspace mode. Upstream: pkg/proxy/userspace/proxier.go of 1.25, the last version that has it. */
export const PORTALS_CONTAINER = "KUBE-PORTALS-CONTAINER";
export const PORTALS_HOST = "KUBE-PORTALS-HOST";
export const NODEPORT_CONTAINER = "KUBE-NODEPORT-CONTAINER";
export const NODEPORT_HOST = "KUBE-NODEPORT-HOST";
export const NODEPORT_NON_LOCAL = "KUBE-NODEPORT-NON-LOCAL";

/** Those to which Service ports add rules. */
export const PORTAL_CHAINS = [
  PORTALS_CONTAINER,
  PORTALS_HOST,
  NODEPORT_CONTAINER,
  NODEPORT_HOST,
  NODEPORT_NON_LOCAL,
] as const;

export type PortalChain = (typeof PORTAL_CHAINS)[number];
