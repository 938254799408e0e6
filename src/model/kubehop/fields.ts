import { any, bool, int32, int64, object, objects, string, struct, strings, type Struct } from "../fields.ts";
import { metadata, TYPE_META } from "../meta/fields.ts";
import { FINDING_IDS } from "../trace/finding.ts";
import { EXPECTED_MODES, EXPECTED_OUTCOMES, EXPECTED_PROTOCOLS } from "./expectation.ts";
import { MASQUERADES } from "./network.ts";

const pkg = "v1alpha1";

const STATIC_ROUTE: Struct = struct(
  "StaticRoute",
  {
    to: string("Destination, a CIDR.", { required: true }),
    via: strings(
      "Next hops: Nodes by name, or addresses. With several, each flow keeps to the one that its hash picks (ECMP).",
      { required: true },
    ),
  },
  pkg,
);

const NETWORK: Struct = struct(
  "LabNetwork",
  {
    attachment: string(
      "How pods hang on their node. bridge: a veth pair each into cni0. ptp: a routed veth each, no bridge.",
      { values: ["bridge", "ptp"], default: "bridge" },
    ),
    routes: string(
      "How a node reaches the pods of another. host-gw: by a route through that node. vxlan: wrapped in UDP to that node (flannel.1). cloud: by the routes of the nodes' router.",
      { values: ["host-gw", "vxlan", "cloud"], default: "host-gw" },
    ),
    bridgeNetfilter: bool("net.bridge.bridge-nf-call-iptables: whether frames that cross cni0 meet the rules.", {
      default: true,
      keep: true,
    }),
    hairpin: bool("hairpin_mode of cni0's ports: whether a frame may leave by the port that it came in by.", {
      default: true,
      keep: true,
    }),
    masquerade: string(
      "Whose address pods' packets carry beyond the pod network, by rules behind kube-proxy's. outside: their node's on the way to public addresses, as ip-masq-agent does it. all: their node's everywhere, as flannel does it. none: their own, which nobody outside can answer.",
      { values: [...MASQUERADES], default: "outside" },
    ),
    forwardPolicy: string("Policy of the chain FORWARD of the table filter. DROP is what Docker sets.", {
      values: ["ACCEPT", "DROP"],
      default: "ACCEPT",
    }),
    rpFilter: int32("net.ipv4.conf.all.rp_filter: 0 off, 1 strict, 2 loose.", { default: 0, keep: true }),
    conntrackMax: int64(
      "net.netfilter.nf_conntrack_max of the nodes: connections that each of them tracks at a time. When the table is full, what opens another is dropped. By default more than anyone here opens.",
    ),
    isolatedPods: bool("Pods reach pods only: nothing passes between the pod network and the hosts' network.", {
      default: false,
      keep: true,
    }),
    policies: string(
      "What the CNI does with NetworkPolicies. ignored: it stores none of them in its rules, as flannel does.",
      { values: ["enforced", "ignored"], default: "enforced" },
    ),
    mtu: int32("Bytes of the largest packet in the pod network. By default 1450 with vxlan, else 1500."),
    routerRoutes: objects(STATIC_ROUTE, "Routes of the nodes' router, static or learned by BGP."),
  },
  pkg,
);

export const CLIENT: Struct = struct(
  "Client",
  {
    ...TYPE_META,
    metadata,
    spec: object(
      struct(
        "ClientSpec",
        {
          ip: string("Its address, outside of every range of the cluster.", { required: true, keep: true }),
          routes: objects(STATIC_ROUTE, "Routes of its own besides its default route."),
          names: strings("Names that resolvers outside the cluster have for it, as my.database.example.com."),
          listen: string('What it listens on, as "5432/TCP, 53/UDP". By default nothing: it only sends.'),
          nameservers: strings(
            "Name servers that it asks, as the ClusterIP of kube-dns. By default one outside the cluster.",
          ),
          searches: strings("Domains that it appends to short names, in turn."),
        },
        pkg,
      ),
      "A machine outside the cluster that can send requests.",
      { required: true },
    ),
  },
  pkg,
);

export const CLOUD_PROVIDER: Struct = struct(
  "CloudProvider",
  {
    ...TYPE_META,
    metadata,
    spec: object(
      struct(
        "CloudProviderSpec",
        {
          loadBalancer: string(
            "How its load balancer works. nodePort: it rewrites the destination to a healthy node's node port, and replies return through it. vip: the header is kept, the nodes' own rules answer, and replies go straight back. pod: it rewrites the destination to a ready pod's own address, and no node port is used. none: nobody hands out addresses, EXTERNAL-IP stays <pending>.",
            { values: ["nodePort", "vip", "pod", "none"], default: "nodePort" },
          ),
          status: string(
            "What a Service's status tells of its balancer: ip, the address, or hostname, a DNS name as on AWS. No node answers for a balancer that has only a name.",
            { values: ["ip", "hostname"], default: "ip" },
          ),
          ipMode: string(
            "ipMode of the address in the status. VIP: nodes answer for it themselves. Proxy: packets to it must really reach the balancer.",
            { values: ["VIP", "Proxy"], default: "VIP" },
          ),
          nodePorts: string(
            "Whether the nodes' security group lets machines outside reach node ports. closed: only the balancers do.",
            { values: ["open", "closed"], default: "open" },
          ),
          source: string("Whether a nodePort or pod balancer keeps the client's address or dials nodes from its own.", {
            values: ["keep", "snat"],
            default: "keep",
          }),
          addresses: object(
            struct(
              "AddressRange",
              {
                from: string("First address.", { required: true, default: "203.0.113.10" }),
                to: string("Last address.", { required: true, default: "203.0.113.250" }),
              },
              pkg,
            ),
            "Addresses that it hands out, both ends included.",
          ),
          healthCheck: object(
            struct(
              "HealthCheck",
              {
                intervalSeconds: int32("Seconds from one check of a node to the next.", { default: 8 }),
                unhealthyThreshold: int32("Failures in a row that take a node out.", { default: 3 }),
                healthyThreshold: int32("Successes in a row that take it in again.", { default: 1 }),
              },
              pkg,
            ),
            "How it checks the health of nodes: kube-proxy's /healthz, or the Service's healthCheckNodePort.",
          ),
        },
        pkg,
      ),
      "The cloud around the cluster.",
    ),
  },
  pkg,
);

export const LAB: Struct = struct(
  "Lab",
  {
    ...TYPE_META,
    metadata,
    spec: object(
      struct(
        "LabSpec",
        {
          seed: int64("Where all random choices start from: equal seeds, equal histories.", { default: 1, keep: true }),
          title: string("Title of the scenario."),
          open: object(
            struct(
              "OpeningRequest",
              {
                from: string("Who sends: client/NAME, pod/NS/NAME, deploy/NS/NAME, node/NAME.", { required: true }),
                to: string(
                  "What is dialled: service/NS/NAME:PORT, lb/NS/NAME:PORT, node/NAME:PORT, pod/NS/NAME:PORT, IP:PORT, or a name: web.shop:80, http://web.shop/path.",
                  { required: true },
                ),
              },
              pkg,
            ),
            "A request that is sent as soon as the scenario is opened.",
          ),
          after: strings(
            "What happens once the cluster stands, a line each: kubectl ..., wait 5s, connect FROM TO [udp], stop kube-proxy NODE, start kube-proxy NODE, delay kube-proxy NODE 3s, stop node NODE, start node NODE. The command line does it before it looks; the page does not.",
          ),
          network: object(NETWORK, "The wires between pods, nodes and the router."),
        },
        pkg,
      ),
      "Settings of the playground for this scenario.",
    ),
  },
  pkg,
);

const SENDERS = "client/NAME, pod/NS/NAME, deploy/NS/NAME, node/NAME";

export const EXPECTATION: Struct = struct(
  "Expectation",
  {
    ...TYPE_META,
    metadata: { ...metadata, doc: "Name of the expectation; it needs none." },
    spec: object(
      struct(
        "ExpectationSpec",
        {
          from: string(`Who sends: ${SENDERS}.`, { required: true }),
          to: string(
            "What is dialled: service/NS/NAME:PORT, lb/NS/NAME:PORT, node/NAME:PORT, pod/NS/NAME:PORT, IP:PORT, or a name: web.shop:80, http://web.shop/path.",
            { required: true },
          ),
          protocol: string("Protocol.", { values: EXPECTED_PROTOCOLS, default: "tcp" }),
          family: int32("IP family, 4 or 6. By default the one that the sender and what it dials have in common.", {
            keep: true,
          }),
          mode: string("Mode of kube-proxy on every node. By default each node's own.", { values: EXPECTED_MODES }),
          outcome: string(
            "How the request ends. not-sent: it cannot even be sent, as to a load balancer without an address.",
            { values: EXPECTED_OUTCOMES, required: true },
          ),
          because: any("Why it ends so: ids of findings that the diagnosis must have, one or a list.", {
            values: FINDING_IDS,
          }),
          share: any("Share of requests that end so, such as 0.5 or 1/3. By default all of them."),
          sourceSeen: string(
            `Source address that the server sees: an address, \`sender\` (the sender's own), or whose it is: ${SENDERS}.`,
          ),
          backend: string("Pod that answers: NAME or NS/NAME, or how either begins."),
          status: int32("HTTP status of the answer.", { keep: true }),
        },
        pkg,
      ),
      "A request, and what is to become of it.",
      { required: true },
    ),
  },
  pkg,
);
