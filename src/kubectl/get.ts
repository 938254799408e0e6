import type { ObjectReader } from "../apiserver/types.ts";
import type { Micros } from "../base/time.ts";
import { type KindInfo, kindByName, qualifiedResource } from "../model/kinds.ts";
import { type KubeObject, objectKey } from "../model/meta/types.ts";
import { parseSelector, requirementsMatch } from "../model/selectors.ts";
import { type Args } from "./args.ts";
import { columnsOf, labelsCell } from "./columns.ts";
import { printJson, printYaml } from "./print.ts";
import { formatTable } from "./table.ts";

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export const failure = (message: string): Output => ({ stdout: "", stderr: `${message}\n`, code: 1 });

const ENDPOINTS_WARNING = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n";
/** `kubectl get all`: the kinds of category "all" that exist here, in the order kubectl lists them. */
const ALL = ["pods", "services", "deployments.apps", "replicasets.apps"] as const;

interface Ask {
  readonly kind: KindInfo;
  /** Named objects, or null for all of the kind. */
  readonly names: readonly string[] | null;
}

/** `svc,ep`, `svc web db`, `svc/web pod/x`. The error is kubectl's line. */
function asksOf(words: readonly string[]): readonly Ask[] | string {
  const unknown = (name: string): string => `error: the server doesn't have a resource type "${name}"`;
  if (words.length === 0) {
    return 'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\nerror: Required resource not specified.';
  }
  if (words.some((word) => word.includes("/"))) {
    const asks: Ask[] = [];
    for (const word of words) {
      const slash = word.indexOf("/");
      if (slash < 0)
        return "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";
      const kind = kindByName(word.slice(0, slash));
      if (kind === undefined) return unknown(word.slice(0, slash));
      asks.push({ kind, names: [word.slice(slash + 1)] });
    }
    return asks;
  }
  const [types = "", ...names] = words;
  const asks: Ask[] = [];
  for (const type of types.split(",").flatMap((t) => (t === "all" ? ALL : [t]))) {
    const kind = kindByName(type);
    if (kind === undefined) return unknown(type);
    asks.push({ kind, names: names.length === 0 ? null : names });
  }
  return asks;
}

interface Found {
  readonly kind: KindInfo;
  readonly objects: readonly KubeObject[];
}

/** `kubectl get ...` without the leading word. */
export function kubectlGet(reader: ObjectReader, now: Micros, { words, flags }: Args): Output {
  const asks = asksOf(words);
  if (typeof asks === "string") return failure(asks);
  const everywhere = flags["--all-namespaces"] === "true";
  const namespace = flags["--namespace"] ?? "default";
  const selector = flags["--selector"] === undefined ? null : parseSelector(flags["--selector"]);
  if (selector !== null && !selector.ok) return failure(`error: ${selector.error}`);
  if (everywhere && asks.some((ask) => ask.names !== null)) {
    return failure("error: a resource cannot be retrieved by name across all namespaces");
  }

  let stderr = asks.some((ask) => ask.kind.kind === "Endpoints") ? ENDPOINTS_WARNING : "";
  let code = 0;
  const found: Found[] = [];
  for (const { kind, names } of asks) {
    const objects: KubeObject[] = [];
    if (names === null) {
      const all = reader.list(kind.kind, kind.namespaced && !everywhere ? namespace : undefined);
      objects.push(...all.filter((o) => selector === null || requirementsMatch(selector.value, o.metadata.labels)));
    } else {
      for (const name of names) {
        const object = reader.get(objectKey(kind.kind, kind.namespaced ? namespace : undefined, name));
        if (object === undefined) {
          stderr += `Error from server (NotFound): ${qualifiedResource(kind.kind)} "${name}" not found\n`;
          code = 1;
        } else objects.push(object);
      }
    }
    found.push({ kind, objects });
  }

  const objects = found.flatMap((f) => f.objects);
  const output = flags["--output"] ?? "";
  const single = asks.length === 1 && asks[0]?.names?.length === 1;
  switch (output) {
    case "yaml":
    case "json": {
      if (single && objects.length === 0) return { stdout: "", stderr, code };
      return { stdout: output === "yaml" ? printYaml(objects, single) : printJson(objects, single), stderr, code };
    }
    case "name":
      return {
        stdout: found.flatMap((f) => f.objects.map((o) => `${resourceName(f.kind)}/${o.metadata.name}\n`)).join(""),
        stderr,
        code,
      };
    case "":
    case "wide":
      break;
    default:
      return failure(
        `error: unable to match a printer suitable for the output format "${output}", allowed formats are: json,name,wide,yaml`,
      );
  }
  if (objects.length === 0) {
    if (code === 0) {
      const scoped = asks.some((ask) => ask.kind.namespaced) && !everywhere;
      stderr += scoped ? `No resources found in ${namespace} namespace.\n` : "No resources found\n";
    }
    return { stdout: "", stderr, code };
  }

  const wide = output === "wide";
  const shown = found.filter((f) => f.objects.length > 0);
  const prefixed = asks.length > 1;
  const tables = shown.map(({ kind, objects: rows }) => {
    const columns = columnsOf(kind.kind, wide);
    const spaced = everywhere && kind.namespaced;
    const labels = flags["--show-labels"] === "true";
    const head = [...(spaced ? ["NAMESPACE"] : []), ...columns.map((c) => c.name), ...(labels ? ["LABELS"] : [])];
    const body = rows.map((object) => [
      ...(spaced ? [object.metadata.namespace ?? ""] : []),
      ...columns.map((column, i) => {
        const cell = column.cell(object, { now, wide });
        return prefixed && i === 0 ? `${resourceName(kind)}/${cell}` : cell;
      }),
      ...(labels ? [labelsCell(object)] : []),
    ]);
    return formatTable(flags["--no-headers"] === "true" ? body : [head, ...body]);
  });
  return { stdout: tables.join("\n"), stderr, code };
}

/** `service`, `deployment.apps`: how `-o name` and prefixed tables name a kind. */
function resourceName(kind: KindInfo): string {
  return kind.group === "" ? kind.singular : `${kind.singular}.${kind.group}`;
}
