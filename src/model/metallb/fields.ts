import { any, bool, int32, object, objects, string, strings, struct, type Field, type Struct } from "../fields.ts";
import { LABEL_SELECTOR, metadata, TYPE_META } from "../meta/fields.ts";

const pkg = "v1beta1";

const NODE_SELECTOR = objects(LABEL_SELECTOR, "Nodes that may announce; all of them when empty.");
const POOLS: Readonly<Record<string, Field>> = {
  ipAddressPools: strings("Names of pools; all pools when neither this nor a selector is given."),
  ipAddressPoolSelectors: objects(LABEL_SELECTOR, "Pools by their labels."),
  nodeSelectors: NODE_SELECTOR,
};
const STATUS = any("Written by MetalLB.", { inert: true });

const ALLOCATION = struct(
  "ServiceAllocation",
  {
    priority: int32("The lower the sooner it is tried; 0 is the last of all."),
    namespaces: strings("Namespaces whose Services may use it."),
    namespaceSelectors: objects(LABEL_SELECTOR, "Namespaces by their labels."),
    serviceSelectors: objects(LABEL_SELECTOR, "Services by their labels."),
  },
  pkg,
);

export const IP_ADDRESS_POOL: Struct = struct(
  "IPAddressPool",
  {
    ...TYPE_META,
    metadata,
    spec: object(
      struct(
        "IPAddressPoolSpec",
        {
          addresses: strings("CIDRs, or ranges `192.168.1.240-192.168.1.250`.", { required: true, keep: true }),
          autoAssign: bool("Whether Services that ask for no pool may get an address of it.", {
            default: true,
            keep: true,
          }),
          avoidBuggyIPs: bool("Leave out addresses that end in .0 and .255.", { keep: true, default: false }),
          serviceAllocation: object(ALLOCATION, "Which Services may use it."),
        },
        pkg,
      ),
      "Addresses that MetalLB may hand out to Services of type LoadBalancer.",
      { required: true },
    ),
    status: STATUS,
  },
  pkg,
);

export const L2_ADVERTISEMENT: Struct = struct(
  "L2Advertisement",
  {
    ...TYPE_META,
    metadata,
    spec: object(
      struct(
        "L2AdvertisementSpec",
        { ...POOLS, interfaces: strings("Interfaces that announce; all of them when empty.", { inert: true }) },
        pkg,
      ),
      "Which pools are announced by ARP: one node answers for each address.",
    ),
    status: STATUS,
  },
  pkg,
);

export const BGP_ADVERTISEMENT: Struct = struct(
  "BGPAdvertisement",
  {
    ...TYPE_META,
    metadata,
    spec: object(
      struct(
        "BGPAdvertisementSpec",
        {
          ...POOLS,
          peers: strings("Names of BGPPeers; all of them when empty."),
          aggregationLength: int32("Prefix length that IPv4 routes are announced with.", { keep: true, default: 32 }),
          aggregationLengthV6: int32("Prefix length that IPv6 routes are announced with.", {
            keep: true,
            default: 128,
          }),
          localPref: int32("BGP LOCAL_PREF of the routes.", { inert: true }),
          communities: strings("BGP communities of the routes.", { inert: true }),
        },
        pkg,
      ),
      "Which pools are announced to BGP routers: all nodes, or those with endpoints, are next hops.",
    ),
    status: STATUS,
  },
  pkg,
);

export const BGP_PEER: Struct = struct(
  "BGPPeer",
  {
    ...TYPE_META,
    metadata,
    spec: object(
      struct(
        "BGPPeerSpec",
        {
          myASN: int32("AS number of the cluster.", { required: true, keep: true }),
          peerASN: int32("AS number of the router."),
          dynamicASN: string("`internal` or `external` instead of a number.", { values: ["internal", "external"] }),
          peerAddress: string("Address of the router."),
          interface: string("Interface of an unnumbered session.", { inert: true }),
          sourceAddress: string("Address that sessions come from.", { inert: true }),
          peerPort: int32("Port of the router.", { default: 179 }),
          holdTime: string("BGP hold time.", { inert: true, go: "v1.Duration" }),
          keepaliveTime: string("BGP keepalive time.", { inert: true, go: "v1.Duration" }),
          connectTime: string("BGP connect time.", { inert: true, go: "v1.Duration" }),
          routerID: string("BGP router id of the nodes.", { inert: true }),
          nodeSelectors: NODE_SELECTOR,
          password: string("TCP MD5 password.", { inert: true }),
          passwordSecret: any("Secret that holds the password.", { inert: true }),
          bfdProfile: string("BFD profile.", { inert: true }),
          enableGracefulRestart: bool("BGP graceful restart.", { inert: true }),
          ebgpMultiHop: bool("The router is more than a hop away.", { inert: true }),
          vrf: string("VRF.", { inert: true }),
          disableMP: bool("One address family per session.", { inert: true }),
          dualStackAddressFamily: bool("Both address families in one session.", { inert: true }),
        },
        "v1beta2",
      ),
      "A router that the nodes speak BGP with.",
      { required: true },
    ),
    status: STATUS,
  },
  "v1beta2",
);
