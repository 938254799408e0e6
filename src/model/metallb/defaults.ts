import type { BGPAdvertisement, BGPPeer, IPAddressPool, L2Advertisement } from "./types.ts";

/** The defaults that MetalLB's CRDs declare. */
export function defaultIPAddressPool(pool: IPAddressPool): IPAddressPool {
  const spec = (pool.spec ?? {}) as Partial<IPAddressPool["spec"]>;
  return {
    ...pool,
    spec: {
      ...(spec as IPAddressPool["spec"]),
      autoAssign: spec.autoAssign ?? true,
      avoidBuggyIPs: spec.avoidBuggyIPs ?? false,
    },
  };
}

export function defaultL2Advertisement(advertisement: L2Advertisement): L2Advertisement {
  return { ...advertisement, spec: advertisement.spec ?? {} };
}

export function defaultBGPAdvertisement(advertisement: BGPAdvertisement): BGPAdvertisement {
  const spec = advertisement.spec ?? {};
  return {
    ...advertisement,
    spec: {
      ...spec,
      aggregationLength: spec.aggregationLength ?? 32,
      aggregationLengthV6: spec.aggregationLengthV6 ?? 128,
    },
  };
}

export function defaultBGPPeer(peer: BGPPeer): BGPPeer {
  const spec = (peer.spec ?? {}) as Partial<BGPPeer["spec"]>;
  return { ...peer, spec: { ...(spec as BGPPeer["spec"]), peerPort: spec.peerPort ?? 179 } };
}
