/**
 * Field tables: one description of every field of a kind. The same tables drive strict decoding, what becomes of null and
 * empty values, and the JSON Schema of the editor, so that the three can never disagree.
 */

export type FieldType =
  "string" | "int32" | "int64" | "bool" | "quantity" | "intOrString" | "time" | "any" | "object" | "list" | "map";

export interface Field {
  readonly type: FieldType;
  /** What it is for, in a sentence. */
  readonly doc: string;
  /** The only values the API accepts. */
  readonly values?: readonly string[];
  /** What the API server fills in. */
  readonly default?: string | number | boolean;
  /** Set when the field changes nothing in this playground: it is kept and shown, that is all. */
  readonly inert?: boolean;
  /** Why not to use it. */
  readonly deprecated?: string;
  /** A zero value (0, "", false, {}) is kept: a pointer in Go, or a field without omitempty. */
  readonly keep?: boolean;
  readonly required?: boolean;
  /** Go type name for "cannot unmarshal" messages, when the field's is a named one: `v1.Protocol`. */
  readonly go?: string;
  /** Members of an object. */
  readonly struct?: Struct;
  /** Items of a list, values of a map. */
  readonly of?: Field;
}

/** A Go struct of the API with its JSON fields. */
export interface Struct {
  /** `ServicePort`: the name that decode errors use. */
  readonly name: string;
  /** Go package qualifier: `v1`. */
  readonly pkg: string;
  readonly fields: Readonly<Record<string, Field>>;
}

type Options = Omit<Field, "type" | "doc" | "struct" | "of">;

const simple =
  (type: FieldType) =>
  (doc: string, options: Options = {}): Field => ({ type, doc, ...options });

export const string = simple("string");
export const int32 = simple("int32");
export const int64 = simple("int64");
export const bool = simple("bool");
export const quantity = simple("quantity");
export const intOrString = simple("intOrString");
export const time = simple("time");
/** A part whose inside is not described: decoded as it is. */
export const any = simple("any");

export function object(of: Struct, doc: string, options: Options = {}): Field {
  return { type: "object", doc, struct: of, ...options };
}

export function list(of: Field, doc: string, options: Options = {}): Field {
  return { type: "list", doc, of, ...options };
}

export function map(of: Field, doc: string, options: Options = {}): Field {
  return { type: "map", doc, of, ...options };
}

/** A list of strings. */
export const strings = (doc: string, options: Options = {}): Field => list(string(doc), doc, options);
/** A map from string to string. */
export const stringMap = (doc: string, options: Options = {}): Field => map(string(doc), doc, options);
/** A list of objects. */
export const objects = (of: Struct, doc: string, options: Options = {}): Field => list(object(of, doc), doc, options);

export function struct(name: string, fields: Readonly<Record<string, Field>>, pkg = "v1"): Struct {
  return { name, pkg, fields };
}

/** All fields marked as changing nothing here: for parts that are kept whole. */
export function inert(fields: Readonly<Record<string, Field>>): Readonly<Record<string, Field>> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { ...field, inert: true }]));
}

/** A one-line way to list names of fields that are kept whole and change nothing: `names("a b c", string)`. */
export function plain(names: string, of: Field): Readonly<Record<string, Field>> {
  return Object.fromEntries(names.split(" ").map((name) => [name, of]));
}

/** The Go type of a field as decode errors write it: `int32`, `[]v1.ServicePort`, `map[string]string`. */
export function goType(field: Field): string {
  if (field.go !== undefined) return field.go;
  switch (field.type) {
    case "object":
      return field.struct === undefined ? "map[string]interface {}" : `${field.struct.pkg}.${field.struct.name}`;
    case "list":
      return `[]${field.of === undefined ? "interface {}" : goType(field.of)}`;
    case "map":
      return `map[string]${field.of === undefined ? "interface {}" : goType(field.of)}`;
    case "intOrString":
      return "int32";
    case "time":
      return "string";
    case "quantity":
      return "resource.Quantity";
    case "any":
      return "interface {}";
    default:
      return field.type;
  }
}
