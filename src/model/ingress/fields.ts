import { int32, list, object, objects, string, strings, struct, type Struct } from "../fields.ts";
import { metadata, TYPE_META } from "../meta/fields.ts";

const TYPED_REFERENCE = struct("TypedLocalObjectReference", {
  apiGroup: string("Group of the object.", { keep: true }),
  kind: string("Kind of the object.", { required: true, keep: true }),
  name: string("Name of the object.", { required: true, keep: true }),
});

const BACKEND = struct("IngressBackend", {
  service: object(
    struct("IngressServiceBackend", {
      name: string("Service in the namespace of the Ingress.", { required: true, keep: true }),
      port: object(
        struct("ServiceBackendPort", {
          name: string("Name of the Service's port."),
          number: int32("Number of the Service's port (`port`, not `targetPort`)."),
        }),
        "Port of the Service, by name or by number.",
        { keep: true },
      ),
    }),
    "The Service that requests go to.",
  ),
  resource: object(TYPED_REFERENCE, "An object that is no Service.", { inert: true }),
});

const PATH = struct("HTTPIngressPath", {
  path: string("Path that the request's path is compared with; begins with /."),
  pathType: string(
    "Exact, Prefix (path element by path element: /foo takes /foo/bar, not /foobar) or ImplementationSpecific.",
    { required: true, keep: true, values: ["Exact", "Prefix", "ImplementationSpecific"], go: "v1.PathType" },
  ),
  backend: object(BACKEND, "Where such requests go.", { required: true, keep: true }),
});

const RULE = struct("IngressRule", {
  host: string("Host of the request; `*.example.com` takes one label in place of the star; empty takes every host."),
  http: object(
    struct("HTTPIngressRuleValue", { paths: objects(PATH, "Paths; the longest that fits wins.", { keep: true }) }),
    "Paths of this host.",
  ),
});

const PORT_STATUS = struct("IngressPortStatus", {
  port: int32("Port of the balancer.", { keep: true }),
  protocol: string("Its protocol.", { keep: true, values: ["TCP", "UDP", "SCTP"], go: "v1.Protocol" }),
  error: string("Why it does not work.", { keep: true }),
});

const STATUS_INGRESS = struct("IngressLoadBalancerIngress", {
  ip: string("Address that the Ingress is reached at."),
  hostname: string("Name that the Ingress is reached at."),
  ports: objects(PORT_STATUS, "State of single ports."),
});

export const INGRESS: Struct = struct("Ingress", {
  ...TYPE_META,
  metadata,
  spec: object(
    struct("IngressSpec", {
      ingressClassName: string("Which controller is to serve it; the default IngressClass when empty.", { keep: true }),
      defaultBackend: object(BACKEND, "Where requests go that no rule fits."),
      tls: objects(
        struct("IngressTLS", {
          hosts: strings("Hosts of the certificate."),
          secretName: string("Secret that holds the certificate."),
        }),
        "Certificates.",
        { inert: true },
      ),
      rules: objects(RULE, "Hosts and paths, and where their requests go."),
    }),
    "Which HTTP requests from outside go to which Service. Nothing happens without a controller.",
  ),
  status: object(
    struct("IngressStatus", {
      loadBalancer: object(
        struct("IngressLoadBalancerStatus", { ingress: list(object(STATUS_INGRESS, "An address."), "Addresses.") }),
        "Where it is reached; written by the controller.",
        { keep: true },
      ),
    }),
    "Where it is reached; written by the controller.",
  ),
});

export const INGRESS_CLASS: Struct = struct("IngressClass", {
  ...TYPE_META,
  metadata,
  spec: object(
    struct("IngressClassSpec", {
      controller: string(
        "The controller that serves Ingresses of this class, as `example.com/ingress`. Cannot change.",
      ),
      parameters: object(
        struct("IngressClassParametersReference", {
          ...TYPED_REFERENCE.fields,
          scope: string("Cluster or Namespace.", { keep: true, default: "Cluster", values: ["Cluster", "Namespace"] }),
          namespace: string("Namespace of the object, for scope Namespace.", { keep: true }),
        }),
        "Settings for the controller.",
        { inert: true },
      ),
    }),
    "A kind of ingress controller.",
  ),
});
