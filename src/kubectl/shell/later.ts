/** Real programs that come later or never, and what to use meanwhile. */
export const LATER: Readonly<Record<string, string>> = {
  docker: "look at containers with kubectl",
  crictl: "look at containers with kubectl",
  kubeadm: "the cluster is made from the scenario's text",
  systemctl: "restart kube-proxy with the mode switch",
  journalctl: "logs are read with kubectl logs or cat /var/log/kube-proxy.log",
  helm: "give plain manifests to kubectl apply -f",
  jq: "use kubectl -o jsonpath",
  yq: "use kubectl -o jsonpath",
  vi: "edit the tab",
  vim: "edit the tab",
  nano: "edit the tab",
};
