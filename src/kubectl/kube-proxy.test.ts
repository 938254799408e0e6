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

test("kube-proxy's DaemonSet and its pods are served as the processes are", () => {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text: "" });
  const names = (): readonly string[] =>
    kubectl(world, "get pods -l k8s-app=kube-proxy -o name").split("\n").filter(Boolean);
  const before = names();
  expect(before).toHaveLength(4);
  for (const name of before) expect(name).toMatch(/^pod\/kube-proxy-[bcdfghjklmnpqrstvwxz2-9]{5}$/);
  const row = (pod: string): string => kubectl(world, `get ${pod} --no-headers`).replaceAll(/ +/g, " ").slice(11);
  expect(kubectl(world, "get ds kube-proxy --no-headers").replaceAll(/ +/g, " ")).toBe(
    "kube-proxy 4 4 4 4 4 kubernetes.io/os=linux 0s\n",
  );
  expect(kubectl(world, `get pod -n default`)).toBe("No resources found in default namespace.\n");
  expect(kubectl(world, "describe ds kube-proxy")).toContain("Pods Status:  4 Running");
  expect(kubectl(world, "rollout status ds/kube-proxy")).toBe('daemon set "kube-proxy" successfully rolled out\n');

  // A pod that is deleted comes back by another name, and its node says which.
  const node = (pod: string): string => kubectl(world, `get ${pod} -o jsonpath={.spec.nodeName}`);
  const [first = ""] = before;
  const where = node(first);
  expect(kubectl(world, `logs ${first}`)).toContain("SyncProxyRules complete");
  expect(kubectl(world, `delete ${first}`)).toBe(`${first.replace("/", ' "')}" deleted from kube-system namespace\n`);
  const [gone, come] = [before, names()].map((some, i, both) => some.filter((name) => !both[1 - i]?.includes(name)));
  expect([gone, come?.map(node)]).toEqual([[first], [where]]);
  expect(kubectl(world, "describe node " + where)).toContain((come?.[0] ?? "").slice("pod/".length));
  expect(row(come?.[0] ?? "")).toMatch(/ 1\/1 Running 0 \S+\n$/);

  // One that cannot start waits longer and longer.
  const patch = PATCH.replace("MODE", "ebpf");
  runConsole(world, ["kubectl", "-n", "kube-system", "patch", "cm", "kube-proxy", "-p", patch]);
  kubectl(world, `delete pod ${(come?.[0] ?? "").slice("pod/".length)}`);
  const broken = names().find((name) => node(name) === where) ?? "";
  expect(row(broken)).toMatch(/ 0\/1 Error 0 \S+\n$/);
  world.dispatch({ type: "run", micros: 15_000_000 });
  expect(row(broken)).toMatch(/ 0\/1 CrashLoopBackOff 1 \S+\n$/);
  expect(kubectl(world, "get ds kube-proxy --no-headers").replaceAll(/ +/g, " ")).toMatch(/^kube-proxy 4 4 3 4 3 /);
});

test("CoreDNS says at its start where it listens and with which Corefile", () => {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text: "" });
  const log = kubectl(world, "logs deploy/coredns");
  expect(log).toMatch(
    /^\.:53\n\[INFO\] plugin\/reload: Running configuration SHA512 = [0-9a-f]{128}\nCoreDNS-1\.14\.2\nlinux\/amd64, go1\.26\.1, \n/,
  );
});
