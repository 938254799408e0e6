import { expect, it } from "vitest";
import { readScenario } from "./scenario.ts";

it.each(["Lab", "CloudProvider"])("reads a %s that says nothing", (kind) => {
  const { sound, seed, cloud } = readScenario(`apiVersion: kubehop.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: x}\n`);
  expect([sound, seed, cloud.loadBalancer]).toEqual([true, null, "nodePort"]);
});

it("names a document that cannot be read once", () => {
  const { sound, diagnostics } = readScenario("a:\n\tb: c\n");
  expect([sound, diagnostics.length]).toEqual([false, 1]);
});

it("takes the mode of kube-proxy that 1.26 removed", () => {
  const file = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: userspace\n";
  const { sound, proxy } = readScenario(file);
  expect([sound, proxy.all?.["mode"]]).toEqual([true, "userspace"]);
});
