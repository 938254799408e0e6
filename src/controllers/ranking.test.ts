import fc from "fast-check";
import { expect, test } from "vitest";
// oxlint-disable-next-line no-restricted-imports -- controllers see only readers; their tests need a real store to read.
import { createStore } from "../apiserver/store.ts";
import type { ObjectReader, Store } from "../apiserver/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { keyOf } from "../model/meta/types.ts";
import { scheduler } from "./scheduler.ts";
import type { ReconcileView } from "./types.ts";

const CONTEXT = { at: 0, cause: 1, writer: "test" };

const node = (i: number, zone: number, pods: number | null, cordoned: boolean): KubeObject =>
  ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: `n${i}`, labels: zone === 0 ? {} : { "topology.kubernetes.io/zone": `z${zone}` } },
    spec: cordoned ? { unschedulable: true } : {},
    status: pods === null ? {} : { allocatable: { pods: String(pods) } },
  }) as KubeObject;

const pod = (i: number, owner: number, nodeName?: string): KubeObject =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `p${i}`,
      namespace: "default",
      ...(owner === 0
        ? {}
        : {
            ownerReferences: [
              { apiVersion: "apps/v1", kind: "ReplicaSet", name: "x", uid: `u${owner}`, controller: true },
            ],
          }),
    },
    spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) },
    status: {},
  }) as KubeObject;

/** The same objects without counts: every node is looked at for every pod. */
function uncounted(store: Store): ObjectReader {
  return new Proxy(store, { get: (of, name) => (name === "placements" ? undefined : Reflect.get(of, name)) });
}

function choice(reader: ObjectReader, key: string): unknown {
  const view = { reader, now: 0 } as unknown as ReconcileView;
  return scheduler.reconcile(key, view).operations;
}

test("the quick choice is the choice of whoever looks at every node, as pods, nodes and moments come and go", () => {
  const nodes = fc.array(
    fc.record({
      zone: fc.nat(2),
      pods: fc.option(fc.integer({ min: 2, max: 9 }), { freq: 2 }),
      cordoned: fc.boolean(),
    }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("schedule" as const),
        owner: fc.nat(1),
        binds: fc.integer({ max: 3, min: 0 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom("remove" as const, "mark" as const, "mark" as const),
        which: fc.nat(20),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("zone" as const), which: fc.nat(5), zone: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("save" as const, "back" as const) }) },
  );
  fc.assert(
    fc.property(nodes, fc.array(step, { minLength: 30, maxLength: 40 }), (given, steps) => {
      const store = createStore();
      store.commit({ puts: given.map((n, i) => node(i, n.zone, n.pods, n.cordoned)) }, CONTEXT);
      let saved = store.snapshot();
      /** Choices by the counts, and what looking at every pod would choose. */
      const choices: (readonly [unknown, unknown])[] = [];
      steps.forEach((what, i) => {
        const pods = store.list("Pod");
        if (what.do === "schedule") {
          store.commit({ puts: [pod(i, what.owner)] }, CONTEXT);
          const key = `Pod/default/p${i}`;
          const chosen = choice(store, key);
          choices.push([chosen, choice(uncounted(store), key)]);
          const [bind] = chosen as readonly { readonly op: string; readonly node?: string }[];
          if (bind?.op === "bind" && what.binds > 0) store.commit({ puts: [pod(i, what.owner, bind.node)] }, CONTEXT);
        } else if (what.do === "remove" || what.do === "mark") {
          const one = pods[what.which % Math.max(1, pods.length)];
          if (one === undefined) return;
          if (what.do === "remove") store.commit({ removes: [keyOf(one)] }, CONTEXT);
          else
            store.commit(
              { puts: [{ ...one, metadata: { ...one.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }] },
              CONTEXT,
            );
        } else if (what.do === "zone") {
          const n = given[what.which % given.length];
          if (n !== undefined)
            store.commit({ puts: [node(what.which % given.length, what.zone, n.pods, n.cordoned)] }, CONTEXT);
        } else if (what.do === "save") saved = store.snapshot();
        else store.restore(saved);
      });
      expect(choices.map(([counted]) => counted)).toEqual(choices.map(([, looked]) => looked));
    }),
    { numRuns: 100 },
  );
});
