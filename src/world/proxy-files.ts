/** The files from which kube-proxies start: ConfigMaps in kube-system, as kubeadm makes them of the text's KubeProxyConfiguration. */
import type { ObjectReader } from "../apiserver/types.ts";
import { ok, type Result } from "../base/result.ts";
import { kubeProxyConfigMap, proxyConfigOfConfigMap, type ReadProxyConfig } from "../manifest/proxy-configmap.ts";
import type { ClusterConfig, ConfigObject, ProxyMode } from "../model/config/types.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import { type ObjectKey, objectKey } from "../model/meta/types.ts";
import { withServiceRanges } from "./defaults.ts";
import { Recent } from "./recent.ts";

const NAMESPACE = "kube-system";
const NAME = "kube-proxy";

/** A node's own file when `node` is given, else everybody's. */
export function fileKey(node: string | null): ObjectKey {
  return objectKey("ConfigMap", NAMESPACE, node === null ? NAME : `${NAME}-${node}`);
}

/** What the text says of kube-proxy: for all nodes, and for single ones by name. */
export interface ProxyDocuments {
  readonly all: ConfigObject | undefined;
  readonly byNode: Readonly<Record<string, ConfigObject>>;
}

/** A text that says nothing of kube-proxy. */
export const NO_DOCUMENTS: ProxyDocuments = { all: undefined, byNode: {} };

/** The ConfigMaps of a text. `mode`: what kube-proxy was switched to by hand, which goes before what the text says. */
export function proxyFiles(
  documents: ProxyDocuments,
  cluster: ClusterConfig,
  mode: ProxyMode | null,
): readonly ConfigMap[] {
  const make = (document: ConfigObject | undefined): ConfigMap => {
    const made = kubeProxyConfigMap(document, cluster);
    return mode === null ? made : withMode(made, mode);
  };
  const own = Object.entries(documents.byNode).map(([node, document]): ConfigMap => {
    const made = make(document);
    return { ...made, metadata: { ...made.metadata, name: `${NAME}-${node}` } };
  });
  return [make(documents.all), ...own];
}

/** The file with another mode in it, all else as it is written. */
export function withMode(file: ConfigMap, mode: ProxyMode): ConfigMap {
  const text = file.data?.["config.conf"] ?? "";
  const line = `mode: ${mode}`;
  const changed = /^mode:.*$/m.test(text) ? text.replace(/^mode:.*$/m, line) : `${text.replace(/\n?$/, "\n")}${line}`;
  return { ...file, data: { ...file.data, "config.conf": changed } };
}

/** The file that the node's kube-proxy reads when it starts now: its own if there is one. */
export function fileOf(reader: Pick<ObjectReader, "get">, node: string): ConfigMap | undefined {
  return reader.get<ConfigMap>(fileKey(node)) ?? reader.get<ConfigMap>(fileKey(null));
}

/** The text of a file, as far as kube-proxy sees it. */
export function textOf(file: ConfigMap | undefined): string {
  return file?.data?.["config.conf"] ?? "";
}

/** Reads files; equal ones give the same value. The refusal is the last line of the log, without klog's head. */
export class ProxyFiles {
  private readonly known = new Recent<Result<ReadProxyConfig, string>>(32);

  read(file: ConfigMap | undefined, cluster: ClusterConfig): Result<ReadProxyConfig, string> {
    const key = JSON.stringify([file?.data ?? null, cluster.serviceSubnet]);
    return this.known.get(key, () => {
      const read = proxyConfigOfConfigMap(file);
      if (!read.ok) return read;
      return ok({ ...read.value, config: withServiceRanges(read.value.config, cluster) });
    });
  }
}
