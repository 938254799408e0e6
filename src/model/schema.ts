/** The field tables as JSON Schema (draft-07), for the editor's completion, hover and first complaints. */
import type { JsonValue } from "../base/json.ts";
import type { Field, Struct } from "./fields.ts";
import { KINDS } from "./kinds.ts";
import { tableOf } from "./tables.ts";

type Schema = { readonly [key: string]: JsonValue };

const INERT = "Kept and shown, but changes nothing in this playground.";

/** Short text for plain hovers, Markdown for rich ones. */
function docs(field: Pick<Field, "doc" | "inert" | "deprecated">): Schema {
  const inert = field.inert === true ? ` ${INERT}` : "";
  const deprecated = field.deprecated === undefined ? "" : ` Deprecated: ${field.deprecated}`;
  return {
    description: `${field.doc}${inert}${deprecated}`,
    markdownDescription: [
      field.doc,
      ...(field.inert === true ? [`_${INERT}_`] : []),
      ...(field.deprecated === undefined ? [] : [`**Deprecated:** ${field.deprecated}`]),
    ].join("\n\n"),
    ...(field.deprecated === undefined ? {} : { deprecationMessage: field.deprecated }),
  };
}

/** Definitions by struct; two structs of one name (core and discovery EndpointPort) get two definitions. */
class Definitions {
  readonly schemas: Record<string, Schema> = {};
  private readonly names = new Map<Struct, string>();

  reference(struct: Struct): Schema {
    let name = this.names.get(struct);
    if (name === undefined) {
      name = struct.name;
      for (let n = 2; Object.hasOwn(this.schemas, name); n++) name = `${struct.name}${n}`;
      this.names.set(struct, name);
      this.schemas[name] = {};
      this.schemas[name] = this.objectSchema(struct);
    }
    return { $ref: `#/definitions/${name}` };
  }

  /** `fixed`: members whose schema is given from outside, as apiVersion and kind of a document. */
  objectSchema(struct: Struct, fixed: Readonly<Record<string, Schema>> = {}): Schema {
    const required = Object.keys(struct.fields).filter((name) => struct.fields[name]?.required === true);
    return {
      type: ["object", "null"],
      properties: Object.fromEntries(
        Object.entries(struct.fields).map(([name, field]) => [name, fixed[name] ?? this.fieldSchema(field)]),
      ),
      ...(required.length === 0 ? {} : { required }),
      additionalProperties: false,
    };
  }

  fieldSchema(field: Field): Schema {
    const about = { ...docs(field), ...(field.default === undefined ? {} : { default: field.default }) };
    // null is no mistake: the API takes it as absent.
    switch (field.type) {
      case "string":
        return field.values === undefined
          ? { type: ["string", "null"], ...about }
          : { type: "string", enum: [...field.values], ...about };
      case "time":
        return { type: ["string", "null"], ...about };
      case "int32":
      case "int64":
        return { type: ["integer", "null"], ...about };
      case "bool":
        return { type: ["boolean", "null"], ...about };
      case "intOrString":
        return { type: ["integer", "string", "null"], ...about };
      case "quantity":
        return { type: ["string", "number", "null"], ...about };
      case "any":
        // Of what is not described but has names: one of them, or several.
        return field.values === undefined
          ? about
          : {
              anyOf: [{ enum: [...field.values] }, { type: "array", items: { enum: [...field.values] } }],
              ...about,
            };
      case "object":
        if (field.struct === undefined) return { type: ["object", "null"], ...about };
        // Draft-07 ignores what stands beside a $ref, so the words of the field go around it.
        return { allOf: [this.reference(field.struct)], ...about };
      case "list":
        return {
          type: ["array", "null"],
          ...(field.of === undefined ? {} : { items: this.fieldSchema(field.of) }),
          ...about,
        };
      case "map":
        return {
          type: ["object", "null"],
          ...(field.of === undefined ? {} : { additionalProperties: this.fieldSchema(field.of) }),
          ...about,
        };
    }
  }
}

/**
 * One schema for a document of any kind: known kinds by `if {apiVersion, kind} then`, unknown ones free. additionalProperties is
 * false on everything described, as strict decoding has it.
 */
export function jsonSchema(): Schema {
  const definitions = new Definitions();
  const branches: Schema[] = [];
  for (const info of KINDS) {
    const table = tableOf(info);
    if (table === undefined) continue;
    const given = { apiVersion: { const: info.apiVersion }, kind: { const: info.kind } };
    const name = `${info.group === "" ? "core" : info.group}.${info.version}.${info.kind}`;
    definitions.schemas[name] = definitions.objectSchema(table, {
      apiVersion: { const: info.apiVersion, ...docs(table.fields["apiVersion"] as Field) },
      kind: { const: info.kind, ...docs(table.fields["kind"] as Field) },
    });
    branches.push({
      if: { type: "object", properties: given, required: ["apiVersion", "kind"] },
      // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
      then: { $ref: `#/definitions/${name}` },
    });
  }
  const versions = [...new Set(KINDS.map((info) => info.apiVersion))];
  const kinds = [...new Set(KINDS.map((info) => info.kind))];
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: ["object", "null"],
    properties: {
      apiVersion: {
        description: "Group and version that this object is written in.",
        anyOf: [{ enum: versions }, { type: "string" }],
      },
      kind: { description: "What kind of object this is.", anyOf: [{ enum: kinds }, { type: "string" }] },
      metadata: { type: ["object", "null"], description: "Name, namespace, labels." },
    },
    required: ["apiVersion", "kind"],
    allOf: branches,
    definitions: definitions.schemas,
  };
}
