import { int32, int64, object, string, struct, type Struct } from "../fields.ts";
import { metadata, TYPE_META } from "../meta/fields.ts";

const pkg = "v1alpha1";

export const CLIENT: Struct = struct(
  "Client",
  {
    ...TYPE_META,
    metadata,
    spec: object(
      struct(
        "ClientSpec",
        { ip: string("Its address, outside of every range of the cluster.", { required: true, keep: true }) },
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
            "How its load balancer works. nodePort: it rewrites the destination to a healthy node's node port, and replies return through it. vip: the header is kept, the nodes' own rules answer, and replies go straight back. none: nobody hands out addresses, EXTERNAL-IP stays <pending>.",
            { values: ["nodePort", "vip", "none"], default: "nodePort" },
          ),
          source: string("Whether a nodePort balancer keeps the client's address or dials nodes from its own.", {
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
                  "What is dialled: service/NS/NAME:PORT, lb/NS/NAME:PORT, node/NAME:PORT, pod/NS/NAME:PORT or IP:PORT.",
                  { required: true },
                ),
              },
              pkg,
            ),
            "A request that is sent as soon as the scenario is opened.",
          ),
        },
        pkg,
      ),
      "Settings of the playground for this scenario.",
    ),
  },
  pkg,
);
