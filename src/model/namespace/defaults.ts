import type { Namespace } from "./types.ts";

/** Every namespace carries its own name as a label, so that selectors can name it. Source: pkg/apis/core/v1/defaults.go. */
const NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name";

export function defaultNamespace(namespace: Namespace): Namespace {
  const name = namespace.metadata.name;
  return {
    ...namespace,
    metadata:
      name === ""
        ? namespace.metadata
        : { ...namespace.metadata, labels: { ...namespace.metadata.labels, [NAMESPACE_NAME_LABEL]: name } },
    spec: { ...namespace.spec, finalizers: namespace.spec?.finalizers ?? ["kubernetes"] },
    status: { ...namespace.status, phase: namespace.status?.phase ?? "Active" },
  };
}
