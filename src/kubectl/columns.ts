/** Cells of server-side tables, kind by kind: pkg/printers/internalversion/printers.go. */
import type { Deployment } from "../model/deployment/types.ts";
import type { Endpoints } from "../model/endpoints/types.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Namespace } from "../model/namespace/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Container, Pod } from "../model/pod/types.ts";
import type { ReplicaSet } from "../model/replicaset/types.ts";
import type { Service } from "../model/service/types.ts";
import { formatLabels, formatSelector } from "../model/selectors.ts";
import { AGE, type CellContext, type Column, few, NAME } from "./column.ts";
import { MORE_COLUMNS } from "./columns-more.ts";
import { podCells } from "./columns-pod.ts";

const NONE = "<none>";

/** Column cells for one kind: the caller's registry guarantees that only objects of that kind reach them. */
const of = <T extends KubeObject>(
  name: string,
  cell: (object: T, context: CellContext) => string,
  wide = false,
): Column => ({ name, wide, cell: (object, context) => cell(object as T, context) });

const LB_WIDTH = 16;

function externalIP(service: Service, wide: boolean): string {
  const external = service.spec.externalIPs ?? [];
  switch (service.spec.type) {
    case "ClusterIP":
    case "NodePort":
      return external.length > 0 ? external.join(",") : NONE;
    case "ExternalName":
      return service.spec.externalName ?? "";
    case "LoadBalancer": {
      const addresses = (service.status.loadBalancer.ingress ?? []).map((i) => i.ip ?? i.hostname ?? "");
      let text = [...new Set(addresses.filter((a) => a !== ""))].sort().join(",");
      if (text.length > LB_WIDTH && !wide) text = `${text.slice(0, LB_WIDTH - 3)}...`;
      const all = [...(text === "" ? [] : [text]), ...external];
      return all.length === 0 ? "<pending>" : all.join(",");
    }
  }
}

function servicePorts(service: Service): string {
  const ports = service.spec.ports ?? [];
  if (ports.length === 0) return NONE;
  return ports
    .map(({ port, nodePort, protocol }) =>
      nodePort === undefined || nodePort === 0 ? `${port}/${protocol}` : `${port}:${nodePort}/${protocol}`,
    )
    .join(",");
}

function endpointsCell(endpoints: Endpoints): string {
  const subsets = endpoints.subsets ?? [];
  if (subsets.length === 0) return NONE;
  const pairs = subsets.flatMap((subset) => {
    const addresses = (subset.addresses ?? []).map((a) => a.ip);
    const ports = subset.ports ?? [];
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) =>
      addresses.map((ip) => (ip.includes(":") ? `[${ip}]:${port.port}` : `${ip}:${port.port}`)),
    );
  });
  return few(pairs);
}

function nodeStatus(node: Node): string {
  const ready = node.status.conditions?.find((c) => c.type === "Ready");
  const status = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return node.spec.unschedulable === true ? `${status},SchedulingDisabled` : status;
}

function nodeRoles(node: Node): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.keys(node.metadata.labels ?? {})
    .filter((key) => key.startsWith(prefix) && key.length > prefix.length)
    .map((key) => key.slice(prefix.length))
    .sort();
  return roles.length === 0 ? NONE : roles.join(",");
}

const nodeAddress = (node: Node, type: string): string =>
  node.status.addresses?.find((a) => a.type === type)?.address ?? NONE;
const nodeInfo = (node: Node, field: string): string => node.status.nodeInfo?.[field] ?? "<unknown>";

/** Since 1.36 the architecture stands behind the kernel's version. */
function kernelVersion(node: Node): string {
  const architecture = node.status.nodeInfo?.["architecture"];
  const version = nodeInfo(node, "kernelVersion");
  return architecture === undefined ? version : `${version} (${architecture})`;
}

const names = (containers: readonly Container[] | undefined): string => (containers ?? []).map((c) => c.name).join(",");
const images = (containers: readonly Container[] | undefined): string =>
  (containers ?? []).map((c) => c.image ?? "").join(",");

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Service: [
    NAME,
    of<Service>("TYPE", (s) => s.spec.type),
    of<Service>("CLUSTER-IP", (s) =>
      s.spec.type === "ExternalName" ? NONE : (s.spec.clusterIPs?.[0] ?? s.spec.clusterIP ?? NONE),
    ),
    of<Service>("EXTERNAL-IP", (s, { wide }) => externalIP(s, wide)),
    of<Service>("PORT(S)", servicePorts),
    AGE,
    of<Service>("SELECTOR", (s) => formatLabels(s.spec.selector), true),
  ],
  Endpoints: [NAME, of<Endpoints>("ENDPOINTS", endpointsCell), AGE],
  EndpointSlice: [
    NAME,
    of<EndpointSlice>("ADDRESSTYPE", (s) => s.addressType),
    of<EndpointSlice>("PORTS", (s) =>
      (s.ports ?? []).length === 0
        ? "<unset>"
        : few((s.ports ?? []).map((p) => (p.port === undefined ? "*" : String(p.port)))),
    ),
    of<EndpointSlice>("ENDPOINTS", (s) => {
      const addresses = (s.endpoints ?? []).flatMap((e) => e.addresses);
      return addresses.length === 0 ? "<unset>" : few(addresses);
    }),
    AGE,
  ],
  Pod: [
    NAME,
    of<Pod>("READY", (p, { now }) => podCells(p, now).ready),
    of<Pod>("STATUS", (p, { now }) => podCells(p, now).status),
    of<Pod>("RESTARTS", (p, { now }) => podCells(p, now).restarts),
    AGE,
    of<Pod>("IP", (p) => p.status.podIP || NONE, true),
    of<Pod>("NODE", (p) => p.spec.nodeName || NONE, true),
    of<Pod>("NOMINATED NODE", () => NONE, true),
    of<Pod>(
      "READINESS GATES",
      (p) => {
        const gates = p.spec.readinessGates ?? [];
        if (gates.length === 0) return NONE;
        const held = gates.filter((g) =>
          p.status.conditions?.some((c) => c.type === g.conditionType && c.status === "True"),
        );
        return `${held.length}/${gates.length}`;
      },
      true,
    ),
  ],
  Node: [
    NAME,
    of<Node>("STATUS", nodeStatus),
    of<Node>("ROLES", nodeRoles),
    AGE,
    of<Node>("VERSION", (n) => n.status.nodeInfo?.["kubeletVersion"] ?? ""),
    of<Node>("INTERNAL-IP", (n) => nodeAddress(n, "InternalIP"), true),
    of<Node>("EXTERNAL-IP", (n) => nodeAddress(n, "ExternalIP"), true),
    of<Node>("OS-IMAGE", (n) => nodeInfo(n, "osImage"), true),
    of<Node>("KERNEL-VERSION", kernelVersion, true),
    of<Node>("CONTAINER-RUNTIME", (n) => nodeInfo(n, "containerRuntimeVersion"), true),
  ],
  Deployment: [
    NAME,
    of<Deployment>("READY", (d) => `${d.status.readyReplicas ?? 0}/${d.spec.replicas}`),
    of<Deployment>("UP-TO-DATE", (d) => String(d.status.updatedReplicas ?? 0)),
    of<Deployment>("AVAILABLE", (d) => String(d.status.availableReplicas ?? 0)),
    AGE,
    of<Deployment>("CONTAINERS", (d) => names(d.spec.template.spec.containers), true),
    of<Deployment>("IMAGES", (d) => images(d.spec.template.spec.containers), true),
    of<Deployment>("SELECTOR", (d) => formatSelector(d.spec.selector), true),
  ],
  ReplicaSet: [
    NAME,
    of<ReplicaSet>("DESIRED", (r) => String(r.spec.replicas)),
    of<ReplicaSet>("CURRENT", (r) => String(r.status.replicas)),
    of<ReplicaSet>("READY", (r) => String(r.status.readyReplicas ?? 0)),
    AGE,
    of<ReplicaSet>("CONTAINERS", (r) => names(r.spec.template?.spec.containers), true),
    of<ReplicaSet>("IMAGES", (r) => images(r.spec.template?.spec.containers), true),
    of<ReplicaSet>("SELECTOR", (r) => formatSelector(r.spec.selector), true),
  ],
  Namespace: [NAME, of<Namespace>("STATUS", (n) => n.status?.phase ?? "Active"), AGE],
};

/** What the server prints for a kind without columns of its own. */
const GENERIC: readonly Column[] = [NAME, AGE];

export function columnsOf(kind: string, wide: boolean): readonly Column[] {
  return (COLUMNS[kind] ?? MORE_COLUMNS[kind] ?? GENERIC).filter((column) => wide || column.wide !== true);
}

/** The LABELS cell of `--show-labels`. */
export function labelsCell(object: KubeObject): string {
  return formatLabels(object.metadata.labels);
}
