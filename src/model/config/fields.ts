import { any, bool, int32, list, object, plain, string, strings, struct, type Field, type Struct } from "../fields.ts";
import { metadata, TYPE_META } from "../meta/fields.ts";

const pkg = "v1alpha1";
const duration = (doc: string, standard?: string): Field =>
  string(doc, { go: "v1.Duration", ...(standard === undefined ? {} : { default: standard }) });
const kept = any("Kept, read by nobody here.", { inert: true });

/** Both config kinds are files, not API objects: they have no metadata in real life; a name is tolerated. */
const META = { ...TYPE_META, metadata: { ...metadata, doc: "Not part of the real file; tolerated." } };

const sync = {
  syncPeriod: duration("A full pass at least this often.", "30s"),
  minSyncPeriod: duration("No two passes closer than this: changes in between are collected.", "1s"),
  masqueradeBit: int32("Bit of the packet mark that asks for SNAT.", { keep: true, default: 14 }),
  masqueradeAll: bool("SNAT everything that goes through a Service, whoever sends it."),
};

export const KUBE_PROXY_CONFIGURATION: Struct = struct(
  "KubeProxyConfiguration",
  {
    ...META,
    mode: string("How Services are programmed into the kernel; read once, at kube-proxy's start.", {
      default: "iptables",
      values: ["iptables", "nftables", "ipvs", "userspace", ""],
      go: "v1alpha1.ProxyMode",
    }),
    clusterCIDR: string("The pods' range: traffic from elsewhere counts as from outside. Defaults to the pod subnet."),
    detectLocalMode: string("How kube-proxy tells the pods' traffic from traffic from outside.", {
      default: "ClusterCIDR",
      values: ["ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"],
      go: "v1alpha1.LocalMode",
    }),
    detectLocal: object(
      struct(
        "DetectLocalConfiguration",
        {
          bridgeInterface: string("Name of the bridge, for BridgeInterface."),
          interfaceNamePrefix: string("Beginning of interface names, for InterfaceNamePrefix."),
          clusterCIDRs: strings("CIDRs, for ClusterCIDR."),
        },
        pkg,
      ),
      "Settings of detectLocalMode.",
    ),
    nodePortAddresses: strings("CIDRs of node addresses that node ports answer on, or `primary`; empty: all of them."),
    iptables: object(
      struct(
        "KubeProxyIPTablesConfiguration",
        { ...sync, localhostNodePorts: bool("Node ports also answer on 127.0.0.1.", { keep: true, default: true }) },
        pkg,
      ),
      "Settings of iptables mode.",
    ),
    nftables: object(struct("KubeProxyNFTablesConfiguration", sync, pkg), "Settings of nftables mode."),
    ipvs: object(
      struct(
        "KubeProxyIPVSConfiguration",
        {
          ...sync,
          scheduler: string("How connections are spread.", { default: "rr" }),
          excludeCIDRs: strings("CIDRs that are not cleaned up."),
          strictARP: bool("Answer ARP only for addresses of the interface."),
          tcpTimeout: duration("Idle TCP connections."),
          tcpFinTimeout: duration("TCP connections after FIN."),
          udpTimeout: duration("Idle UDP flows."),
        },
        pkg,
      ),
      "Settings of ipvs mode.",
    ),
    conntrack: object(
      struct(
        "KubeProxyConntrackConfiguration",
        {
          ...plain("maxPerCore min", int32("Size of the conntrack table.", { keep: true, inert: true })),
          ...plain(
            "tcpEstablishedTimeout tcpCloseWaitTimeout udpTimeout udpStreamTimeout",
            string("A conntrack timeout.", { go: "v1.Duration", inert: true }),
          ),
          tcpBeLiberal: bool("Packets outside of the TCP window are not dropped as invalid."),
        },
        pkg,
      ),
      "Settings of conntrack.",
    ),
    configSyncPeriod: duration("How often watched objects are all read again.", "15m"),
    bindAddress: string("Address of the node that counts as its primary one.", { default: "0.0.0.0", inert: true }),
    healthzBindAddress: string("Where kube-proxy tells its health.", { default: "0.0.0.0:10256", inert: true }),
    metricsBindAddress: string("Where kube-proxy tells its metrics.", { default: "127.0.0.1:10249", inert: true }),
    hostnameOverride: string("Name of the node.", { inert: true }),
    bindAddressHardFail: bool("Give up when an address cannot be bound.", { inert: true }),
    enableProfiling: bool("Profiles over HTTP.", { inert: true }),
    showHiddenMetricsForVersion: string("Old metrics.", { inert: true }),
    featureGates: { type: "map", of: bool("On or off."), doc: "Feature gates.", inert: true },
    clientConnection: kept,
    logging: object(
      struct(
        "LoggingConfiguration",
        {
          format: string("Form of the log's lines.", { inert: true }),
          flushFrequency: kept,
          verbosity: int32("How much kube-proxy logs: 0 its start, 1 Services that come and go too, 2 every sync.", {
            keep: true,
          }),
          vmodule: kept,
          options: kept,
        },
        pkg,
      ),
      "How kube-proxy logs.",
    ),
    winkernel: kept,
    windowsRunAsService: bool("Windows.", { inert: true }),
    oomScoreAdj: int32("Removed from newer versions.", { keep: true, inert: true }),
    portRange: string("Only for userspace mode: where its proxy ports come from, as 300-2000."),
    udpIdleTimeout: duration("Only for userspace mode: idle UDP flows.", "250ms"),
  },
  pkg,
);

export const CLUSTER_CONFIGURATION: Struct = struct(
  "ClusterConfiguration",
  {
    ...META,
    networking: object(
      struct(
        "Networking",
        {
          serviceSubnet: string("Range of cluster IPs.", { default: "10.96.0.0/12" }),
          podSubnet: string("Range of pod IPs, cut into one piece per node.", { default: "10.244.0.0/16" }),
          dnsDomain: string("Domain of the cluster in DNS.", { default: "cluster.local" }),
        },
        "v1beta4",
      ),
      "Address ranges and DNS domain.",
    ),
    apiServer: object(
      struct(
        "APIServer",
        {
          extraArgs: list(
            object(
              struct(
                "Arg",
                { name: string("Flag without dashes.", { keep: true }), value: string("Value.", { keep: true }) },
                "v1beta4",
              ),
              "A flag.",
            ),
            "Flags of the API server; service-node-port-range is read here.",
          ),
          ...plain("extraVolumes extraEnvs certSANs timeoutForControlPlane", kept),
        },
        "v1beta4",
      ),
      "Settings of the API server.",
    ),
    kubernetesVersion: string("Version of the cluster.", { inert: true }),
    clusterName: string("Name of the cluster.", { default: "kubernetes", inert: true }),
    controlPlaneEndpoint: string("Where the API server is reached.", { inert: true }),
    certificatesDir: string("Certificates.", { inert: true }),
    imageRepository: string("Images.", { inert: true }),
    encryptionAlgorithm: string("Keys.", { inert: true }),
    ...plain("certificateValidityPeriod caCertificateValidityPeriod", string("Certificates.", { inert: true })),
    featureGates: { type: "map", of: bool("On or off."), doc: "Feature gates.", inert: true },
    ...plain("etcd controllerManager scheduler dns proxy", kept),
  },
  "v1beta4",
);
