/** A manifest as it was read: its documents and where everything in them stands. */
import { objectKey, type ObjectKey } from "../model/meta/types.ts";
import { acceptedKind } from "../model/old-versions.ts";
import type { Diagnostic, TextRange } from "../model/trace/diagnostic.ts";
import type { SourceNode } from "./compose.ts";

/** One object of the text, as written. */
export interface ManifestDocument {
  /** Position among the manifest's documents, Lists taken apart, from 0. */
  readonly index: number;
  /** Empty when absent. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** As written; null when absent. */
  readonly namespace: string | null;
  /** Plain JSON. A document whose text an edit left alone keeps its very value, so it can be compared by identity. */
  readonly value: unknown;
  readonly range: TextRange;
  /** False when the YAML is broken: then `value` is what could be made of it, good for finding places only. */
  readonly valid: boolean;
  /** Offset of the chunk that `source` counts from. */
  readonly base: number;
  readonly source: SourceNode;
  /** Offsets of the text's line starts, shared by all documents. */
  readonly lines: readonly number[];
}

export interface Manifest {
  readonly documents: readonly ManifestDocument[];
  readonly diagnostics: readonly Diagnostic[];
  /** Length of the text and its line starts: what positions are counted in. */
  readonly length: number;
  readonly lines: readonly number[];
}

/** Config kinds are files without metadata; these are the names kubeadm gives their ConfigMaps. */
export const CONFIG_NAMES: Readonly<Record<string, string>> = {
  KubeProxyConfiguration: "kube-proxy",
  ClusterConfiguration: "kubeadm-config",
  CloudProvider: "cloud",
  Lab: "lab",
};

/** The key that this document's object will have, `default` being the namespace of those that name none; null when it has no name or kind. */
export function documentKey(document: ManifestDocument): ObjectKey | null {
  const name = document.name === "" ? (CONFIG_NAMES[document.kind] ?? "") : document.name;
  if (document.kind === "" || name === "") return null;
  const namespaced = acceptedKind(document.apiVersion, document.kind)?.namespaced ?? document.namespace !== null;
  return objectKey(document.kind, namespaced ? (document.namespace ?? "default") : undefined, name);
}

/** The last document that makes this object: later ones win, as with kubectl apply. */
export function findDocument(manifest: Manifest, key: ObjectKey): ManifestDocument | undefined {
  return manifest.documents.findLast((document) => document.valid && documentKey(document) === key);
}
