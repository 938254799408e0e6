/** Many connections through a Service with three endpoints: how fast they are walked, and how evenly they spread. */
import { SECOND } from "../src/base/time.ts";
import { createWorld } from "../src/world/world.ts";

export const CONNECTION_COLUMNS = ["connections", "time", "hops", "hops/s", "chi², 2 df"] as const;

const TEXT = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: server, image: registry.example/server, ports: [{containerPort: 8080}]}]}
`;

/** One row per seed; 13.8 is the bound of chi² that one run in a thousand exceeds. */
export function benchConnections(
  seeds: readonly number[],
  row: (name: string, ...cells: readonly string[]) => void,
): void {
  for (const seed of seeds) {
    const world = createWorld({ seed });
    world.dispatch({ type: "text", text: TEXT });
    const start = performance.now();
    const { refusal } = world.dispatch({
      type: "load",
      from: ["node/worker-1"],
      to: "service/default/web:80",
      protocol: "tcp",
      rate: 1_000,
      duration: 10 * SECOND,
      keepAlive: false,
      clients: 1,
    });
    const took = performance.now() - start;
    const report = world.loadReport(null);
    if (refusal !== null || report === null) throw new Error(refusal?.message ?? "no report");
    const expected = report.sent / 3;
    const chi = report.backends.reduce((sum, { count }) => sum + (count - expected) ** 2 / expected, 0);
    row(
      `node to ClusterIP, seed ${seed}`,
      String(report.sent),
      `${took.toFixed(0)} ms`,
      String(report.hops),
      String(Math.round((report.hops / took) * 1_000)),
      chi.toFixed(2),
    );
  }
}
