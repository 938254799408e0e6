import { expect, test } from "vitest";
import { createWorld } from "../world/world.ts";
import { runConsole } from "./console.ts";

const kubectl = (world: ReturnType<typeof createWorld>, line: string): string => {
  const { stdout, stderr } = runConsole(world, ["kubectl", "-n", "kube-system", ...line.split(" ")]);
  return stdout + stderr;
};
const PATCH = String.raw`{"data":{"config.conf":"apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: MODE\n"}}`;

test("kube-proxy takes an edited ConfigMap when its pods are restarted, and says in its log why it cannot", () => {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text: "" });
  const patch = (mode: string): string =>
    runConsole(world, ["kubectl", "-n", "kube-system", "patch", "cm", "kube-proxy", "-p", PATCH.replace("MODE", mode)])
      .stdout;
  expect(patch("ipvs")).toBe("configmap/kube-proxy patched\n");
  expect(world.modeOf("worker-1")).toBe("iptables");
  expect(kubectl(world, "delete pod kube-proxy-worker-1")).toBe(
    'pod "kube-proxy-worker-1" deleted from kube-system namespace\n',
  );
  expect([world.modeOf("worker-1"), world.modeOf("worker-2")]).toEqual(["ipvs", "iptables"]);
  expect(kubectl(world, "rollout restart ds/kube-proxy")).toBe("daemonset.apps/kube-proxy restarted\n");
  expect(world.modeOf("worker-2")).toBe("ipvs");
  expect(kubectl(world, "logs kube-proxy-worker-2")).toMatch(
    /^E0101 .* server_linux\.go:196\] "The ipvs proxier is now deprecated and may be removed in a future release\. Please use 'nftables' instead\."$/m,
  );
  patch("ebpf");
  kubectl(world, "delete pod -l k8s-app=kube-proxy");
  expect(kubectl(world, "logs kube-proxy-worker-2")).toMatch(
    /^E0101 00:00:\S+ +1 run\.go:72\] "command failed" err="failed validate: KubeProxyConfiguration\.Mode\.ProxyMode: Invalid value: \\"ebpf\\": must be iptables, ipvs, nftables or blank/,
  );
  expect(kubectl(world, "get events -n default")).toContain("IPVSDeprecation");
});
