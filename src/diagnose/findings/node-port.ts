/** Node ports dialled where they do not answer. */
import { NETWORK_ANNOTATION } from "../../model/kubehop/network.ts";
import type { CloudProvider, Lab } from "../../model/kubehop/types.ts";
import { cidrContains } from "../../base/ip.ts";
import { keyOf, type ObjectKey, objectKey } from "../../model/meta/types.ts";
import { serviceKey, serviceName } from "../endpoints.ts";
import type { Case, Diagnoser, Remedy, Suspicion } from "../types.ts";

const isLoopback = (ip: string | null): boolean => ip !== null && (ip.startsWith("127.") || ip === "::1");

/** The file of a node's kube-proxy, where the text has one. */
function proxyFile({ isWritten }: Case, node: string): ObjectKey | null {
  return (
    [node, "kube-proxy"].map((name) => objectKey("KubeProxyConfiguration", undefined, name)).find(isWritten) ?? null
  );
}

/** kube-proxy is told on which addresses of its node node ports answer, and this is none of them. */
function leftOut(given: Case): readonly Suspicion[] {
  const { target, failed, proxies } = given;
  const { service, road, ip, node, port } = target;
  if (service === null || road !== "node-port" || ip === null || node === null || failed.length === 0) return [];
  const addresses = proxies.find((one) => one.node === node)?.nodePortAddresses ?? [];
  const last = failed[0]?.end?.hop;
  if (addresses.length === 0 || addresses.some((one) => one === "primary" || cidrContains(one, ip))) return [];
  if (last?.stage !== "socket" && !last?.label.includes("INPUT")) return [];
  const number = String(port?.nodePort ?? target.number);
  const file = proxyFile(given, node);
  return [
    {
      id: "NODEPORT-LOCALHOST",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        ...(file === null
          ? []
          : [{ kind: "object" as const, object: file, path: "nodePortAddresses", shows: addresses.join(", ") }]),
        { kind: "object", object: serviceKey(service), path: "spec.ports", shows: `nodePort ${number}` },
      ],
      cause: `nodePortAddresses of kube-proxy on ${node} is ${addresses.join(", ")}: node port ${number} of Service ${serviceName(service)} answers on addresses in there only, and ${ip} is not one.`,
      remedies:
        file === null
          ? []
          : [
              {
                title: "Serve node ports on every address",
                edits: [{ object: file, path: "nodePortAddresses", to: null }],
                anew: true,
              },
            ],
      otherwise: "Dial an address within the ranges, or widen --nodeport-addresses.",
      command: "kubectl -n kube-system get cm kube-proxy -o yaml | grep -A3 nodePortAddresses",
    },
  ];
}

export const nodePortLocalhost: Diagnoser = (given) => {
  const { request, target, failed, proxies, view } = given;
  const { service, road, ip, port } = target;
  if (service === null || road !== "node-port" || failed.length === 0) return [];
  if (!isLoopback(ip)) return leftOut(given);
  const name = request.from.split("/")[1] ?? "";
  const state = proxies.find(({ node }) => node === name) ?? proxies[0];
  const mode = state?.mode ?? "iptables";
  // The rules have taken it for the node port, and refused it for another reason.
  if (failed.every(({ end }) => end?.hop.verdict === "reject" && end.hop.rule !== null)) return [];
  const node = view.node(name);
  const file = proxyFile(given, name);
  const own = node?.status.addresses?.find(({ type }) => type === "InternalIP")?.address ?? "the node's address";
  const because =
    mode === "iptables"
      ? ip === "::1"
        ? "IPv6 has no route_localnet: a loopback source never leaves the host"
        : "kube-proxy runs with --iptables-localhost-nodeports=false, so its rules leave 127.0.0.0/8 out"
      : `kube-proxy in ${mode} mode does not serve node ports on loopback addresses`;
  return [
    {
      id: "NODEPORT-LOCALHOST",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        {
          kind: "object",
          object: serviceKey(service),
          path: "spec.ports",
          shows: `nodePort ${String(port?.nodePort ?? target.number)}`,
        },
      ],
      cause: `${ip ?? "localhost"}:${String(target.number)} is no way to node port ${String(target.number)} of Service ${serviceName(service)}: ${because}.`,
      remedies:
        mode === "iptables" && ip !== "::1" && file !== null
          ? [
              {
                title: "Serve node ports on loopback",
                edits: [{ object: file, path: "iptables.localhostNodePorts", to: true }],
                anew: true,
              },
            ]
          : [],
      otherwise: `Dial ${own}:${String(target.number)} instead: this address is not one that node ports answer on, whatever the Service says.`,
      command: `curl http://${own}:${String(target.number)}`,
    },
  ];
};

/** A firewall before the node, or the node's own FORWARD chain, drops what comes in by a node port. */
export const nodePortFirewalled: Diagnoser = ({ target, failed, view, objects, request }) => {
  const { service, road, port } = target;
  if (service === null || (road !== "node-port" && road !== "load-balancer")) return [];
  const fenced = failed.find(({ end }) => end?.hop.label === "security group" && end.hop.verdict === "drop");
  // No rule of the chain decided, so its policy did.
  const forward = failed.find(
    ({ end }) => end?.hop.stage === "hook:filter/FORWARD" && end.hop.verdict === "drop" && end.hop.rule === null,
  );
  const first = fenced ?? forward;
  if (first === undefined) return [];
  const number = String(port?.nodePort ?? target.number);
  const place = first.end?.hop.place.replace("node/", "") ?? "";
  const cloud = objects.list<CloudProvider>("CloudProvider").at(-1);
  const lab = objects.list<Lab>("Lab").findLast(({ spec }) => spec.network?.forwardPolicy === "DROP");
  const annotated = lab === undefined ? objects.get(objectKey("Node", undefined, place)) : undefined;
  const source =
    fenced !== undefined
      ? cloud === undefined
        ? null
        : { object: keyOf(cloud), path: "spec.nodePorts", shows: view.cloud.nodePorts ?? "" }
      : lab !== undefined
        ? { object: keyOf(lab), path: "spec.network.forwardPolicy", shows: "DROP" }
        : annotated === undefined
          ? null
          : {
              object: keyOf(annotated),
              path: `metadata.annotations[${NETWORK_ANNOTATION}]`,
              shows: "forwardPolicy=DROP",
            };
  const remedies: readonly Remedy[] =
    fenced !== undefined
      ? cloud === undefined
        ? []
        : [{ title: "Open the node ports", edits: [{ object: keyOf(cloud), path: "spec.nodePorts", to: "open" }] }]
      : [
          ...(lab === undefined
            ? []
            : [
                {
                  title: "Let the nodes forward",
                  edits: [{ object: keyOf(lab), path: "spec.network.forwardPolicy", to: "ACCEPT" }],
                },
              ]),
          ...(annotated === undefined
            ? []
            : [
                {
                  title: "Leave the node's own setting out",
                  edits: [{ object: keyOf(annotated), path: `metadata.annotations[${NETWORK_ANNOTATION}]`, to: null }],
                },
              ]),
          ...(service.spec.externalTrafficPolicy === "Local"
            ? [
                {
                  title: "Use externalTrafficPolicy Cluster",
                  edits: [{ object: serviceKey(service), path: "spec.externalTrafficPolicy", to: "Cluster" }],
                },
              ]
            : []),
        ];
  return [
    {
      id: "NODEPORT-FIREWALLED",
      severity: "error",
      hop: first.end?.at ?? null,
      evidence: [
        ...(source === null ? [] : [{ kind: "object" as const, ...source }]),
        { kind: "walk", shows: first.end?.hop.note ?? "" },
      ],
      cause:
        fenced !== undefined
          ? `Node port ${number} of Service ${serviceName(service)} is served, but a security group in front of the nodes drops what ${request.from} sends to it.`
          : `Node port ${number} of Service ${serviceName(service)} is translated on ${place}, whose FORWARD chain then drops the packet: its policy is DROP, and kube-proxy accepts there only what it masquerades.`,
      remedies,
      otherwise:
        fenced !== undefined
          ? `Open TCP ${number} to the nodes in the cloud's security group, or go through the Service's load balancer.`
          : "iptables -P FORWARD ACCEPT on the node, or a rule that accepts what goes to pods.",
      command:
        fenced !== undefined
          ? `nc -vz -w 3 ${target.ip ?? "NODE-IP"} ${number}`
          : "iptables -L FORWARD -n -v | head -3",
    },
  ];
};
