/** Documents for the table of refusals, and the long texts in its messages. */
export type Document = Readonly<Record<string, unknown>>;

export const web = (spec: object, more: object = {}): Document => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }], ...spec },
  ...more,
});
export const named = (name: string, spec: object): Document => web(spec, { metadata: { name } });
export const ports = (...list: readonly object[]): object => ({ ports: list });
export const endpoints = (...subsets: readonly object[]): Document => ({
  apiVersion: "v1",
  kind: "Endpoints",
  metadata: { name: "web" },
  subsets,
});
export const at = (ip: string): Document => endpoints({ addresses: [{ ip }], ports: [{ port: 80 }] });
export const slice = (more: object): Document => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "web-1" },
  addressType: "IPv4",
  endpoints: [{ addresses: ["10.0.0.9"] }],
  ports: [{ port: 80 }],
  ...more,
});
export const template = (spec: object = {}, labels: object = { app: "web" }): object => ({
  metadata: { labels },
  spec: { containers: [{ name: "web", image: "nginx" }], ...spec },
});
export const workload = (kind: string, spec: object): Document => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name: "web" },
  spec: { selector: { matchLabels: { app: "web" } }, template: template(), ...spec },
});
export const pod = (spec: object, container: object = {}): Document => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web" },
  spec: { containers: [{ name: "web", image: "nginx", ...container }], ...spec },
});
export const ingress = (spec: object, metadata: object = {}): Document => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "web", ...metadata },
  spec,
});
export const toWeb = { service: { name: "web", port: { number: 80 } } };
export const path = (more: object): Document =>
  ingress({ rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend: toWeb, ...more }] } }] });
export const policy = (spec: object): Document => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "web" },
  spec,
});

export const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
export const LABEL_1123 =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
export const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
export const VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
export const PORT = "must be between 1 and 65535, inclusive";
export const ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
export const CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
export const ONLY_BALANCER = "Forbidden: may only be used when `type` is 'LoadBalancer'";
export const NOT_FOR_ALIAS = "Forbidden: may not be set for ExternalName services";

/** Name, documents that are there before, the document that is refused, and the causes that kubectl lists. */
export type Row = readonly [name: string, before: readonly Document[], refused: Document, causes: readonly string[]];
