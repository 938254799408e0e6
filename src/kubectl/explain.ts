/** `kubectl explain`, from the field tables. Source: kubectl/pkg/explain/v2/templates/plaintext.tmpl. */
import type { Field, FieldType, Struct } from "../model/fields.ts";
import { kindByName, kindNamed, type KindInfo, KINDS } from "../model/kinds.ts";
import { tableOf } from "../model/tables.ts";
import { isOn } from "./args.ts";
import { type Call, notePath } from "./call.ts";
import { failure, type Output, success } from "./output.ts";

const WORDS: Readonly<Record<FieldType, string>> = {
  string: "string",
  int32: "integer",
  int64: "integer",
  bool: "boolean",
  quantity: "Quantity",
  intOrString: "IntOrString",
  time: "string",
  any: "Object",
  object: "Object",
  list: "[]Object",
  map: "map[string]Object",
};

/** `<string>`, `<[]ServicePort>`, `<map[string]string>`. */
function typeName(field: Field): string {
  if (field.type === "object") return field.struct?.name ?? "Object";
  if (field.type === "list") return `[]${field.of === undefined ? "Object" : typeName(field.of)}`;
  if (field.type === "map") return `map[string]${field.of === undefined ? "string" : typeName(field.of)}`;
  return WORDS[field.type];
}

/** The members of a field's objects, through lists and maps. */
function structOf(field: Field): Struct | undefined {
  return field.struct ?? (field.of === undefined ? undefined : structOf(field.of));
}

function wrap(text: string, indent: string, width = 76): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((w) => w !== "")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(line);
  return lines.map((l) => `${indent}${l}\n`).join("");
}

/** What the kind is for, in our words: the tables describe fields only. */
const KIND_DOCS: Readonly<Record<string, string>> = {
  Service: "A Service gives a set of pods one name and one address, and says on which ports they are reached.",
  Pod: "A Pod is one or more containers that share a network namespace and run on one node.",
  Endpoints: "Endpoints is the old list of addresses behind a Service. Deprecated since 1.33: use EndpointSlice.",
  EndpointSlice: "An EndpointSlice holds some of the endpoints of a Service. kube-proxy reads these.",
  Deployment: "A Deployment keeps a number of equal pods running and rolls changes of their template out.",
  ReplicaSet: "A ReplicaSet keeps a number of equal pods running.",
  Node: "A Node is a machine that runs pods.",
  Namespace: "A Namespace is a scope for names.",
};

const note = (field: Field): string =>
  [field.doc, field.deprecated === undefined ? "" : `Deprecated: ${field.deprecated}`]
    .filter((t) => t !== "")
    .join(" ");

function fieldLines(struct: Struct, level: number, recursive: boolean, seen: readonly Struct[]): string {
  const indent = "  ".repeat(level);
  return Object.keys(struct.fields)
    .sort()
    .map((name) => {
      const field = struct.fields[name] as Field;
      const required = field.required === true ? " -required-" : "";
      const values = field.values === undefined ? "" : `${indent}enum: ${field.values.join(", ")}\n`;
      const head = `${indent}${name}\t<${typeName(field)}>${required}\n${values}`;
      const inner = structOf(field);
      if (recursive)
        return (
          head +
          (inner === undefined || seen.includes(inner) ? "" : fieldLines(inner, level + 1, true, [...seen, inner]))
        );
      return `${head}${wrap(note(field), `${indent}  `)}\n`;
    })
    .join("");
}

export function kubectlExplain(call: Call): Output {
  const { words, flags } = call.args;
  const [path, ...more] = words;
  if (path === undefined) {
    return failure(
      'error: You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.\n',
    );
  }
  if (more.length > 0)
    return failure(
      "error: We accept only this format: explain RESOURCE\nSee 'kubectl explain -h' for help and examples",
    );
  notePath(call, "GET", "/openapi/v3?timeout=32s");
  const parts = path.split(/[./]/);
  const resource =
    kindByName(path.split(".").slice(0, 2).join(".")) === undefined
      ? (parts[0] ?? "")
      : (path.split(".").slice(0, 1)[0] ?? "");
  const wanted = flags["--api-version"];
  const found = kindByName(resource);
  const info: KindInfo | undefined =
    found === undefined || wanted === undefined
      ? found
      : KINDS.find((kind) => kind.kind === found.kind && kind.apiVersion === wanted);
  if (info === undefined) {
    return failure(
      found === undefined
        ? `error: the server doesn't have a resource type ${JSON.stringify(resource)}`
        : `error: couldn't find resource for ${JSON.stringify(`${wanted}, Kind=${found.kind}`)}`,
    );
  }
  const table = tableOf(info);
  const head = `${info.group === "" ? "" : `GROUP:      ${info.group}\n`}KIND:       ${kindNamed(info.kind)?.kind ?? info.kind}\nVERSION:    ${info.version}\n\n`;
  if (table === undefined) {
    return success(`${head}DESCRIPTION:\n    <empty>\n\n(the fields of a ${info.kind} are not described here)\n`);
  }
  let struct: Struct = table;
  let field: Field | null = null;
  for (const step of parts.slice(1).filter((part) => part !== "")) {
    const next: Field | undefined = Object.hasOwn(struct.fields, step) ? struct.fields[step] : undefined;
    if (next === undefined) return failure(`error: field ${JSON.stringify(step)} does not exist`);
    field = next;
    struct = structOf(next) ?? { name: "", pkg: "", fields: {} };
  }
  const recursive = isOn(call.args, "--recursive");
  const named =
    field === null
      ? ""
      : `FIELD: ${parts.at(-1)} <${typeName(field)}>\n${field.values === undefined ? "" : `ENUM:\n${field.values.map((v) => `    ${v}\n`).join("")}`}\n`;
  const doc = field === null ? (KIND_DOCS[info.kind] ?? "") : note(field);
  const description = `DESCRIPTION:\n${doc === "" ? "    <empty>\n" : wrap(doc, "    ")}    \n`;
  const fields =
    Object.keys(struct.fields).length === 0
      ? ""
      : `FIELDS:\n${fieldLines(struct, 1, recursive, [struct])}${recursive ? "\n" : ""}`;
  return success(`${head}${named}${description}${fields}`);
}
