/** What the API server refuses, and in which words. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Result } from "../base/result.ts";
import { decode, refusalText } from "../model/decode.ts";
import { kindInfo } from "../model/kinds.ts";
import { type KubeObject, objectKey } from "../model/meta/types.ts";
import { badRequest, kubectlText, type Status } from "../model/status.ts";
import { createApi } from "./api.ts";
import { at, type Document, type Row, web } from "./refusals/documents.ts";
import { OTHERS } from "./refusals/others.ts";
import { SERVICES } from "./refusals/services.ts";
import { UPDATES } from "./refusals/updates.ts";
import { createStore } from "./store.ts";
import type { Api, Store, WriteContext, Written } from "./types.ts";

const NOW: WriteContext = { at: 0, cause: 0, writer: "kubectl" };

function start(serviceSubnet = "10.96.0.0/12"): { readonly store: Store; readonly api: Api } {
  const store = createStore();
  const cluster = {
    serviceSubnet,
    podSubnet: "10.244.0.0/16",
    dnsDomain: "cluster.local",
    nodePortRange: { from: 30000, to: 32767 },
  };
  const api = createApi(store, { seed: 1, cluster: () => cluster });
  api.bootstrap(NOW);
  return { store, api };
}

/** The document as the server reads it, then created or, when it is there, replaced. */
function send(api: Api, store: Store, document: Document): Result<Written, Status> {
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const info = kindInfo(text(document["apiVersion"]), text(document["kind"]));
  if (info === undefined) {
    return { ok: false, error: badRequest(`no matches for kind "${text(document["kind"])}"`) };
  }
  const { object, problems } = decode(document, info);
  if (object === null) return { ok: false, error: badRequest(refusalText(info, problems)) };
  const namespace = info.namespaced ? (object.metadata.namespace ?? "default") : undefined;
  const there = store.get(objectKey(object.kind, namespace, object.metadata.name)) !== undefined;
  return there ? api.update(object, NOW) : api.create(object, NOW);
}

function kubectl(document: Document, causes: readonly string[]): string {
  const { kind } = document as { readonly kind: string };
  const { name = "" } = document["metadata"] as { readonly name?: string };
  const subject = `The ${kind} "${name}" is invalid: `;
  return causes.length === 1 ? `${subject}${causes[0]}` : `${subject}\n${causes.map((text) => `* ${text}`).join("\n")}`;
}

function refusedBy([, before, refused]: Row): { readonly text: string; readonly wrote: boolean } {
  const { api, store } = start();
  for (const document of before) {
    const written = send(api, store, document);
    if (!written.ok) throw new Error(written.error.message);
  }
  const { revision } = store;
  const result = send(api, store, refused);
  return { text: result.ok ? "accepted" : kubectlText(result.error), wrote: store.revision !== revision };
}

const ROWS = [...SERVICES, ...UPDATES, ...OTHERS];

test("there are enough of them", () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(100);
  expect(new Set(ROWS.map(([name]) => name)).size).toBe(ROWS.length);
});

describe.each([
  ["a Service", SERVICES],
  ["an update", UPDATES],
  ["other kinds", OTHERS],
] as const)("%s", (_, rows) => {
  test.each(rows.map((row) => [row[0], row] as const))("%s", (__, row) => {
    expect(refusedBy(row)).toEqual({ text: kubectl(row[2], row[3]), wrote: false });
  });
});

test("an endpoint may be another Service's cluster IP, as on the real server", () => {
  const { api, store } = start();
  expect(send(api, store, web({ clusterIP: "10.96.0.50" })).ok).toBe(true);
  const written = send(api, store, at("10.96.0.10"));
  expect(written).toMatchObject({ ok: true, value: { object: { subsets: [{ addresses: [{ ip: "10.96.0.10" }] }] } } });
});

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
const arbLeaf = fc.oneof(
  fc.constantFrom<Json>(null, "", 0, -1, 70000, 0.5, true, "None", "a b", "10.0.0.1/8", "::1", [], {}, [null], [{}], {
    a: null,
  }),
  fc.string({ maxLength: 8 }),
);

/** The value with the n-th of its parts, counted in depth-first order, replaced; undefined takes it away. */
function mutated(value: unknown, n: number, leaf: unknown): unknown {
  let count = 0;
  const walk = (part: unknown): unknown => {
    if (count++ === n) return leaf;
    if (Array.isArray(part)) return (part as readonly unknown[]).map(walk).filter((item) => item !== undefined);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, member]) => [key, walk(member)]));
  };
  return walk(value);
}

test("whatever is changed in them, the answer is an object or a Status", () => {
  const arbMutation = fc.tuple(fc.integer({ min: 1, max: 24 }), fc.option(arbLeaf, { nil: undefined }));
  fc.assert(
    fc.property(
      fc.constantFrom(...ROWS),
      fc.array(arbMutation, { minLength: 1, maxLength: 3 }),
      fc.constantFrom("10.96.0.0/12", "10.96.0.0/28,fd00:96::/112"),
      ([, before, refused], mutations, subnet) => {
        const { api, store } = start(subnet);
        const change = (document: Document): Document => {
          let out: unknown = document;
          for (const [n, leaf] of mutations) out = mutated(out, n, leaf);
          return typeof out === "object" && out !== null ? (out as Document) : document;
        };
        for (const document of [...before, ...before.map(change), change(refused), refused, change(refused)]) {
          const { revision } = store;
          const result = send(api, store, document);
          if (result.ok) continue;
          expect(result.error.message).not.toBe("");
          expect(kubectlText(result.error)).not.toBe("");
          expect(store.revision).toBe(revision);
        }
        const all = store.journal
          .flatMap(({ added }) => added)
          .filter((object): object is KubeObject => object.kind === "Service");
        for (const { metadata } of all) api.delete(objectKey("Service", metadata.namespace, metadata.name), NOW);
      },
    ),
    { numRuns: 400 },
  );
});
