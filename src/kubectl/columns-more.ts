/** Columns of the kinds around Services: pkg/printers/internalversion/printers.go. Cells read loosely, for some kinds are kept as they came. */
import { fromTimestamp, SECOND } from "../base/time.ts";
import type { KubeObject, LabelSelector } from "../model/meta/types.ts";
import { formatLabels, formatSelector } from "../model/selectors.ts";
import { humanDuration } from "./age.ts";
import { AGE, type CellContext, type Column, few, NAME } from "./column.ts";
import { firstSeen, lastSeen, occurrences, sourceOf } from "./describe/events.ts";
import { at, count, items, pairs, text } from "./read.ts";

const NONE = "<none>";

type Cell = (object: KubeObject, context: CellContext) => string;

const column = (name: string, cell: Cell): Column => ({ name, cell });
const wide = (name: string, cell: Cell): Column => ({ name, cell, wide: true });
/** The number at a path. */
const number = (name: string, ...path: readonly string[]): Column => column(name, (o) => String(count(o, ...path)));

const containers = (o: KubeObject): readonly unknown[] => items(o, "spec", "template", "spec", "containers");
const NAMES = wide("CONTAINERS", (o) =>
  containers(o)
    .map((c) => text(c, "name"))
    .join(","),
);
const IMAGES = wide("IMAGES", (o) =>
  containers(o)
    .map((c) => text(c, "image"))
    .join(","),
);
const SELECTOR = wide("SELECTOR", (o) => formatSelector(at(o, "spec", "selector") as LabelSelector | undefined));

const keys = (o: KubeObject, ...path: readonly string[]): number => Object.keys(pairs(o, ...path)).length;

function hosts(o: KubeObject): string {
  const named = items(o, "spec", "rules")
    .map((rule) => text(rule, "host"))
    .filter((host) => host !== "");
  if (named.length === 0) return "*";
  return few(named);
}

const addresses = (o: KubeObject): string =>
  [...new Set(items(o, "status", "loadBalancer", "ingress").map((i) => text(i, "ip") || text(i, "hostname")))]
    .filter((a) => a !== "")
    .join(",");

const ago = (stamp: string, now: number): string =>
  stamp === "" ? "<unknown>" : humanDuration((now - fromTimestamp(stamp)) / SECOND);

function lastSeenCell(o: KubeObject, { now }: CellContext): string {
  const times = occurrences(o);
  if (at(o, "series") !== undefined) return `${ago(lastSeen(o), now)} (x${times} over ${ago(firstSeen(o), now)})`;
  return ago(lastSeen(o), now);
}

const involved = (o: KubeObject): string =>
  `${text(o, "involvedObject", "kind").toLowerCase()}/${text(o, "involvedObject", "name")}`;

function parentRef(o: KubeObject): string {
  const ref = (member: string): string => text(o, "spec", "parentRef", member);
  return [ref("group"), ref("resource"), ref("namespace"), ref("name")].filter((part) => part !== "").join("/");
}

function parameters(o: KubeObject): string {
  const of = (member: string): string => text(o, "spec", "parameters", member);
  if (at(o, "spec", "parameters") === undefined) return NONE;
  return `${of("kind")}${of("apiGroup") === "" ? "" : `.${of("apiGroup")}`}/${of("name")}`;
}

/** Kind → columns. */
export const MORE_COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  StatefulSet: [
    NAME,
    column("READY", (o) => `${count(o, "status", "readyReplicas")}/${count(o, "spec", "replicas")}`),
    AGE,
    NAMES,
    IMAGES,
  ],
  DaemonSet: [
    NAME,
    number("DESIRED", "status", "desiredNumberScheduled"),
    number("CURRENT", "status", "currentNumberScheduled"),
    number("READY", "status", "numberReady"),
    number("UP-TO-DATE", "status", "updatedNumberScheduled"),
    number("AVAILABLE", "status", "numberAvailable"),
    column("NODE SELECTOR", (o) => formatLabels(pairs(o, "spec", "template", "spec", "nodeSelector"))),
    AGE,
    NAMES,
    IMAGES,
    SELECTOR,
  ],
  ReplicationController: [
    NAME,
    number("DESIRED", "spec", "replicas"),
    number("CURRENT", "status", "replicas"),
    number("READY", "status", "readyReplicas"),
    AGE,
    NAMES,
    IMAGES,
    wide("SELECTOR", (o) => formatLabels(pairs(o, "spec", "selector"))),
  ],
  Ingress: [
    NAME,
    column("CLASS", (o) => text(o, "spec", "ingressClassName") || NONE),
    column("HOSTS", hosts),
    column("ADDRESS", addresses),
    column("PORTS", (o) => (items(o, "spec", "tls").length > 0 ? "80, 443" : "80")),
    AGE,
  ],
  IngressClass: [
    NAME,
    column("CONTROLLER", (o) => text(o, "spec", "controller")),
    column("PARAMETERS", parameters),
    AGE,
  ],
  Event: [
    column("LAST SEEN", lastSeenCell),
    column("TYPE", (o) => text(o, "type")),
    column("REASON", (o) => text(o, "reason")),
    column("OBJECT", involved),
    wide("SUBOBJECT", (o) => text(o, "involvedObject", "fieldPath")),
    wide("SOURCE", (o) => [sourceOf(o), text(o, "source", "host")].filter((part) => part !== "").join(", ")),
    column("MESSAGE", (o) => text(o, "message").trim()),
    wide("FIRST SEEN", (o, { now }) => ago(firstSeen(o), now)),
    wide("COUNT", (o) => String(Math.max(1, occurrences(o)))),
    wide("NAME", (o) => o.metadata.name),
  ],
  ConfigMap: [NAME, column("DATA", (o) => String(keys(o, "data") + keys(o, "binaryData"))), AGE],
  Secret: [
    NAME,
    column("TYPE", (o) => text(o, "type") || "Opaque"),
    column("DATA", (o) => String(keys(o, "data") + keys(o, "stringData"))),
    AGE,
  ],
  ServiceAccount: [NAME, AGE],
  ServiceCIDR: [NAME, column("CIDRS", (o) => items(o, "spec", "cidrs").join(",")), AGE],
  IPAddress: [NAME, column("PARENTREF", parentRef)],
  NetworkPolicy: [
    NAME,
    column("POD-SELECTOR", (o) => formatSelector(at(o, "spec", "podSelector") as LabelSelector | undefined)),
    AGE,
  ],
  Lease: [NAME, column("HOLDER", (o) => text(o, "spec", "holderIdentity")), AGE],
  PersistentVolumeClaim: [
    NAME,
    column("STATUS", (o) => text(o, "status", "phase")),
    column("VOLUME", (o) => text(o, "spec", "volumeName")),
    column("CAPACITY", (o) => text(o, "status", "capacity", "storage")),
    column("ACCESS MODES", (o) => items(o, "status", "accessModes").join(",")),
    column("STORAGECLASS", (o) => text(o, "spec", "storageClassName")),
    column("VOLUMEATTRIBUTESCLASS", () => "<unset>"),
    AGE,
    wide("VOLUMEMODE", (o) => text(o, "spec", "volumeMode")),
  ],
  PodDisruptionBudget: [
    NAME,
    column("MIN AVAILABLE", (o) => text(o, "spec", "minAvailable") || "N/A"),
    column("MAX UNAVAILABLE", (o) => text(o, "spec", "maxUnavailable") || "N/A"),
    number("ALLOWED DISRUPTIONS", "status", "disruptionsAllowed"),
    AGE,
  ],
  StorageClass: [
    NAME,
    column("PROVISIONER", (o) => text(o, "provisioner")),
    column("RECLAIMPOLICY", (o) => text(o, "reclaimPolicy") || "Delete"),
    column("VOLUMEBINDINGMODE", (o) => text(o, "volumeBindingMode") || "Immediate"),
    column("ALLOWVOLUMEEXPANSION", (o) => String(at(o, "allowVolumeExpansion") === true)),
    AGE,
  ],
  CustomResourceDefinition: [NAME, column("CREATED AT", (o) => o.metadata.creationTimestamp ?? "<unknown>")],
  IPAddressPool: [
    NAME,
    column("AUTO ASSIGN", (o) => String(at(o, "spec", "autoAssign") !== false)),
    column("AVOID BUGGY IPS", (o) => String(at(o, "spec", "avoidBuggyIPs") === true)),
    column("ADDRESSES", (o) => JSON.stringify(items(o, "spec", "addresses"))),
  ],
  L2Advertisement: [
    NAME,
    column("IPADDRESSPOOLS", (o) => list(items(o, "spec", "ipAddressPools"))),
    column("IPADDRESSPOOL SELECTORS", (o) => list(items(o, "spec", "ipAddressPoolSelectors"))),
    column("INTERFACES", (o) => list(items(o, "spec", "interfaces"))),
  ],
};

const list = (values: readonly unknown[]): string => (values.length === 0 ? "" : JSON.stringify(values));
