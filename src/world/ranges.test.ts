import { expect, it } from "vitest";
import { objectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { createWorld } from "./world.ts";

const subnet = (range: string): string =>
  `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking: {serviceSubnet: ${range}}\n`;

it("the API server's own Service has the first address of whatever range the text gives", () => {
  const world = createWorld({ seed: 1 });
  const own = (): string | undefined =>
    world.objects.get<Service>(objectKey("Service", "default", "kubernetes"))?.spec.clusterIP;
  expect(own()).toBe("10.96.0.1");
  for (const [range, first] of [
    ["172.30.0.0/16", "172.30.0.1"],
    ["10.43.0.0/16", "10.43.0.1"],
    ["10.96.0.0/12", "10.96.0.1"],
  ] as const) {
    world.dispatch({ type: "text", text: subnet(range) });
    expect([world.report.accepted, own()]).toEqual([true, first]);
    expect(world.objects.get(objectKey("Endpoints", "default", "kubernetes"))).toBeDefined();
  }
});

it("lists the rules of a cluster that has IPv6 only", () => {
  const world = createWorld({ seed: 1 });
  world.dispatch({
    type: "text",
    text: `${subnet('"fd00:96::/112", podSubnet: "fd00:244::/48"')}---
apiVersion: v1
kind: Node
metadata: {name: six}
spec: {podCIDR: "fd00:244:0:1::/64"}
status: {addresses: [{type: InternalIP, address: 10.89.0.11}, {type: InternalIP, address: "fd00:89::11"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: "fd00:96::50", ports: [{port: 80}]}
`,
  });
  const printed = world.rulesText("six");
  expect("text" in printed ? printed.text : printed.message).toContain("-A KUBE-SERVICES -d fd00:96::50/128 -p tcp");
});
