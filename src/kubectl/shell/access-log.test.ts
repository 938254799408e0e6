import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { terminal, worldOf } from "../testing.ts";

const TWO_HOSTS = readFileSync("src/scenarios/ingress/scenario.yaml", "utf8");
const POD = /ingress-nginx-controller-\S+/g;

it("the controllers log the requests that walks brought them, and nginx logs who stood behind them", () => {
  const nginx = TWO_HOSTS.replaceAll("traefik/whoami:v1.10", "nginx:1.27");
  const world = worldOf(nginx, 4);
  const ask = (url: string): void => {
    const { refusal } = world.dispatch({
      type: "send",
      request: { from: "client/internet", to: url, protocol: "tcp" },
    });
    expect(refusal).toBeNull();
  };
  ask("http://foo.bar.com/");
  ask("http://bar.foo.com/x?y=1");
  const { out } = terminal(world);
  const names = (out("kubectl get pods -n ingress-nginx").match(POD) ?? []).toSorted();
  const logs = names.map((name) => out(`kubectl logs -n ingress-nginx ${name}`)).join("");
  const lines = logs.split("\n").filter((line) => line !== "");
  const line = (path: string, status: number, upstream: string): RegExp =>
    new RegExp(
      `^198\\.51\\.100\\.24 - - \\[01/Jan/2026:\\d\\d:\\d\\d:\\d\\d \\+0000\\] "GET ${path} HTTP/1.1" ${status} \\d+ "-" "[^"]*" \\d+ 0\\.\\d{3} \\[${upstream}\\] \\[\\] 10\\.244\\.\\d+\\.\\d+:80 \\d+ 0\\.\\d{3} ${status} [0-9a-f]{32}$`,
      "m",
    );
  expect(lines).toHaveLength(2);
  expect(logs).toMatch(line("/", 200, "default-s1-80"));
  expect(logs).toMatch(line("/x\\?y=1", 404, "default-s2-80"));
  expect(out("kubectl logs deploy/s2")).toMatch(/^10\.244\.\d+\.\d+ - - .* 404 \d+ "-" ".*" "198\.51\.100\.24"$/m);
  const [first = ""] = names;
  expect(out(`kubectl logs -n ingress-nginx ${first} --tail=0`)).toBe("");
});

it("haproxy says what of its configuration does not count", () => {
  const world = worldOf(`
apiVersion: v1
kind: ConfigMap
metadata: {name: cfg}
data: {haproxy.cfg: "frontend f\\n  bind *:80\\n  wibble\\n"}
---
apiVersion: v1
kind: Pod
metadata: {name: lb}
spec:
  containers: [{name: lb, image: "haproxy:3.0", ports: [{containerPort: 80}], volumeMounts: [{name: v, mountPath: /usr/local/etc/haproxy}]}]
  volumes: [{name: v, configMap: {name: cfg}}]
`);
  expect(terminal(world).out("kubectl logs lb")).toBe(
    '[WARNING]  (1) : config : line 3: "wibble" is not understood and has no effect here\n',
  );
});
