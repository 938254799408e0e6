/** The scenario text turned into what the cluster is made of: API objects, and the files that kube-proxy and kubeadm read. */
import { decodeManifest, type Manifest, parseManifest } from "../manifest/manifest.ts";
import { clusterConfig } from "../model/config/cluster.ts";
import { proxyConfig } from "../model/config/proxy.ts";
import type { ClusterConfig, ProxyConfig } from "../model/config/types.ts";
import type { CloudProvider, Lab } from "../model/kubehop/types.ts";
import { kindInfo } from "../model/kinds.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import { DEFAULT_CLOUD, withDefaults } from "./defaults.ts";

/** One object of the text and the document that it stands in. */
export interface Placed {
  readonly object: KubeObject;
  readonly document: number;
}

export interface Scenario {
  readonly manifest: Manifest;
  /** What the API server is given, defaults of a scenario included (those have no document). */
  readonly objects: readonly { readonly object: KubeObject; readonly document: number | null }[];
  readonly cluster: ClusterConfig;
  readonly proxy: ProxyConfig;
  readonly cloud: CloudProvider["spec"];
  readonly seed: number | null;
  readonly diagnostics: readonly Diagnostic[];
  /** False when something in the text cannot be taken: nothing of it is applied then. */
  readonly sound: boolean;
}

/** Reads a text; whatever is wrong with it is in `diagnostics`, at its place. Never throws on any input. */
export function readScenario(text: string): Scenario {
  const manifest = parseManifest(text);
  const decoded = decodeManifest(manifest);
  const diagnostics: Diagnostic[] = [...manifest.diagnostics, ...decoded.diagnostics];
  const configs = decoded.objects.filter(({ object }) => isConfig(object));
  const objects = decoded.objects.filter(({ object }) => !isConfig(object));

  const complain = (document: number | undefined, message: string): void => {
    const range = manifest.documents.find((d) => d.index === document)?.range ?? {
      startLine: 1,
      startColumn: 1,
      endLine: 1,
      endColumn: 1,
    };
    diagnostics.push({ severity: "error", source: "admission", message, range, document: document ?? 0, object: null, fixes: [] });
  };
  const configOf = (kind: string): Placed | undefined => configs.findLast(({ object }) => object.kind === kind);

  const clusterDoc = configOf("ClusterConfiguration");
  const cluster = clusterConfig(clusterDoc?.object);
  if (!cluster.ok) complain(clusterDoc?.document, cluster.error);
  const settledCluster = cluster.ok ? cluster.value : DEFAULT_CLUSTER;
  const proxyDoc = configOf("KubeProxyConfiguration");
  const proxy = proxyConfig(proxyDoc?.object, settledCluster);
  if (!proxy.ok) complain(proxyDoc?.document, proxy.error);

  const cloud = objects.findLast(({ object }) => object.kind === "CloudProvider")?.object as CloudProvider | undefined;
  const lab = objects.findLast(({ object }) => object.kind === "Lab")?.object as Lab | undefined;
  return {
    manifest,
    objects: placed(objects),
    cluster: settledCluster,
    proxy: proxy.ok ? proxy.value : DEFAULT_PROXY,
    cloud: { ...DEFAULT_CLOUD, ...cloud?.spec },
    seed: lab?.spec.seed ?? null,
    diagnostics,
    sound: !diagnostics.some((d) => d.severity === "error"),
  };
}

function placed(objects: readonly Placed[]): Scenario["objects"] {
  const documents = new Map(objects.map(({ object, document }) => [object, document]));
  return withDefaults(objects.map(({ object }) => object)).map((object) => ({
    object,
    document: documents.get(object) ?? null,
  }));
}

function isConfig(object: KubeObject): boolean {
  return kindInfo(object.apiVersion, object.kind)?.support === "config";
}

function settled<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

export const DEFAULT_CLUSTER: ClusterConfig = settled(clusterConfig(undefined));
export const DEFAULT_PROXY: ProxyConfig = settled(proxyConfig(undefined, DEFAULT_CLUSTER));
