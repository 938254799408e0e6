/** What the server says of itself: `api-resources`, `api-versions`, `version`, `cluster-info`, `config`. */
import { objectKey } from "../model/meta/types.ts";
import { KINDS, type KindInfo } from "../model/kinds.ts";
import { isOn } from "./args.ts";
import { type Call, notePath, resourcesName } from "./call.ts";
import { failure, type Output, success } from "./output.ts";
import { API_SERVER } from "./requests.ts";
import { yamlText } from "./print.ts";
import { formatTable } from "./table.ts";

export const VERSION = "v1.36.2";
export const VERBS: readonly string[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

/** What a client asks to learn which kinds there are. */
const DISCOVERY = ["/api?timeout=32s", "/apis?timeout=32s"];

const served = (): readonly KindInfo[] =>
  KINDS.filter((info) => info.support !== "config").toSorted(
    (a, b) => compare(a.group, b.group) || compare(a.plural, b.plural) || compare(b.version, a.version),
  );

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function kubectlApiResources(call: Call): Output {
  const { args } = call;
  if (args.words.length > 0) {
    return failure(
      `error: unexpected arguments: [${args.words.join(" ")}]\nSee 'kubectl api-resources -h' for help and examples`,
    );
  }
  for (const path of DISCOVERY) notePath(call, "GET", path);
  const group = args.flags["--api-group"];
  const namespaced = args.flags["--namespaced"];
  const verbs = args.flags["--verbs"]?.split(",") ?? [];
  const category = args.flags["--categories"]?.split(",") ?? [];
  const seen = new Set<string>();
  const kinds = served().filter((info) => {
    // Only the preferred version of a group's resource is listed.
    const name = resourcesName(info);
    if (seen.has(name)) return false;
    seen.add(name);
    return (
      (group === undefined || info.group === group) &&
      (namespaced === undefined || String(info.namespaced) === namespaced) &&
      verbs.every((verb) => VERBS.includes(verb)) &&
      category.every((c) => info.categories.includes(c))
    );
  });
  const output = args.flags["--output"] ?? "";
  if (output === "name") return success(kinds.map((info) => `${resourcesName(info)}\n`).join(""));
  if (output !== "" && output !== "wide") return failure(`error: --output ${output} is not available`);
  const wide = output === "wide";
  const head = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", ...(wide ? ["VERBS", "CATEGORIES"] : [])];
  const rows = kinds.map((info) => [
    info.plural,
    info.shortNames.join(","),
    info.apiVersion,
    String(info.namespaced),
    info.kind,
    ...(wide ? [VERBS.join(","), info.categories.join(",")] : []),
  ]);
  return success(formatTable(isOn(args, "--no-headers") ? rows : [head, ...rows]));
}

export function kubectlApiVersions(call: Call): Output {
  for (const path of DISCOVERY) notePath(call, "GET", path);
  const versions = [...new Set(served().map((info) => info.apiVersion))].sort();
  return success(versions.map((version) => `${version}\n`).join(""));
}

export function kubectlVersion(call: Call): Output {
  const client = `Client Version: ${VERSION}\nKustomize Version: v5.7.1\n`;
  if (!isOn(call.args, "--client")) notePath(call, "GET", "/version?timeout=32s");
  const full = isOn(call.args, "--client") ? client : `${client}Server Version: ${VERSION}\n`;
  const release = { major: "1", minor: "36", gitVersion: VERSION };
  const versions = {
    clientVersion: release,
    kustomizeVersion: "v5.7.1",
    ...(!isOn(call.args, "--client") && { serverVersion: release }),
  };
  switch (call.args.flags["--output"]) {
    case undefined:
      return success(full);
    case "yaml":
      return success(yamlText(versions));
    case "json":
      return success(`${JSON.stringify(versions, null, 2)}\n`);
    default:
      return failure("error: --output must be 'yaml' or 'json'");
  }
}

export function kubectlClusterInfo(call: Call): Output {
  if (call.args.words[0] === "dump")
    return failure("error: kubectl cluster-info dump is not supported here: use kubectl get all -A -o yaml");
  const base = `https://${API_SERVER}`;
  const dns = call.world.objects.get(objectKey("Service", "kube-system", "kube-dns"));
  const coreDns =
    dns === undefined
      ? ""
      : `CoreDNS is running at ${base}/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy\n`;
  return success(
    `Kubernetes control plane is running at ${base}\n${coreDns}\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n`,
  );
}

const CONTEXT = "kubernetes-admin@kubernetes";

export function kubectlConfig(call: Call): Output {
  const [what = "", name] = call.args.words;
  switch (what) {
    case "current-context":
      return success(`${CONTEXT}\n`);
    case "get-contexts":
      return success(
        formatTable([
          ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"],
          ["*", CONTEXT, "kubernetes", "kubernetes-admin", ""],
        ]),
      );
    case "get-clusters":
      return success("NAME\nkubernetes\n");
    case "get-users":
      return success("NAME\nkubernetes-admin\n");
    case "use-context":
      return name === CONTEXT
        ? success(`Switched to context "${CONTEXT}".\n`)
        : failure(`error: no context exists with the name: ${JSON.stringify(name ?? "")}`);
    case "view":
      return success(
        `apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: DATA+OMITTED\n    server: https://${API_SERVER}\n  name: kubernetes\ncontexts:\n- context:\n    cluster: kubernetes\n    user: kubernetes-admin\n  name: ${CONTEXT}\ncurrent-context: ${CONTEXT}\nkind: Config\nusers:\n- name: kubernetes-admin\n  user:\n    client-certificate-data: DATA+OMITTED\n    client-key-data: DATA+OMITTED\n`,
      );
    default:
      return failure(
        `error: kubectl config ${what} is not supported here: there is one cluster; give the namespace with -n`,
      );
  }
}

/** `kubectl auth can-i`, `whoami`: the one user here is kubeadm's administrator, who may do everything. */
export function kubectlAuth(call: Call): Output {
  const [what = "", verb, resource] = call.args.words;
  switch (what) {
    case "whoami":
      return success(
        formatTable([
          ["ATTRIBUTE", "VALUE"],
          ["Username", "kubernetes-admin"],
          ["Groups", "[kubeadm:cluster-admins system:authenticated]"],
        ]),
      );
    case "can-i":
      if (isOn(call.args, "--list")) break;
      if (verb === undefined || resource === undefined) {
        return failure(
          "error: you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        );
      }
      return success(isOn(call.args, "--quiet") ? "" : "yes\n");
  }
  return failure(`error: kubectl auth ${what} is not supported here: everyone may do everything`);
}
