/** Documents of scenarios, for tables of tests. */

interface Options {
  readonly namespace?: string;
  readonly kind?: "Deployment" | "StatefulSet" | "DaemonSet";
  /** In flow style; `app: NAME` by default. */
  readonly labels?: string;
  readonly annotations?: string;
  readonly replicas?: number;
  readonly image?: string;
  /** Further lines of the container. */
  readonly container?: string;
  /** Further lines of the pod's spec. */
  readonly spec?: string;
}

export const manifest = (...documents: readonly string[]): string =>
  documents
    .filter((one) => one !== "")
    .map((one) => `${one.trimEnd()}\n`)
    .join("---\n");

/** A spec in flow style, or in block style when it begins with a line break. */
const specLine = (spec: string): string => `spec:${spec.startsWith("\n") ? spec : ` ${spec}`}`;

export const service = (name: string, spec: string, { namespace = "default", annotations }: Options = {}): string =>
  `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace}${annotations === undefined ? "" : `, annotations: { ${annotations} }`} }
${specLine(spec)}
`;

/** Three pods of nginx, unless it is said otherwise. */
export const deployment = (
  name: string,
  {
    namespace = "default",
    kind = "Deployment",
    labels = `app: ${name}`,
    annotations,
    replicas = 3,
    image = "nginx:1.27",
    container = "",
    spec = "",
  }: Options = {},
): string => `apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  ${kind === "DaemonSet" ? "" : `replicas: ${String(replicas)}`}
  ${kind === "StatefulSet" ? `serviceName: ${name}` : ""}
  selector: { matchLabels: { ${labels} } }
  template:
    metadata:
      labels: { ${labels} }
      ${annotations === undefined ? "" : `annotations: { ${annotations} }`}
    spec:
      ${spec}
      containers:
        - name: main
          image: ${image}
          ${container}
`;

export const pod = (
  name: string,
  {
    namespace = "default",
    labels = `app: ${name}`,
    annotations,
    image = "nginx:1.27",
    container = "",
    spec = "",
  }: Options = {},
): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: ${namespace}
  labels: { ${labels} }
  ${annotations === undefined ? "" : `annotations: { ${annotations} }`}
spec:
  ${spec}
  containers:
    - name: main
      image: ${image}
      ${container}
`;

export const cloud = (loadBalancer: string, more = "source: keep"): string => `apiVersion: kubehop.dev/v1alpha1
kind: CloudProvider
metadata: { name: cloud }
spec: { loadBalancer: ${loadBalancer}, ${more.includes("source") ? "" : "source: keep, "}${more}, addresses: { from: 203.0.113.10, to: 203.0.113.20 } }
`;

export const client = (name: string, more: string, ip = "198.51.100.80"): string => `apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: { name: ${name} }
spec: { ip: ${ip}, ${more.replace(/listen: (\d+)/, 'listen: "$1"')} }
`;

export const labYaml = (network: string): string => `apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: { name: lab }
spec: { network: { ${network} } }
`;
