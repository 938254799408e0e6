/** `kubectl get`. Source: kubectl/pkg/cmd/get, cli-runtime printers. */
import type { KubeObject } from "../model/meta/types.ts";
import type { KindInfo } from "../model/kinds.ts";
import { isOn } from "./args.ts";
import { type Call, everywhere, namespaceOf, objectName } from "./call.ts";
import { customTable, type Row, sortedBy, tableFor } from "./get-table.ts";
import { jsonPath } from "./jsonpath.ts";
import { fileText } from "./files.ts";
import { failure, type Output, warningLines } from "./output.ts";
import { listPayload, objectPayload, printJson, printYaml } from "./print.ts";
import { getRaw } from "./raw.ts";
import { select, type Target } from "./select.ts";
import { formatTable } from "./table.ts";
import { watch } from "./watch.ts";

export const ENDPOINTS_WARNING = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

const USAGE =
  "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nSee 'kubectl get -h' for help and examples";

const FORMATS =
  "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

export function kubectlGet(call: Call): Output {
  const { args } = call;
  const raw = args.flags["--raw"];
  if (raw !== undefined) return getRaw(call, raw);
  const found = select(call, args.words, { doing: "reading", typeAlone: true, usage: USAGE });
  if (!found.ok) return failure(found.error);
  const { targets, asks, fromFiles } = found.value;
  const errors = isOn(args, "--ignore-not-found")
    ? found.value.errors.filter((line) => !line.includes("(NotFound)"))
    : found.value.errors;
  const sorted = sortTargets(targets, args.flags["--sort-by"]);
  if ("error" in sorted) return failure(sorted.error);
  const stderr =
    (asks.some(({ info }) => info.kind === "Endpoints") ? warningLines([ENDPOINTS_WARNING]) : "") +
    errors.map((line) => `${line}\n`).join("");
  const code = errors.length > 0 ? 1 : 0;
  if (isOn(args, "--watch") || isOn(args, "--watch-only")) {
    if (asks.length > 1) return failure("error: you may only specify a single resource type");
    return watch(call, asks, sorted.targets, { stdout: "", stderr, code });
  }
  const named = asks.length === 1 && asks[0]?.names?.length === 1;
  const single = named || (fromFiles && targets.length === 1);
  const printed = print(call, sorted.targets, { single, several: asks.length > 1, failed: code !== 0 });
  return { stdout: printed.stdout, stderr: stderr + printed.stderr, code: printed.code === 0 ? code : printed.code };
}

function sortTargets(
  targets: readonly Target[],
  path: string | undefined,
): { readonly targets: readonly Target[] } | { readonly error: string } {
  if (path === undefined) return { targets };
  const infos = new Map(targets.map(({ info, object }) => [object, info]));
  const sorted = sortedBy(
    targets.map(({ object }) => object),
    path,
  );
  if (!sorted.ok) return { error: sorted.error };
  return { targets: sorted.value.map((object) => ({ object, info: infos.get(object) as KindInfo })) };
}

interface How {
  /** One object was asked for by name: it is printed as itself, not as a list. */
  readonly single: boolean;
  /** Several kinds or names with kinds: names carry their kind. */
  readonly several: boolean;
  readonly failed: boolean;
}

function print(call: Call, targets: readonly Target[], { single, several, failed }: How): Output {
  const { flags } = call.args;
  const output = flags["--output"] ?? "";
  const objects = targets.map(({ object }) => object);
  const equals = output.indexOf("=");
  const format = equals < 0 ? output : output.slice(0, equals);
  const given = equals < 0 ? (flags["--template"] ?? "") : output.slice(equals + 1);
  const out = (stdout: string): Output => ({ stdout, stderr: "", code: 0 });
  const nothing = single && objects.length === 0;
  switch (format) {
    case "yaml":
      return out(nothing ? "" : printYaml(objects, single));
    case "json":
      return out(nothing ? "" : printJson(objects, single));
    case "name":
      return out(targets.map(({ info, object }) => `${objectName(info, object)}\n`).join(""));
    case "jsonpath":
    case "jsonpath-as-json":
    case "jsonpath-file": {
      if (nothing) return out("");
      const template = format === "jsonpath-file" ? (fileText(call, given) ?? "") : given;
      if (template === "") return failure("error: template format specified but no template given");
      const filled = jsonPath(template, single ? objectPayload(objects[0] as KubeObject) : listPayload(objects));
      return filled.ok ? out(filled.value) : failure(filled.error);
    }
    case "custom-columns":
    case "custom-columns-file": {
      const spec = format === "custom-columns-file" ? columnsFile(fileText(call, given) ?? "") : given;
      const table = customTable(spec);
      if (!table.ok) return failure(table.error);
      return out(
        tableText(
          call,
          table.value.head,
          objects.map((object) => table.value.row(object)),
        ),
      );
    }
    case "":
    case "wide":
      break;
    case "go-template":
    case "go-template-file":
    case "template":
    case "templatefile":
    case "kyaml":
      return failure(`error: -o ${format} is not supported here: use -o jsonpath=..., yaml or json`);
    default:
      return failure(
        `error: unable to match a printer suitable for the output format ${JSON.stringify(output)}, allowed formats are: ${FORMATS}`,
      );
  }
  if (objects.length === 0) {
    if (failed || isOn(call.args, "--ignore-not-found")) return out("");
    const scoped = !everywhere(call) && !onlyClusterKinds(call);
    return {
      stdout: "",
      stderr: scoped ? `No resources found in ${namespaceOf(call)} namespace.\n` : "No resources found\n",
      code: 0,
    };
  }
  const groups = new Map<KindInfo, KubeObject[]>();
  for (const { info, object } of targets) {
    const group = groups.get(info);
    if (group === undefined) groups.set(info, [object]);
    else group.push(object);
  }
  const tables = [...groups].map(([info, rows]) => {
    const table = tableFor(call, info, several);
    return tableText(
      call,
      table.head,
      rows.map((object) => table.row(object)),
    );
  });
  return out(tables.join("\n"));
}

const tableText = (call: Call, head: Row, rows: readonly Row[]): string =>
  formatTable(isOn(call.args, "--no-headers") ? rows : [head, ...rows]);

/** Headers in the first line, paths in the second. */
function columnsFile(text: string): string {
  const [heads = "", paths = ""] = text.split("\n");
  const path = paths.trim().split(/\s+/);
  return heads
    .trim()
    .split(/\s+/)
    .map((head, i) => `${head}:${path[i] ?? ""}`)
    .join(",");
}

function onlyClusterKinds(call: Call): boolean {
  const found = select({ ...call, requests: [] }, call.args.words, { doing: "reading", typeAlone: true });
  return found.ok && found.value.asks.every(({ info }) => !info.namespaced);
}
