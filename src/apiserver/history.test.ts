import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../base/json.ts";
import { type KubeObject, objectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { createApi } from "./api.ts";
import { createStore } from "./store.ts";
import type { Api, Store } from "./types.ts";

/* Random lives of a few Services through the whole API, in ranges so small that they collide and run full. */

const LOWEST = 30000;
const HIGHEST = 30019;
const SUBNET = "10.96.0.0/29,fd00::/125";

interface Act {
  readonly verb: "create" | "update" | "apply" | "delete";
  readonly name: string;
  readonly type: string;
  readonly clusterIP: string | undefined;
  readonly nodePort: number | undefined;
  readonly ports: number;
  readonly local: boolean;
  readonly policy: string | undefined;
}

const arbAct: fc.Arbitrary<Act> = fc.record({
  verb: fc.constantFrom("create", "update", "apply", "apply", "delete"),
  name: fc.constantFrom("a", "b", "c", "d"),
  type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
  clusterIP: fc.option(fc.constantFrom("10.96.0.2", "10.96.0.3", "None"), { nil: undefined, freq: 3 }),
  nodePort: fc.option(fc.integer({ min: LOWEST, max: HIGHEST }), { nil: undefined, freq: 2 }),
  ports: fc.integer({ min: 1, max: 4 }),
  local: fc.boolean(),
  policy: fc.option(fc.constantFrom("SingleStack", "PreferDualStack"), { nil: undefined, freq: 2 }),
});

function objectOf(act: Act): KubeObject {
  const external = act.type === "ExternalName";
  const published = act.type === "NodePort" || act.type === "LoadBalancer";
  const spec = {
    type: act.type,
    ...(external && { externalName: "example.com" }),
    ...(!external && act.clusterIP !== undefined && { clusterIP: act.clusterIP }),
    ...(!external && act.policy !== undefined && { ipFamilyPolicy: act.policy }),
    ...(published && act.local && { externalTrafficPolicy: "Local" }),
    ports: Array.from({ length: act.ports }, (_, i) => ({
      name: `p${i}`,
      port: 80 + i,
      ...(published && i === 0 && act.nodePort !== undefined && { nodePort: act.nodePort }),
    })),
  };
  return { apiVersion: "v1", kind: "Service", metadata: { name: act.name }, spec } as KubeObject;
}

function start(): { store: Store; api: Api } {
  const store = createStore();
  const cluster = {
    serviceSubnet: SUBNET,
    podSubnet: "10.244.0.0/16",
    dnsDomain: "cluster.local",
    nodePortRange: { from: LOWEST, to: HIGHEST },
  };
  const api = createApi(store, { seed: 1, cluster: () => cluster });
  api.bootstrap({ at: 0, cause: 0, writer: "kube-apiserver" });
  return { store, api };
}

function perform(api: Api, act: Act, at: number): boolean {
  const context = { at, cause: at, writer: "kubectl" };
  if (act.verb === "delete") return api.delete(objectKey("Service", "default", act.name), context).ok;
  return api[act.verb](objectOf(act), context).ok;
}

/** Number or address → the Services that hold it. */
function holders(store: Store): ReadonlyMap<string, ReadonlySet<string>> {
  const out = new Map<string, Set<string>>();
  const hold = (what: string, name: string): void => {
    const names = out.get(what) ?? new Set();
    out.set(what, names.add(name));
  };
  for (const { metadata, spec } of store.list<Service>("Service")) {
    for (const ip of spec.clusterIPs ?? []) if (ip !== "None") hold(ip, metadata.name);
    for (const port of spec.ports ?? []) if (port.nodePort) hold(String(port.nodePort), metadata.name);
    if (spec.healthCheckNodePort) hold(`${spec.healthCheckNodePort}`, metadata.name);
  }
  return out;
}

test("no address and no port ever has two holders, and every Service has what its type needs and nothing more", () => {
  fc.assert(
    fc.property(fc.array(arbAct, { maxLength: 25 }), (acts) => {
      const { store, api } = start();
      for (const [at, act] of acts.entries()) {
        const before = store.revision;
        const accepted = perform(api, act, at);
        expect(accepted || store.revision === before).toBe(true);
        for (const names of holders(store).values()) expect(names.size).toBe(1);
        for (const { metadata, spec } of store.list<Service>("Service")) {
          const published = spec.type === "NodePort" || spec.type === "LoadBalancer";
          const monitored = spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
          expect(spec.clusterIP === undefined).toBe(spec.type === "ExternalName");
          expect(spec.clusterIPs?.[0]).toBe(spec.clusterIP);
          expect(spec.clusterIP === "None" || spec.clusterIPs?.length === spec.ipFamilies?.length).toBe(true);
          for (const port of spec.ports ?? []) expect(port.nodePort !== undefined).toBe(published);
          expect(spec.healthCheckNodePort !== undefined).toBe(monitored);
          const ips = (spec.clusterIPs ?? []).filter((ip) => ip !== "None");
          for (const ip of ips) expect(store.serviceByClusterIP(ip)?.metadata.name).toBe(metadata.name);
        }
      }
    }),
    { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 120) },
  );
});

test("the same acts make the same journal, also from a restored snapshot", () => {
  fc.assert(
    fc.property(fc.array(arbAct, { maxLength: 12 }), fc.array(arbAct, { maxLength: 12 }), (first, second) => {
      const one = start();
      first.forEach((act, at) => perform(one.api, act, at));
      const saved = one.store.snapshot();
      second.forEach((act, at) => perform(one.api, act, 100 + at));
      const two = start();
      two.store.restore(saved);
      second.forEach((act, at) => perform(two.api, act, 100 + at));
      expect(canonicalJson(two.store.journal)).toBe(canonicalJson(one.store.journal));
    }),
    { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 60) },
  );
});

test("applying a text twice in a row changes nothing the second time", () => {
  fc.assert(
    fc.property(fc.array(arbAct, { maxLength: 15 }), arbAct, (acts, last) => {
      const { store, api } = start();
      acts.forEach((act, at) => perform(api, act, at));
      const context = { at: 1000, cause: 0, writer: "kubectl" };
      if (!api.apply(objectOf(last), context).ok) return;
      const { revision } = store;
      const again = api.apply(objectOf(last), context);
      expect(again.ok && again.value.operation).toBe("unchanged");
      expect(store.revision).toBe(revision);
    }),
    { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 80) },
  );
});
