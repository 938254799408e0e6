import { int32, object, objects, string, struct, type Struct } from "../fields.ts";
import { metadata, TYPE_META } from "../meta/fields.ts";

/** v1.ObjectReference. */
export const OBJECT_REFERENCE: Struct = struct("ObjectReference", {
  kind: string("Kind of the object."),
  namespace: string("Its namespace."),
  name: string("Its name."),
  uid: string("Its UID."),
  apiVersion: string("Its API version."),
  resourceVersion: string("Its revision."),
  fieldPath: string("A part of it."),
});

const ADDRESS = struct("EndpointAddress", {
  ip: string("Address. Loopback, link-local and unspecified ones are refused.", { required: true, keep: true }),
  hostname: string("Name of the endpoint in headless DNS."),
  nodeName: string("The node it is on.", { keep: true }),
  targetRef: object(OBJECT_REFERENCE, "The object behind it, mostly a Pod."),
});

const PORT = struct("EndpointPort", {
  name: string("Name of the Service's port that this one serves."),
  port: int32("Port number.", { required: true, keep: true }),
  protocol: string("Transport protocol.", { default: "TCP", values: ["TCP", "UDP", "SCTP"], go: "v1.Protocol" }),
  appProtocol: string("A hint which application protocol is spoken.", { keep: true, inert: true }),
});

const SUBSET = struct("EndpointSubset", {
  addresses: objects(ADDRESS, "Addresses that are ready."),
  notReadyAddresses: objects(ADDRESS, "Addresses that are not ready: no traffic goes there."),
  ports: objects(PORT, "Ports that every address of this subset answers on."),
});

export const ENDPOINTS: Struct = struct("Endpoints", {
  ...TYPE_META,
  metadata,
  subsets: objects(SUBSET, "Addresses × ports, subset by subset. kube-proxy reads EndpointSlices, not this."),
});
