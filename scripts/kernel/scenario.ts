/** Short hands for the scenario texts of the topologies. */

export const VIP = "10.96.41.7";
export const VIP6 = "fd00:10:96::29";
export const NODES = ["worker-1", "worker-2", "worker-3"] as const;

export function texts(...documents: readonly string[]): string {
  return documents.join("\n---\n");
}

export interface PodOptions {
  readonly app?: string;
  readonly listen?: string;
  readonly hostNetwork?: boolean;
}

export function pod(name: string, node: string, { app = "web", listen, hostNetwork = false }: PodOptions = {}): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: {app: ${app}}
  annotations: {kubehop.dev/listen: "${listen ?? "8080/TCP, 8080/UDP"}"}
spec:
  nodeName: ${node}
  hostNetwork: ${String(hostNetwork)}
  containers:
    - {name: main, image: registry.k8s.io/e2e-test-images/agnhost:2.53}`;
}

/** A pod that only asks. */
export function asker(name: string, node: string): string {
  return pod(name, node, { app: name, listen: "9/TCP" });
}

/** A Service "web" on port 80 of both protocols. `spec` is more of its spec, as flow or block YAML at two spaces. */
export function web(spec: readonly string[] = [], { name = "web", app = "web", nodePort = 0, ip = VIP } = {}): string {
  const port = (protocol: string): string =>
    `    - {name: ${protocol.toLowerCase()}, protocol: ${protocol}, port: 80, targetPort: 8080${nodePort === 0 ? "" : `, nodePort: ${nodePort}`}}`;
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
${ip === "" ? "" : `  clusterIP: ${ip}\n`}  selector: {app: ${app}}
${spec.map((line) => `  ${line}\n`).join("")}  ports:
${port("TCP")}
${port("UDP")}`;
}

export function client(name: string, ip: string): string {
  return `apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: ${name}}
spec: {ip: ${ip.includes(":") ? `"${ip}"` : ip}}`;
}

/** The Lab's wires: flow YAML of spec.network. */
export function wires(network: string): string {
  return `apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: {${network}}}`;
}

export const INTERNET = client("internet", "198.51.100.24");
/** A machine in the nodes' own network. */
export const NEIGHBOUR = client("neighbour", "192.168.56.77");

export function proxyConfig(...lines: readonly string[]): string {
  return ["apiVersion: kubeproxy.config.k8s.io/v1alpha1", "kind: KubeProxyConfiguration", ...lines].join("\n");
}

/** A balancer that keeps the header: the nodes' own rules answer for its addresses. */
export const VIP_CLOUD = `apiVersion: kubehop.dev/v1alpha1
kind: CloudProvider
metadata: {name: cloud}
spec: {loadBalancer: vip}`;

export function node(name: string, addresses: readonly string[], podCIDRs: readonly string[], zone?: string): string {
  return `apiVersion: v1
kind: Node
metadata:
  name: ${name}
  labels: {kubernetes.io/hostname: ${name}${zone === undefined ? "" : `, topology.kubernetes.io/zone: ${zone}`}}
spec:
  podCIDR: "${podCIDRs[0] ?? ""}"
  podCIDRs: [${podCIDRs.map((cidr) => `"${cidr}"`).join(", ")}]
status:
  addresses:
${addresses.map((ip) => `    - {type: InternalIP, address: "${ip}"}`).join("\n")}
    - {type: Hostname, address: ${name}}`;
}
