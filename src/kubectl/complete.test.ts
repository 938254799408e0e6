import { describe, expect, it } from "vitest";
import { complete } from "./complete.ts";
import { deployment, service, worldOf } from "./testing.ts";

const world = worldOf(`${service("web")}---\n${service("worker")}---\n${deployment("web", 1)}`);
const FILES = { "svc.yaml": "" };
const options = (line: string): readonly string[] => complete(world, line, line.length, FILES).options;

describe("complete", () => {
  it.each([
    ["kub", ["kubectl"]],
    ["kubectl desc", ["describe"]],
    ["kubectl get service", ["serviceaccounts", "servicecidrs", "services"]],
    ["kubectl get svc w", ["web", "worker"]],
    ["kubectl get deploy/", ["deploy/web"]],
    ["kubectl get svc -n ku", ["kube-node-lease", "kube-public", "kube-system"]],
    ["kubectl -n kube-system get svc w", []],
    ["kubectl apply -f s", ["svc.yaml"]],
    ["kubectl get svc -o y", ["yaml"]],
    ["kubectl get svc --sel", ["--selector"]],
    ["kubectl rollout st", ["status"]],
    ["kubectl rollout status deployments w", ["web"]],
    ["kubectl get pods -l app=w", ["app=web"]],
    ["kubectl drain w", ["worker-1", "worker-2", "worker-3"]],
    ["kubectl get svc | gr", ["grep"]],
    ["ssh worker-", ["worker-1", "worker-2", "worker-3"]],
    ["ssh worker-1 conn", ["conntrack"]],
    ["ssh inter", ["internet"]],
    ["client ", ["internet"]],
    ["client internet -- trace", ["tracepath", "traceroute", "traceroute6"]],
    ["kubectl exec web-x -- cur", ["curl"]],
    ["kubectl exec web-x -- curl --re", ["--resolve", "--retry"]],
    ["kubectl exec web-x -- curl -s http://web.", ["http://web.default"]],
    ["kubectl exec web-x -- curl -s we", ["web", "web.default"]],
    ["kubectl exec -n kube-system web-x -- curl -s we", ["web.default"]],
    ["kubectl exec web-x -- dig web", ["web.default.svc.cluster.local"]],
    ["kubectl -n kube-system get svc kube", ["kube-dns"]],
    ["kubectl -n kube", ["kube-node-lease", "kube-public", "kube-system"]],
    ["kubectl get svc --namespace=kube-s", ["--namespace=kube-system"]],
    ["kubectl get svc -o=y", []],
    ["kubectl get svc --output=y", ["--output=yaml"]],
    ["kubectl get pods,se", ["pods,secrets", "pods,serviceaccounts", "pods,servicecidrs", "pods,services"]],
    ["kubectl get svc web w", ["worker"]],
    ["kubectl get po", ["poddisruptionbudgets", "pods", "podtemplates"]],
    ["kubectl get svc web", ["web"]],
    ["kubectl drain worker-1 w", ["worker-2", "worker-3"]],
    ["kubectl --names", ["--namespace"]],
    ["kubectl exec web-x ", []],
    ["kubectl get svc\nkubectl get svc wo", ["worker"]],
    ["ssh worker-1 nc -zv wo", ["worker.default"]],
    ["ssh worker-1 tcpdump -ni ", ["any", "cni0", "eth0"]],
  ])("%s", (line, expected) => expect(options(line)).toEqual(expected));

  it("completes at the cursor and says where the word begins", () => {
    const line = "kubectl get svc wor -o wide";
    expect(complete(world, line, "kubectl get svc wor".length)).toEqual({ from: 16, options: ["worker"] });
  });
});
