/** `ps aux`: what runs on the control plane and on the nodes, with the flags that kubeadm gives it. */
import type { World } from "../../world/types.ts";
import { API_SERVER } from "../requests.ts";
import { PROXY_VERBOSITY } from "./component-logs.ts";

interface Process {
  readonly user: string;
  readonly command: string;
}

const PKI = "/etc/kubernetes/pki";

/** The API server's command line: the ranges are those of the scenario's ClusterConfiguration. */
export function apiServerFlags(world: World): readonly string[] {
  const { serviceSubnet, nodePortRange } = world.config.cluster;
  const { from, to } = nodePortRange;
  const [address = ""] = API_SERVER.split(":");
  return [
    `--advertise-address=${address}`,
    "--allow-privileged=true",
    "--authorization-mode=Node,RBAC",
    `--client-ca-file=${PKI}/ca.crt`,
    "--enable-admission-plugins=NodeRestriction",
    "--enable-bootstrap-token-auth=true",
    `--etcd-cafile=${PKI}/etcd/ca.crt`,
    `--etcd-certfile=${PKI}/apiserver-etcd-client.crt`,
    `--etcd-keyfile=${PKI}/apiserver-etcd-client.key`,
    "--etcd-servers=https://127.0.0.1:2379",
    `--kubelet-client-certificate=${PKI}/apiserver-kubelet-client.crt`,
    `--kubelet-client-key=${PKI}/apiserver-kubelet-client.key`,
    "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
    `--proxy-client-cert-file=${PKI}/front-proxy-client.crt`,
    `--proxy-client-key-file=${PKI}/front-proxy-client.key`,
    "--requestheader-allowed-names=front-proxy-client",
    `--requestheader-client-ca-file=${PKI}/front-proxy-ca.crt`,
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-username-headers=X-Remote-User",
    "--secure-port=6443",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${PKI}/sa.pub`,
    `--service-account-signing-key-file=${PKI}/sa.key`,
    `--service-cluster-ip-range=${serviceSubnet}`,
    // kubeadm leaves the default alone.
    ...(from === 30000 && to === 32767 ? [] : [`--service-node-port-range=${from}-${to}`]),
    `--tls-cert-file=${PKI}/apiserver.crt`,
    `--tls-private-key-file=${PKI}/apiserver.key`,
  ];
}

function controlPlane(world: World): readonly Process[] {
  const { serviceSubnet, podSubnet } = world.config.cluster;
  const [address = ""] = API_SERVER.split(":");
  return [
    { user: "root", command: "/sbin/init" },
    { user: "root", command: "/usr/bin/containerd" },
    {
      user: "root",
      command:
        "/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml",
    },
    {
      user: "root",
      command: `etcd --advertise-client-urls=https://${address}:2379 --data-dir=/var/lib/etcd --listen-client-urls=https://127.0.0.1:2379,https://${address}:2379`,
    },
    { user: "root", command: ["kube-apiserver", ...apiServerFlags(world)].join(" ") },
    {
      user: "root",
      command: `kube-controller-manager --allocate-node-cidrs=true --bind-address=127.0.0.1 --cluster-cidr=${podSubnet} --cluster-name=kubernetes --controllers=*,bootstrapsigner,tokencleaner --kubeconfig=/etc/kubernetes/controller-manager.conf --leader-elect=true --service-cluster-ip-range=${serviceSubnet} --use-service-account-credentials=true`,
    },
    {
      user: "root",
      command:
        "kube-scheduler --bind-address=127.0.0.1 --kubeconfig=/etc/kubernetes/scheduler.conf --leader-elect=true",
    },
  ];
}

function worker(node: string): readonly Process[] {
  return [
    { user: "root", command: "/sbin/init" },
    { user: "root", command: "/usr/bin/containerd" },
    {
      user: "root",
      command: "/usr/bin/kubelet --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml",
    },
    {
      user: "root",
      command: `/usr/local/bin/kube-proxy --config=/var/lib/kube-proxy/config.conf --hostname-override=${node} --v=${PROXY_VERBOSITY}`,
    },
  ];
}

/** The table; `node` null is the control plane. The last row is what a `grep` behind it would find of itself, which ps shows too. */
export function processTable(world: World, node: string | null, pipedInto: string | null): string {
  const list = node === null ? controlPlane(world) : worker(node);
  const all =
    pipedInto === null
      ? [...list, { user: "root", command: "ps aux" }]
      : [...list, { user: "root", command: pipedInto }];
  const rows = all.map(({ user, command }, i) => {
    const pid = String(i === 0 ? 1 : 800 + 17 * i).padStart(7);
    const tty = i === all.length - 1 ? "pts/0" : "?";
    return `${user.padEnd(8)} ${pid}  0.0  0.1  12345  6789 ${tty.padEnd(8)} Ss   00:00   0:00 ${command}`;
  });
  return `USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n${rows.map((row) => `${row}\n`).join("")}`;
}
