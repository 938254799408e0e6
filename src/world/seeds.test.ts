/** The manifests of the tutorials this began from, in our own naming of steps: each must do here what it does on a real cluster. */
import { describe, expect, it } from "vitest";
import { objectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Walk } from "../model/trace/types.ts";
import { createWorld } from "./world.ts";
import type { World } from "./types.ts";

const CLUSTER_IP = `
apiVersion: v1
kind: Service
metadata:
  name: my-service
spec:
  selector:
    app: my-app
  ports:
    - protocol: TCP
      port: 80
      targetPort: 8080
`;

const NODE_PORT = `
apiVersion: v1
kind: Service
metadata:
  name: my-nodeport-service
spec:
  type: NodePort
  selector:
    app: my-app
  ports:
    - protocol: TCP
      port: 80
      targetPort: 8080
      nodePort: 30000
`;

const LOAD_BALANCER = `
apiVersion: v1
kind: Service
metadata:
  name: my-loadbalancer-service
spec:
  type: LoadBalancer
  selector:
    app: my-app
  ports:
    - protocol: TCP
      port: 80
      targetPort: 8080
`;

function load(text: string): World {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text });
  expect(world.report.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return world;
}

function probe(world: World, from: string, to: string): Walk {
  const walk = world.probe({ from, to, protocol: "tcp" });
  if ("message" in walk) throw new Error(walk.message);
  return walk;
}

const service = (world: World, name: string): Service =>
  world.objects.get<Service>(objectKey("Service", "default", name)) ?? expect.fail(`no service ${name}`);

/** What a Service of the type is given: a node port from this range, and a balancer's address. */
interface Given {
  readonly nodePort: readonly [from: number, to: number] | null;
  readonly ingress: string | undefined;
}

const NONE: Given = { nodePort: null, ingress: undefined };
const FIXED: Given = { nodePort: [30000, 30000], ingress: undefined };
const BALANCED: Given = { nodePort: [30086, 32767], ingress: "203.0.113.10" };
const LB = "my-loadbalancer-service";

describe.each([
  ["ClusterIP", CLUSTER_IP, "my-service", "node/worker-1", "service/default/my-service:80", NONE],
  ["NodePort", NODE_PORT, "my-nodeport-service", "client/internet", "node/worker-2:30000", FIXED],
  ["LoadBalancer", LOAD_BALANCER, LB, "client/internet", `lb/default/${LB}:80`, BALANCED],
])("the %s manifest", (type, text, name, from, to, given) => {
  it("is admitted, defaulted and given its addresses", () => {
    const { spec, status } = service(load(text), name);
    expect(spec.type).toBe(type);
    expect(spec.clusterIP).toMatch(/^10\.(9[6-9]|10\d|11[01])\./);
    expect(spec.clusterIPs).toEqual([spec.clusterIP]);
    const nodePort = spec.ports?.[0]?.nodePort ?? null;
    const [low, high] = given.nodePort ?? [null, null];
    expect(nodePort === null ? low : Math.min(Math.max(nodePort, low ?? 0), high ?? 0)).toBe(nodePort);
    expect(status.loadBalancer.ingress?.[0]?.ip).toBe(given.ingress);
  });

  it("refuses without pods, by the rule that says so", () => {
    const walk = probe(load(text), from, to);
    expect(walk.outcome).toBe("refused");
    expect(walk.hops.findLast((hop) => hop.rule !== null)?.rule?.text).toContain("has no endpoints");
    expect(walk.symptom).toContain("Couldn't connect to server");
  });

  it("is answered with the Deployment that the app offers", () => {
    const world = load(text);
    const offer = world.matchingDeployment(objectKey("Service", "default", name));
    const answered = load(`${text}---\n${offer?.text ?? ""}`);
    const walk = probe(answered, from, to);
    expect(walk.outcome).toBe("delivered");
    expect(walk.backend?.port).toBe(8080);
    expect(answered.matchingDeployment(objectKey("Service", "default", "kubernetes"))).toBeNull();
  });
});
