import { bool, int32, object, objects, string, stringMap, strings, struct, type Struct } from "../fields.ts";
import { OBJECT_REFERENCE } from "../endpoints/fields.ts";
import { metadata, TYPE_META } from "../meta/fields.ts";

const CONDITIONS = struct("EndpointConditions", {
  ready: bool("Whether it takes new connections; absent counts as true.", { keep: true }),
  serving: bool("Like ready, but a terminating pod may still be serving.", { keep: true }),
  terminating: bool("Whether it is on its way out.", { keep: true }),
});

const HINTS = struct("EndpointHints", {
  forZones: objects(
    struct("ForZone", { name: string("Zone.", { keep: true }) }),
    "Zones that should use this endpoint.",
  ),
  forNodes: objects(
    struct("ForNode", { name: string("Node.", { keep: true }) }),
    "Nodes that should use this endpoint.",
  ),
});

const ENDPOINT = struct("Endpoint", {
  addresses: strings("Addresses of the endpoint; consumers use the first.", { required: true, keep: true }),
  conditions: object(CONDITIONS, "Ready, serving, terminating.", { keep: true }),
  hostname: string("Name of the endpoint in headless DNS.", { keep: true }),
  targetRef: object(OBJECT_REFERENCE, "The object behind it, mostly a Pod."),
  deprecatedTopology: stringMap("Topology of v1beta1.", { deprecated: "Use nodeName and zone." }),
  nodeName: string("The node it is on: what Local policies go by.", { keep: true }),
  zone: string("The zone it is in.", { keep: true }),
  hints: object(HINTS, "Who should use this endpoint.", { keep: true }),
});

const PORT = struct("EndpointPort", {
  name: string("Name of the Service's port that this one serves; empty for an unnamed one.", { keep: true }),
  protocol: string("Transport protocol.", {
    default: "TCP",
    values: ["TCP", "UDP", "SCTP"],
    keep: true,
    go: "v1.Protocol",
  }),
  port: int32("Port number: the target port, already resolved.", { keep: true }),
  appProtocol: string("A hint which application protocol is spoken.", { keep: true, inert: true }),
});

export const ENDPOINT_SLICE: Struct = struct("EndpointSlice", {
  ...TYPE_META,
  metadata,
  addressType: string("Kind of the addresses. Cannot change.", {
    required: true,
    keep: true,
    values: ["IPv4", "IPv6", "FQDN"],
    go: "v1.AddressType",
  }),
  endpoints: objects(ENDPOINT, "Up to 1000 endpoints.", { required: true }),
  ports: objects(PORT, "Ports that every endpoint of this slice answers on."),
});
