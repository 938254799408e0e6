/** Node ports dialled where they do not answer. */
import { serviceKey, serviceName } from "../endpoints.ts";
import type { Diagnoser } from "../types.ts";

const isLoopback = (ip: string | null): boolean => ip !== null && (ip.startsWith("127.") || ip === "::1");

export const nodePortLocalhost: Diagnoser = ({ request, target, failed, proxies, view }) => {
  const { service, road, ip, port } = target;
  if (service === null || road !== "node-port" || !isLoopback(ip) || failed.length === 0) return [];
  const name = request.from.split("/")[1] ?? "";
  const state = proxies.find(({ node }) => node === name) ?? proxies[0];
  const mode = state?.mode ?? "iptables";
  const node = view.node(name);
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
      remedies: [],
      otherwise: `Dial ${own}:${String(target.number)} instead: this address is not one that node ports answer on, whatever the Service says.`,
      command: `curl http://${own}:${String(target.number)}`,
    },
  ];
};
