/** `kubectl get --raw PATH`: what the API server answers to a GET, as JSON on one line. */
import { isRecord } from "../base/json.ts";
import { KINDS, type KindInfo } from "../model/kinds.ts";
import { type KubeObject, objectKey } from "../model/meta/types.ts";
import { parseSelector, requirementsMatch } from "../model/selectors.ts";
import { kubectlText, notFound } from "../model/status.ts";
import { type Call, notePath } from "./call.ts";
import { VERBS, VERSION } from "./discovery.ts";
import { fieldSelector } from "./fieldselector.ts";
import { servedObjects } from "./objects.ts";
import { failure, type Output, success } from "./output.ts";

const NOWHERE = "Error from server (NotFound): the server could not find the requested resource";
const json = (value: unknown): Output => success(JSON.stringify(value));

const HEALTH = /^\/(healthz|livez|readyz)(\/.*)?$/;
/** Group and version, a namespace if any, the resource, a name, what is beneath. */
const RESOURCE =
  /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/(.+))?$/;

export function getRaw(call: Call, raw: string): Output {
  if (call.args.words.length > 0) return failure("error: arguments may not be passed when --raw is specified");
  if (!raw.startsWith("/"))
    return failure(`error: --raw must be a path that begins with /, not ${JSON.stringify(raw)}`);
  const [path = "", search = ""] = raw.split("?");
  const answered = answer(call, path.length > 1 ? path.replace(/\/$/, "") : path, queryOf(search));
  notePath(call, "GET", raw, answered.code === 0 ? 200 : 404);
  return answered;
}

function answer(call: Call, path: string, query: Readonly<Record<string, string>>): Output {
  if (HEALTH.test(path)) return success("ok");
  switch (path) {
    case "/version":
      return json({ major: "1", minor: "36", gitVersion: VERSION, platform: "linux/amd64" });
    case "/":
      return json({
        paths: ["/api", "/api/v1", "/apis", ...groups().map((group) => `/apis/${group}`), "/healthz", "/version"],
      });
    case "/api":
      return json({ kind: "APIVersions", versions: ["v1"] });
    case "/apis":
      return json({ kind: "APIGroupList", apiVersion: "v1", groups: groups().map(groupOf) });
    case "/metrics":
    case "/openapi/v2":
    case "/openapi/v3":
      return failure(`error: ${path} is not supported here: name a resource, as in --raw /api/v1/services`);
  }
  const group = /^\/apis\/([^/]+)$/.exec(path)?.[1];
  if (group !== undefined)
    return groups().includes(group)
      ? json({ kind: "APIGroup", apiVersion: "v1", ...groupOf(group) })
      : failure(NOWHERE);
  const version = /^\/api\/(v1)$|^\/apis\/([^/]+\/[^/]+)$/.exec(path);
  if (version !== null) return resources(version[1] ?? version[2] ?? "");
  return objects(call, path, query);
}

function objects(call: Call, path: string, query: Readonly<Record<string, string>>): Output {
  const found = RESOURCE.exec(path);
  if (found === null) return failure(NOWHERE);
  const [, core, group, version, namespace, plural, name, beneath] = found;
  const apiVersion = core ?? `${group}/${version}`;
  const info = served().find((kind) => kind.apiVersion === apiVersion && kind.plural === plural);
  if (info === undefined || (namespace !== undefined && !info.namespaced)) return failure(NOWHERE);
  if (query["watch"] !== undefined && query["watch"] !== "false") {
    return failure("error: a raw watch is not supported here: use kubectl get -w");
  }
  const reader = servedObjects(call.world);
  if (name !== undefined) {
    const object = reader.get(objectKey(info.kind, namespace, name));
    if (object === undefined) return failure(kubectlText(notFound(info.kind, name)));
    if (beneath === undefined || beneath === "status") return json(ordered(object));
    if (beneath === "scale" && scaleOf(object) !== null) return json(scaleOf(object));
    return failure(NOWHERE);
  }
  const labels = query["labelSelector"] === undefined ? null : parseSelector(query["labelSelector"]);
  if (labels !== null && !labels.ok) return failure(`Error from server (BadRequest): ${labels.error}`);
  const fields = fieldSelector(query["fieldSelector"] ?? "", info);
  if (!fields.ok) return failure(fields.error);
  const items = reader
    .list(info.kind, namespace)
    .filter(
      (object) => (labels === null || requirementsMatch(labels.value, object.metadata.labels)) && fields.value(object),
    );
  return json({
    kind: `${info.kind}List`,
    apiVersion,
    metadata: { resourceVersion: String(reader.revision) },
    // Items of a list do not name their kind.
    items: items.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest),
  });
}

/** Kind first, as Go writes its structs. */
const ordered = ({ kind, apiVersion, ...rest }: KubeObject): unknown => ({ kind, apiVersion, ...rest });

function scaleOf(object: KubeObject): unknown {
  const { spec, status } = object as { readonly spec?: unknown; readonly status?: unknown };
  if (!isRecord(spec) || typeof spec["replicas"] !== "number") return null;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec["replicas"] },
    status: { replicas: (isRecord(status) ? status["replicas"] : undefined) ?? 0 },
  };
}

const served = (): readonly KindInfo[] => KINDS.filter((info) => info.support !== "config");
const groups = (): readonly string[] =>
  [...new Set(served().map(({ group }) => group))].filter((group) => group !== "").sort();

function groupOf(name: string): Readonly<Record<string, unknown>> {
  const versions = [
    ...new Set(
      served()
        .filter(({ group }) => group === name)
        .map(({ version }) => version),
    ),
  ].map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
}

function resources(groupVersion: string): Output {
  const kinds = served().filter(({ apiVersion }) => apiVersion === groupVersion);
  if (kinds.length === 0) return failure(NOWHERE);
  return json({
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion,
    resources: kinds.map((info) => ({
      name: info.plural,
      singularName: info.singular,
      namespaced: info.namespaced,
      kind: info.kind,
      verbs: VERBS,
      ...(info.shortNames.length > 0 && { shortNames: info.shortNames }),
      ...(info.categories.length > 0 && { categories: info.categories }),
    })),
  });
}

function queryOf(search: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    search
      .split("&")
      .filter((pair) => pair !== "")
      .map((pair) => {
        const [key = "", ...value] = pair.split("=");
        return [unescaped(key), unescaped(value.join("="))];
      }),
  );
}

/** Percent signs that escape nothing stay as they are. */
const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
};
