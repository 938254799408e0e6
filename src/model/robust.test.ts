import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode } from "./decode.ts";
import { applyDefaults } from "./defaults.ts";
import type { Field, Struct } from "./fields.ts";
import { KINDS } from "./kinds.ts";
import { tableOf } from "./tables.ts";
import { validateCreate, validateUpdate } from "./validate.ts";

/** Any value that decoding accepts for a field: what is left out, empty or odd matters more than what is sensible. */
function valueOf(field: Field, depth: number): fc.Arbitrary<unknown> {
  switch (field.type) {
    case "string":
      return fc.constantFrom("", "a", "x y", "10.0.0.1", "10.0.0.0/8", "None", "::1", ...(field.values ?? []));
    case "time":
      return fc.constant("2026-01-01T00:00:00Z");
    case "int32":
    case "int64":
      return fc.constantFrom(0, 1, -1, 80, 70000);
    case "bool":
      return fc.boolean();
    case "intOrString":
      return fc.constantFrom(0, 80, -5, "", "http", "25%", "0%");
    case "quantity":
      return fc.constantFrom("1", "100m", "1Gi");
    case "any":
      return fc.constantFrom(null, {}, [], "x");
    case "object":
      return field.struct === undefined ? fc.constant({}) : objectOf(field.struct, depth + 1);
    case "list":
      return fc.array(
        field.of === undefined
          ? fc.constant(1)
          : fc.oneof({ weight: 5, arbitrary: valueOf(field.of, depth + 1) }, fc.constant(null)),
        {
          maxLength: depth > 6 ? 0 : 2,
        },
      );
    case "map":
      return fc.dictionary(
        fc.constantFrom("a", "b/c", "-", "__proto__"),
        field.of === undefined ? fc.constant("x") : valueOf(field.of, depth + 1),
        {
          maxKeys: 2,
        },
      );
  }
}

const KNOWN = new Map<Struct, fc.Arbitrary<unknown>>();

function objectOf(struct: Struct, depth: number): fc.Arbitrary<unknown> {
  let known = KNOWN.get(struct);
  if (known === undefined) {
    const fields = Object.entries(struct.fields).map(([name, field]) => [name, valueOf(field, depth)] as const);
    // A handful of members at a time: with all of them, nothing would ever be missing.
    known = fc
      .subarray(fields, { minLength: 0, maxLength: Math.min(fields.length, 6) })
      .chain((some) =>
        fc.record(Object.fromEntries(some.map(([name, value]) => [name, fc.option(value, { freq: 8 })]))),
      );
    KNOWN.set(struct, known);
  }
  return known;
}

describe.each(KINDS.filter((info) => tableOf(info) !== undefined).map((info) => [info.kind, info] as const))(
  "%s",
  (_, info) => {
    const table = tableOf(info) as Struct;

    test("whatever decodes can be defaulted and validated", () => {
      const spec = table.fields["spec"];
      const metadata = table.fields["metadata"] as Field;
      const whole = fc
        .tuple(objectOf(table, 0), valueOf(metadata, 0), spec === undefined ? fc.constant(undefined) : valueOf(spec, 0))
        .map(([root, meta, body]) => ({
          ...(root as object),
          metadata: meta,
          ...(spec === undefined ? {} : { spec: body }),
        }));
      fc.assert(
        fc.property(whole, whole, (value, other) => {
          const decoded = decode({ ...value, apiVersion: info.apiVersion, kind: info.kind }, info);
          expect(decoded.problems).toEqual([]);
          if (decoded.object === null) return;
          // What was decoded once decodes to itself.
          expect(decode(decoded.object, info).object).toEqual(decoded.object);
          const object = applyDefaults(decoded.object);
          expect(applyDefaults(object)).toEqual(object);
          for (const cause of validateCreate(object, { relaxedServiceNames: false })) expect(cause.field).not.toBe("");
          const old = decode({ ...other, apiVersion: info.apiVersion, kind: info.kind }, info).object;
          if (old !== null) validateUpdate(object, applyDefaults(old));
        }),
        { numRuns: 60 },
      );
    });
  },
);
