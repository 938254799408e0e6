import { describe, expect, test } from "vitest";
import { isRecord } from "../base/json.ts";
import type { Field, Struct } from "./fields.ts";
import { KINDS } from "./kinds.ts";
import { jsonSchema } from "./schema.ts";
import { tableOf } from "./tables.ts";

const schema = jsonSchema();

/** All values inside a value, itself included. */
function* inside(value: unknown): Generator<unknown> {
  yield value;
  const parts = Array.isArray(value) ? (value as readonly unknown[]) : isRecord(value) ? Object.values(value) : [];
  for (const part of parts) yield* inside(part);
}

/** The schema at a document path, through references. */
function at(apiVersion: string, kind: string, ...path: readonly string[]): Record<string, unknown> {
  const definitions = schema["definitions"] as Record<string, Record<string, unknown>>;
  const group = apiVersion.includes("/") ? apiVersion.replace("/", ".") : `core.${apiVersion}`;
  let node = definitions[`${group}.${kind}`] as Record<string, unknown>;
  const follow = (from: Record<string, unknown>): Record<string, unknown> => {
    const reference = (from["allOf"] as { $ref: string }[] | undefined)?.[0]?.$ref;
    return reference === undefined
      ? from
      : (definitions[reference.replace("#/definitions/", "")] as Record<string, unknown>);
  };
  for (const step of path) {
    const parent = follow(node);
    node = (step === "[]" ? parent["items"] : (parent["properties"] as Record<string, unknown>)[step]) as Record<
      string,
      unknown
    >;
  }
  return node;
}

describe("schema", () => {
  test("every reference leads somewhere", () => {
    let references = 0;
    for (const value of inside(schema)) {
      const target = isRecord(value) ? value["$ref"] : undefined;
      if (typeof target !== "string") continue;
      references += 1;
      expect(schema["definitions"]).toHaveProperty([target.replace("#/definitions/", "")]);
    }
    expect(references).toBeGreaterThan(50);
  });

  test("every described kind has a branch, and other kinds are free", () => {
    const branches = schema["allOf"] as readonly unknown[];
    expect(branches).toHaveLength(KINDS.filter((info) => info.support !== "kept").length);
    expect(schema).not.toHaveProperty("additionalProperties");
  });

  test("fields carry words, values, defaults and what has no effect", () => {
    expect(at("v1", "Service", "spec", "type")).toMatchObject({
      enum: ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
      default: "ClusterIP",
    });
    expect(at("v1", "Service", "spec", "ports", "[]", "port")).toMatchObject({ type: ["integer", "null"] });
    expect(at("v1", "Service", "spec", "externalIPs")["deprecationMessage"]).toContain("deprecated");
    expect(at("apps/v1", "Deployment", "spec", "template", "spec", "affinity")["description"]).toContain(
      "changes nothing",
    );
    expect(at("apps/v1", "Deployment", "spec", "template", "spec", "nodeName")["description"]).not.toContain(
      "changes nothing",
    );
  });

  test("a namesake struct has its own definition", () => {
    const core = at("v1", "Endpoints", "subsets", "[]", "ports", "[]", "name");
    const discovery = at("discovery.k8s.io/v1", "EndpointSlice", "ports", "[]", "name");
    expect(core["description"]).not.toBe(discovery["description"]);
  });

  test("it is plain JSON", () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});

test("every field of every table has words, and lists, maps and objects say what they hold", () => {
  const seen = new Set<Struct>();
  const wanting: string[] = [];
  const visit = (field: Field, path: string): void => {
    const hollow =
      ((field.type === "list" || field.type === "map") && !field.of) || (field.type === "object" && !field.struct);
    if (hollow || !/^.{2,}[.:>]$/s.test(field.doc)) wanting.push(path);
    if (field.of !== undefined && field.of.type !== "string") visit(field.of, `${path}[]`);
    if (field.struct !== undefined) walk(field.struct, path);
  };
  const walk = (struct: Struct, path: string): void => {
    if (seen.has(struct)) return;
    seen.add(struct);
    for (const [name, field] of Object.entries(struct.fields)) visit(field, `${path}.${name}`);
  };
  for (const info of KINDS) {
    const table = tableOf(info);
    if (table !== undefined) walk(table, info.kind);
  }
  expect(wanting).toEqual([]);
  expect(seen.size).toBeGreaterThan(80);
});
