import { expect, test } from "vitest";
import { SECOND } from "../base/time.ts";
import { createWorld } from "../world/world.ts";
import { balancersText } from "./balancers.ts";
import { runCli } from "./cli.ts";

const WEB = `apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {nodeName: worker-2, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  healthCheckNodePort: 31999
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
`;
const POD_CLOUD = `---
apiVersion: kubehop.dev/v1alpha1
kind: CloudProvider
metadata: {name: cloud}
spec: {loadBalancer: pod}
`;
const METALLB = `---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: lan}
spec: {addresses: [192.168.56.240/32]}
`;

const printed = (text: string, ...more: readonly string[]): string =>
  runCli(["balancers", "-", ...more], (path) => (path === "-" ? text : null)).stdout;

test("listeners, health check and targets of a balancer that dials node ports", () => {
  expect(printed(WEB)).toBe(
    [
      "default/web: 203.0.113.10, dials node ports",
      "  listens on 80/TCP for 30080",
      "  health check: GET :31999/",
      "  worker-1 (192.168.56.11): unhealthy",
      "  worker-2 (192.168.56.12): healthy",
      "  worker-3 (192.168.56.13): unhealthy",
      "",
    ].join("\n"),
  );
});

test.each([
  [
    "pods",
    WEB + POD_CLOUD,
    "default/web: 203.0.113.10, dials pods\n  listens on 80/TCP for 8080\n  health check: TCP, the target port\n  default/web (10.244.2.2): healthy\n",
  ],
  [
    "MetalLB without an advertisement",
    WEB + METALLB,
    "default/web: 192.168.56.240, announced by nodes (MetalLB)\n  listens on 80/TCP\n  no node announces it\n",
  ],
  [
    "MetalLB",
    `${WEB}${METALLB}---\napiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: {name: lan}\n`,
    "default/web: 192.168.56.240, announced by nodes (MetalLB)\n  listens on 80/TCP\n  worker-2 (192.168.56.12): announcing by layer2\n",
  ],
  ["none", WEB.replace("LoadBalancer", "NodePort").replace(/ {2}healthCheckNodePort.*\n/, ""), "No load balancers.\n"],
])("%s", (_what, text, output) => {
  expect(printed(text)).toBe(output);
});

test("as data, with a DNS name; and what is about to turn", () => {
  const text = `${WEB}${POD_CLOUD.replace("loadBalancer: pod", "status: hostname")}`;
  const [report] = JSON.parse(printed(text, "--json")) as readonly { readonly name: string; readonly kind: string }[];
  expect(report).toMatchObject({ kind: "nodePort", addresses: ["203.0.113.10"] });
  expect(report?.name).toMatch(/\.elb\.us-east-1\.amazonaws\.com$/);

  const on = createWorld({ seed: 1 });
  on.dispatch({ type: "text", text: WEB });
  on.dispatch({ type: "pace", pace: "run" });
  on.dispatch({ type: "fault", fault: "node", node: "worker-2", on: false });
  on.dispatch({ type: "run", micros: SECOND });
  expect(balancersText(on.balancers(), on.now)).toMatch(
    /^ {2}worker-2 \(192\.168\.56\.12\): healthy, unhealthy in (1[5-9]|2[0-5]) s if nothing changes$/m,
  );
});
