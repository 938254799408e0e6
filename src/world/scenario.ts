/** The scenario text turned into what the cluster is made of: API objects, and the files that kube-proxy and kubeadm read. */
import { decodeManifest, type Manifest, parseManifest, statusDiagnostics } from "../manifest/manifest.ts";
import { clusterConfig, DEFAULT_CLUSTER } from "../model/config/cluster-config.ts";
import { proxyConfig } from "../model/config/proxy-config.ts";
import type { ClusterConfig, ConfigObject } from "../model/config/types.ts";
import { defaultLab } from "../model/kubehop/defaults.ts";
import { type Expectation, validateExpectation } from "../model/kubehop/expectation.ts";
import { kindInfo } from "../model/kinds.ts";
import type { CloudProvider, Lab } from "../model/kubehop/types.ts";
import { keyOf, type KubeObject } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import { type Cause, invalidStatus } from "../model/status.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import { withoutStrangers } from "./assumed-pods.ts";
import { DEFAULT_CLOUD, withAddress, withDefaults } from "./defaults.ts";
import { impliedCluster } from "./implied.ts";
import { markOf } from "./places.ts";
import type { ProxyDocuments } from "./proxy-files.ts";

/** One object of the text and the document that it stands in. */
interface Placed {
  readonly object: KubeObject;
  readonly document: number;
}

export interface Scenario {
  readonly manifest: Manifest;
  /** What the API server is given, defaults of a scenario included (those have no document). */
  readonly objects: readonly { readonly object: KubeObject; readonly document: number | null }[];
  readonly cluster: ClusterConfig;
  /** Its KubeProxyConfigurations: one whose name is a node's is that node's own. */
  readonly proxy: ProxyDocuments;
  /** The documents that they are. */
  readonly proxyDocuments: readonly number[];
  readonly cloud: CloudProvider["spec"];
  /** What it expects of requests; of two with one name the later. */
  readonly expectations: readonly { readonly object: Expectation; readonly document: number }[];
  /** What the text's Lab says; null when it says nothing. */
  readonly seed: number | null;
  readonly diagnostics: readonly Diagnostic[];
  /** False when something in the text cannot be taken: nothing of it is applied then. */
  readonly sound: boolean;
}

/** Reads a text; whatever is wrong with it is in `diagnostics`, at its place. Never throws on any input. */
export function readScenario(text: string): Scenario {
  const manifest = parseManifest(text);
  const decoded = decodeManifest(manifest);
  const all: readonly Placed[] = decoded.objects.map(({ object, document }) => ({ object, document: document.index }));
  const diagnostics: Diagnostic[] = [...decoded.diagnostics];
  const isConfig = ({ object }: Placed): boolean => kindInfo(object.apiVersion, object.kind)?.support === "config";
  const written = all.filter((placed) => !isConfig(placed));
  const own = withoutStrangers(written.map(({ object }) => object));
  const objects = written.map((placed, i): Placed => ({ ...placed, object: own[i] ?? placed.object }));
  const last = <T extends KubeObject>(kind: string): { readonly object: T; readonly document: number } | undefined =>
    all.findLast(({ object }) => object.kind === kind) as { object: T; document: number } | undefined;

  const complain = (document: number | undefined, field: string, message: string): void => {
    diagnostics.push({
      severity: "error",
      source: "admission",
      message,
      range: markOf(manifest, document ?? 0, field),
      document: document ?? 0,
      object: null,
      fixes: [],
    });
  };
  /** The value of a configuration file, or its default with the complaint noted where it belongs. */
  const settled = <T>(
    document: number | undefined,
    result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: readonly Cause[] },
    fallback: T,
  ): T => {
    if (result.ok) return result.value;
    for (const { field, message } of result.error) complain(document, field, `${field}: ${message}`);
    return fallback;
  };

  const clusterFile = last<ConfigObject>("ClusterConfiguration");
  const configured = settled(clusterFile?.document, clusterConfig(clusterFile?.object), DEFAULT_CLUSTER);
  const implied = impliedCluster(
    configured,
    clusterFile?.object,
    objects.map(({ object }) => object),
  );
  const { cluster } = implied;
  for (const { object, path, message } of implied.notes) {
    const document = objects.find((placed) => placed.object === object)?.document ?? 0;
    const range = markOf(manifest, document, path);
    diagnostics.push({ severity: "info", source: "note", message, range, document, object: keyOf(object), fixes: [] });
  }
  const placed = withScenarioDefaults(objects, cluster);
  const nodes = new Set(placed.flatMap(({ object }) => (object.kind === "Node" ? [object.metadata.name] : [])));
  const byNode: Record<string, ConfigObject> = {};
  let forAll: ConfigObject | undefined;
  const proxyDocuments: number[] = [];
  for (const { object, document } of all) {
    if (object.kind !== "KubeProxyConfiguration") continue;
    const file = object as ConfigObject;
    settled(document, proxyConfig(file, cluster), null);
    proxyDocuments.push(document);
    if (nodes.has(file.metadata.name)) byNode[file.metadata.name] = file;
    else forAll = file;
  }
  const lab = last<Lab>("Lab");
  const expectations = all.filter(({ object }) => object.kind === "Expectation") as {
    object: Expectation;
    document: number;
  }[];
  for (const { object, document } of expectations) {
    const causes = validateExpectation(object);
    const place = manifest.documents[document];
    if (causes.length === 0 || place === undefined) continue;
    diagnostics.push(...statusDiagnostics(place, invalidStatus(object.kind, object.metadata.name, causes)));
  }
  const isLatest = ({ metadata }: KubeObject, i: number): boolean =>
    metadata.name === "" || !expectations.slice(i + 1).some(({ object }) => object.metadata.name === metadata.name);

  return {
    manifest,
    objects: placed,
    cluster,
    proxy: { all: forAll, byNode },
    proxyDocuments,
    cloud: { ...DEFAULT_CLOUD, ...impliedCloud(objects), ...last<CloudProvider>("CloudProvider")?.object.spec },
    expectations: expectations.filter(({ object }, i) => isLatest(object, i)),
    seed: lab === undefined ? null : (defaultLab(lab.object).spec.seed ?? null),
    diagnostics,
    sound: !diagnostics.some((d) => d.severity === "error"),
  };
}

/**
 * Do two texts make the same cluster, whatever else they say (comments, blanks, expectations)? To the letter: in the order of their
 * documents and fields.
 */
export function saysTheSame(a: Scenario, b: Scenario): boolean {
  const isSame = (left: unknown, right: unknown): boolean =>
    left === right || JSON.stringify(left) === JSON.stringify(right);
  return (
    a.objects.length === b.objects.length &&
    a.objects.every(({ object, document }, i) => {
      const other = b.objects[i];
      return (document === null) === (other?.document === null) && isSame(object, other?.object);
    }) &&
    isSame([a.cluster, a.proxy, a.cloud, a.seed], [b.cluster, b.proxy, b.cloud, b.seed])
  );
}

/** Where MetalLB is, no cloud hands out addresses, unless the text says that there is one. */
function impliedCloud(objects: readonly Placed[]): Partial<CloudProvider["spec"]> {
  return objects.some(({ object }) => object.kind === "IPAddressPool") ? { loadBalancer: "none" } : {};
}

function withScenarioDefaults(stated: readonly Placed[], cluster: ClusterConfig): Scenario["objects"] {
  const taken = new Set(
    stated.flatMap(({ object }) =>
      object.kind === "Node" ? ((object as Partial<Node>).status?.addresses ?? []).map(({ address }) => address) : [],
    ),
  );
  const objects = stated.map(({ object, document }) => ({
    object: object.kind === "Node" ? withAddress(object as Node, taken) : object,
    document,
  }));
  const documents = new Map(objects.map(({ object, document }) => [object, document]));
  return withDefaults(
    objects.map(({ object }) => object),
    cluster,
  ).map((object) => ({
    object,
    document: documents.get(object) ?? null,
  }));
}
