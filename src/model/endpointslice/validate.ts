/** Source: pkg/apis/discovery/validation/validation.go. */
import { parseIP } from "../../base/ip.ts";
import { validateEndpointIP, validateIP } from "../ip-validate.ts";
import { validateSubdomain } from "../meta/validate.ts";
import { label1123Problems, labelKeyProblems, portNumberProblems } from "../names.ts";
import { type Cause, duplicate, invalid, notSupported, required, tooMany } from "../status.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "./types.ts";

const ADDRESS_TYPES = ["IPv4", "IPv6", "FQDN"];
const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 100;

function validateAddress(type: string, address: string, field: string): readonly Cause[] {
  if (type === "FQDN") return validateSubdomain(address, field);
  const family = parseIP(address)?.family;
  const wanted = type === "IPv4" ? 4 : 6;
  const syntax = validateIP(address, field);
  if (syntax.length > 0) return syntax;
  if (family !== wanted) return [invalid(field, address, `must be an ${type} address`)];
  return validateEndpointIP(address, field);
}

function validateEndpoint(endpoint: Endpoint, type: string, field: string): readonly Cause[] {
  const causes: Cause[] = [];
  const addresses = endpoint.addresses ?? [];
  if (addresses.length === 0) {
    causes.push(required(`${field}.addresses`, "must contain at least 1 address"));
  } else if (addresses.length > MAX_ADDRESSES) {
    causes.push(tooMany(`${field}.addresses`, addresses.length, MAX_ADDRESSES));
  }
  if (ADDRESS_TYPES.includes(type)) {
    for (const [i, address] of addresses.entries()) {
      causes.push(...validateAddress(type, address, `${field}.addresses[${i}]`));
    }
  }
  if (endpoint.nodeName !== undefined) causes.push(...validateSubdomain(endpoint.nodeName, `${field}.nodeName`));
  if (endpoint.hostname !== undefined) {
    for (const problem of label1123Problems(endpoint.hostname)) {
      causes.push(invalid(`${field}.hostname`, endpoint.hostname, problem));
    }
  }
  return causes;
}

function validatePorts(ports: readonly EndpointPort[]): readonly Cause[] {
  const causes: Cause[] = [];
  if (ports.length > MAX_PORTS) return [tooMany("ports", ports.length, MAX_PORTS)];
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const field = `ports[${i}]`;
    const name = port.name ?? "";
    if (name !== "")
      for (const problem of label1123Problems(name)) causes.push(invalid(`${field}.name`, name, problem));
    if (names.has(name)) causes.push(duplicate(`${field}.name`, name));
    names.add(name);
    if (port.protocol === undefined) causes.push(required(`${field}.protocol`));
    else if (!PROTOCOLS.includes(port.protocol)) {
      causes.push(notSupported(`${field}.protocol`, port.protocol, PROTOCOLS));
    }
    if (port.port !== undefined) {
      for (const problem of portNumberProblems(port.port)) causes.push(invalid(`${field}.port`, port.port, problem));
    }
    if (port.appProtocol !== undefined) {
      for (const problem of labelKeyProblems(port.appProtocol)) {
        causes.push(invalid(`${field}.appProtocol`, port.appProtocol, problem));
      }
    }
  }
  return causes;
}

export function validateEndpointSlice(slice: EndpointSlice): readonly Cause[] {
  const causes: Cause[] = [];
  const type = (slice.addressType as string | undefined) ?? "";
  if (type === "") causes.push(required("addressType"));
  else if (!ADDRESS_TYPES.includes(type)) causes.push(notSupported("addressType", type, ADDRESS_TYPES));
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > MAX_ENDPOINTS) causes.push(tooMany("endpoints", endpoints.length, MAX_ENDPOINTS));
  else {
    for (const [i, endpoint] of endpoints.entries())
      causes.push(...validateEndpoint(endpoint, type, `endpoints[${i}]`));
  }
  return [...causes, ...validatePorts(slice.ports ?? [])];
}

export function validateEndpointSliceUpdate(slice: EndpointSlice, old: EndpointSlice): readonly Cause[] {
  const causes = validateEndpointSlice(slice);
  return slice.addressType === old.addressType
    ? causes
    : [invalid("addressType", slice.addressType, "field is immutable"), ...causes];
}
