/** Our own kinds follow the API's conventions, so their refusals read like the server's. */
import { parseIP } from "../../base/ip.ts";
import { validateCidr, validateIP } from "../ip-validate.ts";
import { oneOf } from "../meta/validate.ts";
import { subdomain1123Problems } from "../names.ts";
import { parseListen } from "../pod/listening.ts";
import { type Cause, invalid, notSupported, required } from "../status.ts";
import { isConntrackMax, type LabNetwork, MASQUERADES, type StaticRoute } from "./network.ts";
import type { Client, CloudProvider, Lab } from "./types.ts";

export function validateClient(client: Client): readonly Cause[] {
  const ip = (client.spec.ip as string | undefined) ?? "";
  return [
    ...(ip === "" ? [required("spec.ip")] : validateIP(ip, "spec.ip")),
    ...validateRoutes(client.spec.routes, "spec.routes"),
    ...validateNames(client.spec),
  ];
}

function validateNames({ names = [], searches = [], nameservers = [], listen }: Client["spec"]): readonly Cause[] {
  const domains = (list: readonly string[], field: string): readonly Cause[] =>
    list.flatMap((name, i) =>
      subdomain1123Problems(name.replace(/\.$/, "").toLowerCase()).map((problem) =>
        invalid(`spec.${field}[${i}]`, name, problem),
      ),
    );
  const isPorts = listen === undefined || parseListen(listen).length === listen.split(",").length;
  return [
    ...domains(names, "names"),
    ...domains(searches, "searches"),
    ...nameservers.flatMap((ip, i) => validateIP(ip, `spec.nameservers[${i}]`)),
    ...(isPorts ? [] : [invalid("spec.listen", listen, "must be a list of ports, such as 5432/TCP, 53/UDP")]),
  ];
}

function validateRoutes(routes: readonly StaticRoute[] | undefined, field: string): readonly Cause[] {
  return (routes ?? []).flatMap(({ to, via }: { readonly to?: string; readonly via?: readonly string[] }, i) => [
    ...((to ?? "") === "" ? [required(`${field}[${i}].to`)] : validateCidr(to ?? "", `${field}[${i}].to`)),
    ...((via ?? []).length === 0 ? [required(`${field}[${i}].via`)] : []),
    ...(via ?? []).flatMap((hop, j) => (hop === "" ? [required(`${field}[${i}].via[${j}]`)] : [])),
  ]);
}

/** The least that IPv4 demands of a link (RFC 791), and what an Ethernet jumbo frame carries. */
const MTU = { from: 68, to: 9216 } as const;

function validateNetwork(network: LabNetwork, field: string): readonly Cause[] {
  const {
    attachment = "bridge",
    routes = "host-gw",
    forwardPolicy = "ACCEPT",
    rpFilter = 0,
    mtu,
    conntrackMax,
  } = network;
  const { policies = "enforced", masquerade = "outside" } = network;
  const outOfRange = mtu !== undefined && (!Number.isInteger(mtu) || mtu < MTU.from || mtu > MTU.to);
  return [
    ...oneOf(attachment, ["bridge", "ptp"], `${field}.attachment`),
    ...oneOf(routes, ["host-gw", "vxlan", "cloud"], `${field}.routes`),
    ...oneOf(masquerade, MASQUERADES, `${field}.masquerade`),
    ...oneOf(forwardPolicy, ["ACCEPT", "DROP"], `${field}.forwardPolicy`),
    ...oneOf(policies, ["enforced", "ignored"], `${field}.policies`),
    ...([0, 1, 2].includes(rpFilter) ? [] : [notSupported(`${field}.rpFilter`, rpFilter, ["0", "1", "2"])]),
    ...(outOfRange ? [invalid(`${field}.mtu`, mtu, `must be between ${MTU.from} and ${MTU.to}, inclusive`)] : []),
    ...(conntrackMax === undefined || isConntrackMax(conntrackMax)
      ? []
      : [invalid(`${field}.conntrackMax`, conntrackMax, "must be greater than zero")]),
    ...validateRoutes(network.routerRoutes, `${field}.routerRoutes`),
  ];
}

export function validateCloudProvider(cloud: CloudProvider): readonly Cause[] {
  const { from = "", to = "" } = cloud.spec.addresses as { readonly from?: string; readonly to?: string };
  const causes: Cause[] = [
    ...oneOf(cloud.spec.loadBalancer, ["nodePort", "vip", "pod", "none"], "spec.loadBalancer"),
    ...(cloud.spec.status === undefined ? [] : oneOf(cloud.spec.status, ["ip", "hostname"], "spec.status")),
    ...(cloud.spec.ipMode === undefined ? [] : oneOf(cloud.spec.ipMode, ["VIP", "Proxy"], "spec.ipMode")),
    ...(cloud.spec.nodePorts === undefined ? [] : oneOf(cloud.spec.nodePorts, ["open", "closed"], "spec.nodePorts")),
    ...oneOf(cloud.spec.source, ["keep", "snat"], "spec.source"),
    ...(from === "" ? [required("spec.addresses.from")] : validateIP(from, "spec.addresses.from")),
    ...(to === "" ? [required("spec.addresses.to")] : validateIP(to, "spec.addresses.to")),
  ];
  for (const [name, value] of Object.entries(cloud.spec.healthCheck ?? {})) {
    if (!Number.isInteger(value) || value < 1)
      causes.push(invalid(`spec.healthCheck.${name}`, value, "must be greater than zero"));
  }
  const first = parseIP(from);
  const last = parseIP(to);
  if (first !== null && last !== null) {
    if (first.family !== last.family)
      causes.push(invalid("spec.addresses.to", to, "must be of the same IP family as `from`"));
    else if (last.value < first.value) causes.push(invalid("spec.addresses.to", to, "must not be lower than `from`"));
  }
  return causes;
}

export function validateLab(lab: Lab): readonly Cause[] {
  const causes: Cause[] = [];
  const open = lab.spec.open as { readonly from?: string; readonly to?: string } | undefined;
  if (open !== undefined) {
    if ((open.from ?? "") === "") causes.push(required("spec.open.from"));
    if ((open.to ?? "") === "") causes.push(required("spec.open.to"));
  }
  if (lab.spec.network !== undefined) causes.push(...validateNetwork(lab.spec.network, "spec.network"));
  return causes;
}
