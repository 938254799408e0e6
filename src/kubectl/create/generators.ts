/** `kubectl create KIND ...`: objects made from flags. Source: kubectl/pkg/cmd/create. */
import { quote } from "../../model/status.ts";
import { own } from "../own.ts";
import { must } from "../../base/assert.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { kindNamed } from "../../model/kinds.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import { type Call, namespaceOf } from "../call.ts";
import { fileText } from "../files.ts";
import { failure, type Output } from "../output.ts";
import { perform } from "../write.ts";
import { imageName } from "./parse.ts";
import { ingressObject } from "./ingress.ts";
import { serviceObject } from "./service.ts";

type Generator = (call: Call, words: readonly string[]) => Result<KubeObject, string>;

const NOT_HERE: Readonly<Record<string, string>> = Object.fromEntries(
  "clusterrole clusterrolebinding cronjob job poddisruptionbudget priorityclass quota role rolebinding token"
    .split(" ")
    .map((kind) => [
      kind,
      `error: kubectl create ${kind} is not supported here: write it as a manifest and use kubectl create -f`,
    ]),
);

function oneName(what: string, words: readonly string[]): Result<string, string> {
  const [name, ...more] = words;
  if (name !== undefined && more.length === 0) return ok(name);
  return err(
    `error: exactly one NAME is required, got ${words.length}\nSee 'kubectl create ${what} -h' for help and examples`,
  );
}

function deployment(call: Call, words: readonly string[]): Result<KubeObject, string> {
  const named = oneName("deployment", words);
  if (!named.ok) return named;
  const name = named.value;
  const { flags } = call.args;
  const images = call.args.all("--image").flatMap((value) => value.split(","));
  if (images.length === 0) return err('error: required flag(s) "image" not set');
  const replicas = flags["--replicas"] ?? "1";
  if (!/^\d+$/.test(replicas)) return err(`error: invalid replicas: ${replicas}`);
  const command = call.args.rest;
  if (images.length > 1 && command !== null) return err("error: cannot specify multiple --image options and command");
  const port = Number(flags["--port"] ?? "-1");
  const labels = { app: name };
  return ok({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: namespaceOf(call), labels },
    spec: {
      replicas: Number(replicas),
      selector: { matchLabels: labels },
      strategy: {},
      template: {
        metadata: { labels },
        spec: {
          containers: images.map((image) => ({
            ...(command !== null && { command }),
            image,
            name: imageName(image),
            ...(port > 0 && { ports: [{ containerPort: port }] }),
            resources: {},
          })),
        },
      },
    },
    status: {},
  } as KubeObject);
}

function namespace(_call: Call, words: readonly string[]): Result<KubeObject, string> {
  const name = oneName("namespace", words);
  if (!name.ok) return name;
  return ok({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: name.value },
    spec: {},
    status: {},
  } as KubeObject);
}

function configMap(call: Call, words: readonly string[]): Result<KubeObject, string> {
  const name = oneName("configmap", words);
  if (!name.ok) return name;
  const data: [string, string][] = [];
  for (const literal of call.args.all("--from-literal")) {
    const equals = literal.indexOf("=");
    if (equals <= 0) return err(`error: invalid literal source ${literal}, expected key=value`);
    data.push([literal.slice(0, equals), literal.slice(equals + 1)]);
  }
  for (const source of call.args.all("--from-file")) {
    const [key, file] = source.includes("=") ? source.split("=") : [source.split("/").pop(), source];
    const text = fileText(call, file ?? "");
    if (text === null) return err(`error: error reading ${file}: no such file or directory`);
    data.push([key ?? "", text]);
  }
  return ok({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: name.value, namespace: namespaceOf(call) },
    ...(data.length > 0 && { data: Object.fromEntries(data) }),
  } as KubeObject);
}

function serviceAccount(call: Call, words: readonly string[]): Result<KubeObject, string> {
  const name = oneName("serviceaccount", words);
  if (!name.ok) return name;
  return ok({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: name.value, namespace: namespaceOf(call) } });
}

const GENERATORS: Readonly<Record<string, Generator>> = {
  deployment,
  deploy: deployment,
  dep: deployment,
  namespace,
  ns: namespace,
  service: serviceObject,
  svc: serviceObject,
  configmap: configMap,
  cm: configMap,
  serviceaccount: serviceAccount,
  sa: serviceAccount,
  ingress: ingressObject,
  ing: ingressObject,
};

/** Words behind `kubectl create`, for completion. */
export const CREATABLE: readonly string[] = [
  "configmap",
  "deployment",
  "ingress",
  "namespace",
  "service",
  "serviceaccount",
];

export function kubectlCreateKind(call: Call): Output {
  const [what = "", ...words] = call.args.words;
  const generate = own(GENERATORS, what);
  if (generate === undefined) {
    return failure(
      own(NOT_HERE, what) ??
        (what === "secret"
          ? "error: kubectl create secret is not supported here: write it as a manifest and use kubectl create -f"
          : `Error: must specify one of -f and -k\n\nerror: unknown command ${quote([what, ...words].join(" "))}\nSee 'kubectl create -h' for help and examples`),
    );
  }
  const made = generate(call, words);
  if (!made.ok) return failure(made.error);
  const object = made.value;
  return perform(call, [
    {
      info: must(kindNamed(object.kind), object.kind),
      write: { verb: "create", object },
      done: "created",
    },
  ]);
}
