/** Our own kinds follow the API's conventions, so their refusals read like the server's. */
import { parseIP } from "../../base/ip.ts";
import { validateIP } from "../ip-validate.ts";
import { oneOf } from "../meta/validate.ts";
import { type Cause, invalid, required } from "../status.ts";
import type { Client, CloudProvider, Lab } from "./types.ts";

export function validateClient(client: Client): readonly Cause[] {
  const ip = (client.spec.ip as string | undefined) ?? "";
  return ip === "" ? [required("spec.ip")] : validateIP(ip, "spec.ip");
}

export function validateCloudProvider(cloud: CloudProvider): readonly Cause[] {
  const { from = "", to = "" } = cloud.spec.addresses as { readonly from?: string; readonly to?: string };
  const causes: Cause[] = [
    ...oneOf(cloud.spec.loadBalancer, ["nodePort", "vip", "none"], "spec.loadBalancer"),
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
  return causes;
}
