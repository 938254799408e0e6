/** `kubectl create ingress NAME --rule=host/path=svc:port`. Source: kubectl/pkg/cmd/create/create_ingress.go. */
import { err, ok, type Result } from "../../base/result.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import { type Call, namespaceOf } from "../call.ts";
import { parseLabels } from "./parse.ts";

interface Path {
  readonly backend: unknown;
  readonly path: string;
  readonly pathType: string;
}

function backend(text: string): unknown {
  const [name = "", port = ""] = text.split(":");
  return { service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } };
}

export function ingressObject(call: Call, words: readonly string[]): Result<KubeObject, string> {
  const [name, ...more] = words;
  if (name === undefined || more.length > 0) {
    return err(
      `error: exactly one NAME is required, got ${words.length}\nSee 'kubectl create ingress -h' for help and examples`,
    );
  }
  const { flags } = call.args;
  const rules = call.args.all("--rule");
  const fallback = flags["--default-backend"];
  if (rules.length === 0 && fallback === undefined) {
    return err(
      "error: not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
    );
  }
  const hosts = new Map<string, Path[]>();
  const tls: object[] = [];
  for (const rule of rules) {
    const match = /^([^/=]*)(\/[^=]*)=([^,]+)((?:,.*)?)$/.exec(rule);
    if (match === null) {
      return err(`error: rule ${rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`);
    }
    const [, host = "", path = "", target = "", options = ""] = match;
    const prefix = path.endsWith("*");
    const paths = hosts.get(host) ?? [];
    hosts.set(host, paths);
    paths.push({
      backend: backend(target),
      path: prefix ? path.slice(0, -1) : path,
      pathType: prefix ? "Prefix" : "Exact",
    });
    const secret = /^,tls(?:=(.*))?$/.exec(options);
    if (secret !== null) tls.push({ hosts: [host], ...(secret[1] !== undefined && { secretName: secret[1] }) });
  }
  const annotations = parseLabels(call.args.all("--annotation").join(","));
  if (!annotations.ok) return annotations;
  return ok({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      namespace: namespaceOf(call),
      ...(Object.keys(annotations.value).length > 0 && { annotations: annotations.value }),
    },
    spec: {
      ...(flags["--class"] !== undefined && { ingressClassName: flags["--class"] }),
      ...(fallback !== undefined && { defaultBackend: backend(fallback) }),
      ...(hosts.size > 0 && {
        rules: [...hosts].map(([host, paths]) => ({ ...(host !== "" && { host }), http: { paths } })),
      }),
      ...(tls.length > 0 && { tls }),
    },
    status: { loadBalancer: {} },
  } as KubeObject);
}
