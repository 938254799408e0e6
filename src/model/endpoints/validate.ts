/** Source: pkg/apis/core/validation/validation.go, ValidateEndpoints. */
import { validateEndpointIP, validateIP } from "../ip-validate.ts";
import { oneOf } from "../meta/validate.ts";
import { label1123Problems, labelKeyProblems, portNumberProblems } from "../names.ts";
import { type Cause, invalid, required } from "../status.ts";
import type { EndpointAddress, Endpoints } from "./types.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP"];

function validateAddress(address: EndpointAddress, field: string): readonly Cause[] {
  const ip = address.ip ?? "";
  const syntax = validateIP(ip, `${field}.ip`);
  const causes: Cause[] = syntax.length > 0 ? [...syntax] : [...validateEndpointIP(ip, `${field}.ip`)];
  if (address.hostname !== undefined) {
    for (const problem of label1123Problems(address.hostname)) {
      causes.push(invalid(`${field}.hostname`, address.hostname, problem));
    }
  }
  return causes;
}

export function validateEndpoints(endpoints: Endpoints): readonly Cause[] {
  const causes: Cause[] = [];
  for (const [i, subset] of (endpoints.subsets ?? []).entries()) {
    const field = `subsets[${i}]`;
    const ready = subset.addresses ?? [];
    const notReady = subset.notReadyAddresses ?? [];
    if (ready.length === 0 && notReady.length === 0) {
      causes.push(required(field, "must specify `addresses` or `notReadyAddresses`"));
    }
    for (const [j, address] of ready.entries()) causes.push(...validateAddress(address, `${field}.addresses[${j}]`));
    for (const [j, address] of notReady.entries()) {
      causes.push(...validateAddress(address, `${field}.notReadyAddresses[${j}]`));
    }
    const ports = subset.ports ?? [];
    for (const [j, port] of ports.entries()) {
      const at = `${field}.ports[${j}]`;
      const name = port.name ?? "";
      if (name === "") {
        if (ports.length > 1) causes.push(required(`${at}.name`));
      } else {
        for (const problem of label1123Problems(name)) causes.push(invalid(`${at}.name`, name, problem));
      }
      const number = (port.port as number | undefined) ?? 0;
      for (const problem of portNumberProblems(number)) causes.push(invalid(`${at}.port`, number, problem));
      causes.push(...oneOf(port.protocol, PROTOCOLS, `${at}.protocol`));
      if (port.appProtocol !== undefined) {
        for (const problem of labelKeyProblems(port.appProtocol)) {
          causes.push(invalid(`${at}.appProtocol`, port.appProtocol, problem));
        }
      }
    }
  }
  return causes;
}
