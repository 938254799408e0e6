/** `kubectl create service clusterip|nodeport|loadbalancer|externalname NAME`. Source: kubectl/pkg/cmd/create/create_service.go. */
import { own } from "../own.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import { type Call, namespaceOf } from "../call.ts";
import { parsePortPair } from "./parse.ts";

const TYPES: Readonly<Record<string, string>> = {
  clusterip: "ClusterIP",
  nodeport: "NodePort",
  loadbalancer: "LoadBalancer",
  externalname: "ExternalName",
};

/** The Service as kubectl sends it, or its complaint. */
export function serviceObject(call: Call, words: readonly string[]): Result<KubeObject, string> {
  const [kind = "", name, ...more] = words;
  const type = own(TYPES, kind.toLowerCase());
  if (type === undefined) {
    return err(
      kind === ""
        ? "error: Create a service using a specified subcommand: clusterip, externalname, loadbalancer, nodeport.\nSee 'kubectl create service -h' for help and examples"
        : `error: unknown command "${kind}"\nSee 'kubectl create service -h' for help and examples`,
    );
  }
  if (name === undefined || more.length > 0) {
    return err(
      `error: exactly one NAME is required, got ${name === undefined ? 0 : more.length + 1}\nSee 'kubectl create service ${kind} -h' for help and examples`,
    );
  }
  const { flags } = call.args;
  const clusterIP = flags["--clusterip"];
  const pairs = call.args.all("--tcp").flatMap((value) => value.split(","));
  if (pairs.length === 0 && clusterIP !== "None" && type !== "ExternalName") {
    return err("error: at least one tcp port specifier must be provided");
  }
  if (clusterIP === "None" && pairs.length > 0 && type !== "ClusterIP") {
    return err("error: can not map ports with clusterip=None");
  }
  if (type === "ExternalName" && flags["--external-name"] === undefined) {
    return err('error: required flag(s) "external-name" not set');
  }
  const ports: object[] = [];
  for (const pair of pairs) {
    const parsed = parsePortPair(pair);
    if (!parsed.ok) return parsed;
    const { port, targetPort } = parsed.value;
    const nodePort = flags["--node-port"];
    ports.push({
      name: pair.includes(":") ? pair.replace(":", "-") : pair,
      port,
      protocol: "TCP",
      targetPort,
      ...(nodePort !== undefined && nodePort !== "0" && { nodePort: Number(nodePort) }),
    });
  }
  const labels = { app: name };
  return ok({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: namespaceOf(call), labels },
    spec: {
      ...(clusterIP !== undefined && clusterIP !== "" && { clusterIP }),
      ...(type === "ExternalName" && { externalName: flags["--external-name"] }),
      ...(ports.length > 0 && { ports }),
      selector: labels,
      type,
    },
    status: { loadBalancer: {} },
  } as KubeObject);
}
