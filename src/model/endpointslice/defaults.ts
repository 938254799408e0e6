import type { EndpointSlice } from "./types.ts";

/** An empty list is stored as null and shown as null: `endpoints: null`. Source: pkg/apis/discovery/v1/defaults.go. */
export function defaultEndpointSlice(slice: EndpointSlice): EndpointSlice {
  const { endpoints, ports } = slice as Partial<EndpointSlice>;
  return {
    ...slice,
    endpoints: endpoints === undefined || endpoints === null || endpoints.length === 0 ? null : endpoints,
    ports:
      ports === undefined || ports === null || ports.length === 0
        ? null
        : ports.map((port) => ({ ...port, name: port.name ?? "", protocol: port.protocol ?? "TCP" })),
  };
}
