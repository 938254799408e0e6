import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listRules } from "../kernel/iptables/listing.ts";
import { printSave } from "../kernel/iptables/save.ts";
import { countRules } from "../kernel/iptables/types.ts";
import { listNft } from "../kernel/nftables/listing.ts";
import { countRules as countNft } from "../kernel/nftables/types.ts";
import type { ProxyMode } from "../model/config/types.ts";
import { SERVICE_NAME_LABEL, type EndpointSlice } from "../model/endpointslice/types.ts";
import { type KubeObject, keyOf, type ObjectKey, objectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { servicesTouched } from "./changes.ts";
import { recompile as recompileIptables } from "./iptables/compile.ts";
import { recompile as recompileIpvs, virtualService } from "./ipvs/compile.ts";
import { recompile as recompileNftables } from "./nftables/compile.ts";
import { recompile as recompileUserspace } from "./userspace/compile.ts";
import { CONFIG, endpoint, NODE, service, slice } from "./testing.ts";
import { type ProxyView, type TrackedView, trackView, updateView } from "./view.ts";

/**
 * What is compiled at the cost of a change is held against what is compiled from nothing: the whole text, every row of a listing with
 * its origin, and the counts. Services share pods, external IPs and node ports, so that several ask for one element or address.
 */

const ALL = { offset: 0, limit: 1_000_000 };

interface Spec {
  readonly name: string;
  readonly pods: readonly string[];
  readonly local: boolean;
  readonly nodePort: boolean;
  readonly sticky: boolean;
  readonly fenced: boolean;
  /** Two Services may have the same. */
  readonly external: boolean;
  readonly ports: number;
}

const spec: fc.Arbitrary<Spec> = fc.record({
  name: fc.constantFrom("a", "b", "b-2", "c", "d"),
  pods: fc.subarray(["10.244.1.5", "10.244.1.6", "10.244.2.7"]),
  local: fc.boolean(),
  nodePort: fc.boolean(),
  sticky: fc.boolean(),
  fenced: fc.boolean(),
  external: fc.boolean(),
  ports: fc.integer({ min: 1, max: 2 }),
});

const step = fc.record({ puts: fc.array(spec, { maxLength: 2 }), deletes: fc.subarray(["a", "b", "b-2"]) });
const history = fc.record({
  start: fc.array(spec, { maxLength: 5 }),
  steps: fc.array(step, { minLength: 1, maxLength: 5 }),
});

function objectsOf(s: Spec): readonly [Service, EndpointSlice] {
  const code = s.name.length * 10 + s.name.charCodeAt(0) - 97;
  const names = ["x", "y"].slice(0, s.ports);
  const ip = `10.96.1.${code}`;
  return [
    service(
      s.name,
      {
        type: s.fenced ? "LoadBalancer" : s.nodePort ? "NodePort" : "ClusterIP",
        clusterIP: ip,
        clusterIPs: [ip],
        ports: names.map((name, i) => ({
          name,
          protocol: "TCP",
          port: 80 + i,
          targetPort: 8080 + i,
          ...(s.nodePort ? { nodePort: 30000 + code * 2 + i } : {}),
        })),
        externalTrafficPolicy: s.local ? "Local" : "Cluster",
        internalTrafficPolicy: s.local && s.sticky ? "Local" : "Cluster",
        sessionAffinity: s.sticky ? "ClientIP" : "None",
        // An address of the node: in userspace mode only one Service can have its port 80.
        ...(s.external ? { externalIPs: s.local ? ["198.51.100.1", NODE.ips[0] ?? ""] : ["198.51.100.1"] } : {}),
        ...(s.fenced ? { loadBalancerSourceRanges: ["203.0.113.0/24", "192.168.56.0/24"] } : {}),
      },
      s.fenced ? { ingress: [{ ip: "192.0.2.1" }] } : {},
    ),
    slice(
      s.name,
      s.pods.map((pod) => endpoint(pod, pod.startsWith("10.244.1.") ? "n1" : "n2")),
      { ports: names.map((name, i) => ({ name, protocol: "TCP", port: 8080 + i })) },
    ),
  ];
}

type Objects = ReadonlyMap<ObjectKey, KubeObject>;

function readerOf(objects: Objects): Parameters<typeof trackView>[0] & Parameters<typeof updateView>[1] {
  const all = [...objects.values()];
  return {
    get: <T extends KubeObject>(key: ObjectKey) => objects.get(key) as T | undefined,
    list: <T extends KubeObject>(kind: string) => all.filter((o) => o.kind === kind) as unknown as readonly T[],
    slicesOf: (namespace, name) =>
      all.filter(
        (o) => o.metadata.namespace === namespace && o.metadata.labels?.[SERVICE_NAME_LABEL] === name,
      ) as EndpointSlice[],
  };
}

interface Mode<C> {
  readonly mode: ProxyMode;
  recompile(previous: C | null, view: ProxyView): C;
  /** Everything that a reader of the rules can see. */
  shown(compiled: C): unknown;
}

function mode<C>(one: Mode<C>): Mode<unknown> {
  return one as unknown as Mode<unknown>;
}

const MODES: readonly Mode<unknown>[] = [
  mode({
    mode: "iptables",
    recompile: (previous: ReturnType<typeof recompileIptables> | null, view) =>
      recompileIptables(previous, view, NODE, CONFIG),
    shown: ({ ruleset }) => [
      // In the order of creation.
      printSave(ruleset, { form: "proxy" }),
      listRules(ruleset, ALL).rows,
      countRules(ruleset),
      countRules({ ...ruleset }),
    ],
  }),
  mode({
    mode: "nftables",
    recompile: (previous: ReturnType<typeof recompileNftables> | null, view) =>
      recompileNftables(previous, view, NODE, { ...CONFIG, mode: "nftables" }),
    shown: ({ ruleset }) => [listNft(ruleset, ALL).rows, countNft(ruleset), countNft({ ...ruleset })],
  }),
  mode({
    mode: "ipvs",
    recompile: (previous: ReturnType<typeof recompileIpvs> | null, view) =>
      recompileIpvs(previous, view, NODE, { ...CONFIG, mode: "ipvs" }),
    shown: ({ ipvs }) => [
      printSave(ipvs.ruleset),
      ipvs.servers,
      ipvs.servers.map(({ ip, port, protocol }) => virtualService(ipvs).find({ dst: ip, dport: port, protocol })),
      ipvs.byId.size,
      ipvs.addresses,
      [...(ipvs.ruleset.sets ?? [])],
    ],
  }),
  // Of any free ports, and of fewer than there are Service ports.
  ...[{}, { proxyPorts: { from: 5_000, to: 5_004 } }].map((range) =>
    mode({
      mode: "userspace",
      recompile: (previous: ReturnType<typeof recompileUserspace> | null, view) =>
        recompileUserspace(previous, view, NODE, { ...CONFIG, mode: "userspace", ...range }),
      shown: ({ ruleset, sockets }) => [
        printSave(ruleset),
        listRules(ruleset, ALL).rows,
        countRules(ruleset),
        countRules({ ...ruleset }),
        sockets,
      ],
    }),
  ),
];

const json = (value: unknown): string => JSON.stringify(value);

describe("what is compiled at the cost of a change", () => {
  it.each(MODES)("equals what is compiled from nothing: $mode", ({ recompile, shown }) => {
    fc.assert(
      fc.property(history, ({ start, steps }) => {
        let objects: Objects = new Map(start.flatMap(objectsOf).map((o) => [keyOf(o), o]));
        let tracked: TrackedView = trackView(readerOf(objects), 4);
        let compiled = recompile(null, tracked.view);
        for (const { puts, deletes } of steps) {
          const next = new Map(objects);
          for (const object of puts.flatMap(objectsOf)) next.set(keyOf(object), object);
          for (const name of deletes) {
            next.delete(objectKey("Service", "default", name));
            next.delete(objectKey("EndpointSlice", "default", `${name}-a`));
          }
          const added = [...next].filter(([key, o]) => objects.get(key) !== o).map(([, o]) => o);
          const removed = [...objects].filter(([key]) => !next.has(key)).map(([, o]) => o);
          tracked = updateView(tracked, readerOf(next), servicesTouched([{ added, updated: [], removed }]));
          const fresh = trackView(readerOf(next), 4);
          expect(json(tracked.view)).toBe(json(fresh.view));
          compiled = recompile(compiled, tracked.view);
          expect(json(shown(compiled))).toBe(json(shown(recompile(null, fresh.view))));
          objects = next;
        }
      }),
      { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 200) },
    );
  });
});
