import { expect, test } from "vitest";
import { defaultLab } from "./defaults.ts";
import { DEFAULT_NETWORK, networkOf, nodeNetwork, parseNodeNetwork } from "./network.ts";
import type { Client, Lab } from "./types.ts";
import { validateClient, validateLab } from "./validate.ts";

const lab = (network: object): Lab => ({
  apiVersion: "kubehop.dev/v1alpha1",
  kind: "Lab",
  metadata: { name: "lab" },
  spec: { network },
});

test("a Lab that says nothing of the network has bridges and host-gw, and what it says goes first", () => {
  expect(networkOf([])).toBe(DEFAULT_NETWORK);
  expect(networkOf([lab({ routes: "vxlan" })])).toEqual({ ...DEFAULT_NETWORK, routes: "vxlan" });
  expect(defaultLab(lab({ rpFilter: 1 })).spec.network).toMatchObject({ rpFilter: 1, attachment: "bridge" });
});

test("unknown values are refused in the API's words", () => {
  expect(
    validateLab(lab({ attachment: "tap", masquerade: "some", rpFilter: 3, mtu: 12 })).map(
      (c) => `${c.field}: ${c.message}`,
    ),
  ).toEqual([
    'spec.network.attachment: Unsupported value: "tap": supported values: "bridge", "ptp"',
    'spec.network.masquerade: Unsupported value: "some": supported values: "all", "none", "outside"',
    'spec.network.rpFilter: Unsupported value: 3: supported values: "0", "1", "2"',
    "spec.network.mtu: Invalid value: 12: must be between 68 and 9216, inclusive",
  ]);
  expect(validateLab(lab({ routes: "cloud", mtu: 1400, conntrackMax: 1 }))).toEqual([]);
  expect(validateLab(lab({ conntrackMax: 0 })).map((c) => `${c.field}: ${c.message}`)).toEqual([
    "spec.network.conntrackMax: Invalid value: 0: must be greater than zero",
  ]);
});

test("a route needs a CIDR and somewhere to go", () => {
  const fields = (routes: object): readonly string[] =>
    validateLab(lab({ routerRoutes: [routes] })).map(({ field }) => field);
  expect(fields({ to: "10.96.0.0/12", via: ["worker-1"] })).toEqual([]);
  expect(fields({ to: "10.96.0.0", via: [] })).toEqual([
    "spec.network.routerRoutes[0].to",
    "spec.network.routerRoutes[0].via",
  ]);
  const client = { spec: { ip: "203.0.113.7", routes: [{ via: [""] }] } } as unknown as Client;
  expect(validateClient(client).map(({ field }) => field)).toEqual(["spec.routes[0].to", "spec.routes[0].via[0]"]);
});

test("a Node's annotation overrides the Lab's switches", () => {
  expect(parseNodeNetwork("rpFilter=1, defaultRoute=false, routeLocalnet=0")).toEqual({
    ok: true,
    value: { rpFilter: 1, defaultRoute: false, routeLocalnet: false },
  });
  expect(parseNodeNetwork("rpFilter=7")).toEqual({ ok: false, error: "rpFilter must be one of 0, 1, 2" });
  expect(parseNodeNetwork("conntrackMax=65536")).toEqual({ ok: true, value: { conntrackMax: 65_536 } });
  for (const wrong of ["0", "-1", "many", "1.5", "4294967296", ""])
    expect(parseNodeNetwork(`conntrackMax=${wrong}`)).toEqual({
      ok: false,
      error: "conntrackMax must be a number from 1 to 4294967295",
    });
  expect(parseNodeNetwork("masquerade=all")).toEqual({ ok: true, value: { masquerade: "all" } });
  expect(parseNodeNetwork("masquerade=yes")).toEqual({
    ok: false,
    error: "masquerade must be one of none, outside, all",
  });
  expect(parseNodeNetwork("colour=red").ok).toBe(false);
  expect(nodeNetwork(DEFAULT_NETWORK, { "kubehop.dev/network": "hairpin=false" }).hairpin).toBe(false);
  expect(nodeNetwork(DEFAULT_NETWORK, { "kubehop.dev/network": "hairpin=perhaps" }).hairpin).toBe(true);
});
