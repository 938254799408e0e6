import { parseAllDocuments } from "yaml";
import { isRecord } from "../../base/json.ts";
import { compareStrings } from "../../base/compare.ts";
import type { IpvsScheduler, ProxyConfig } from "../../model/config/types.ts";
import { SERVICE_NAME_LABEL, type EndpointSlice } from "../../model/endpointslice/types.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { ProxyNode } from "../node.ts";
import type { ServiceReader } from "../view.ts";

/** A capture of the real kube-proxy: inputs, and what it printed. File name → text. */
export type CaseFiles = Readonly<Record<string, string>>;

export interface CaseStep {
  readonly name: string;
  /** Objects after this step. */
  readonly objects: ReadonlyMap<ObjectKey, KubeObject>;
}

export interface Case {
  readonly name: string;
  readonly files: CaseFiles;
  readonly families: readonly (4 | 6)[];
  readonly node: ProxyNode;
  readonly config: ProxyConfig;
  /** Step 0 is the input; each later one applies a file or deletes objects. */
  readonly steps: readonly CaseStep[];
}

/** What a case folder's config.json says; see the README of the captures. */
interface RawConfig {
  readonly name?: string;
  readonly nodeName: string;
  readonly nodeIPs: readonly string[];
  readonly ipFamilies: readonly string[];
  readonly detectLocal?: Readonly<Record<string, unknown>> | null;
  readonly masqueradeAll?: boolean;
  readonly masqueradeBit?: number;
  readonly localhostNodePorts?: boolean;
  readonly nodePortAddresses?: readonly string[] | null;
  readonly nfacct?: boolean;
  readonly conntrackTCPBeLiberal?: boolean;
  readonly iptablesHasRandomFully?: boolean;
  readonly serviceCIDRs?: readonly string[];
  readonly ipvsScheduler?: IpvsScheduler;
  readonly steps?: readonly { readonly name: string; readonly file?: string; readonly delete?: readonly string[] }[];
}

function objectsOf(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const value: unknown = document.toJS();
    return isRecord(value) && typeof value["kind"] === "string" ? [value as unknown as KubeObject] : [];
  });
}

const DETECT_MODES: readonly ProxyConfig["detectLocalMode"][] = [
  "ClusterCIDR",
  "NodeCIDR",
  "BridgeInterface",
  "InterfaceNamePrefix",
];

/** Local-traffic detection: the mode, and its CIDRs or interface name, under whatever field name the capture keeps them. */
function detectLocalOf(raw: RawConfig["detectLocal"]): Pick<ProxyConfig, "detectLocalMode" | "detectLocal"> {
  const mode = DETECT_MODES.find((known) => known === raw?.["mode"]);
  if (!raw || mode === undefined) return { detectLocalMode: "ClusterCIDR", detectLocal: [] };
  const values: string[] = [];
  for (const [field, value] of Object.entries(raw)) {
    if (field === "mode") continue;
    if (typeof value === "string" && value !== "") values.push(value);
    if (Array.isArray(value)) values.push(...value.filter((v) => typeof v === "string"));
  }
  return { detectLocalMode: mode, detectLocal: values };
}

function configOf(raw: RawConfig): ProxyConfig {
  return {
    mode: "iptables",
    ...detectLocalOf(raw.detectLocal),
    masqueradeAll: raw.masqueradeAll ?? false,
    masqueradeBit: raw.masqueradeBit ?? 14,
    localhostNodePorts: raw.localhostNodePorts ?? true,
    nodePortAddresses: raw.nodePortAddresses ?? null,
    minSyncPeriod: 1_000_000,
    syncPeriod: 30_000_000,
    nfacct: raw.nfacct ?? true,
    conntrackTCPBeLiberal: raw.conntrackTCPBeLiberal ?? false,
    randomFully: raw.iptablesHasRandomFully ?? true,
    serviceCIDRs: raw.serviceCIDRs ?? [],
    ipvsScheduler: raw.ipvsScheduler ?? "rr",
  };
}

function nodeOf(raw: RawConfig, objects: ReadonlyMap<ObjectKey, KubeObject>): ProxyNode {
  const node = [...objects.values()].find((o) => o.kind === "Node" && o.metadata.name === raw.nodeName) as
    Node | undefined;
  return {
    name: raw.nodeName,
    ips: raw.nodeIPs,
    zone: node?.metadata.labels?.["topology.kubernetes.io/zone"] ?? null,
    podCIDRs: node?.spec.podCIDRs ?? (node?.spec.podCIDR ? [node.spec.podCIDR] : []),
  };
}

/** Reads a case folder's files. Throws with the file's name when one is missing or not readable as what it should be. */
export function loadCase(name: string, files: CaseFiles): Case {
  const text = (file: string): string => {
    const found = files[file];
    if (found === undefined) throw new Error(`${name}: no ${file}`);
    return found;
  };
  const raw = JSON.parse(text("config.json")) as RawConfig;
  let objects = new Map(objectsOf(text("input.yaml")).map((o) => [keyOf(o), o]));
  const steps: CaseStep[] = [{ name: "initial", objects }];
  for (const step of raw.steps ?? []) {
    objects = new Map(objects);
    if (step.file !== undefined) for (const o of objectsOf(text(step.file))) objects.set(keyOf(o), o);
    for (const key of step.delete ?? []) objects.delete(key as ObjectKey);
    steps.push({ name: step.name, objects });
  }
  return {
    name: raw.name ?? name,
    files,
    families: raw.ipFamilies.map((family) => (family === "IPv6" ? 6 : 4)),
    node: nodeOf(raw, objects),
    config: configOf(raw),
    steps,
  };
}

/** The step's objects as a proxy reads them from the API. */
export function readerOf(step: CaseStep): ServiceReader {
  const all = [...step.objects.values()].sort(
    (a, b) =>
      compareStrings(a.metadata.namespace ?? "", b.metadata.namespace ?? "") ||
      compareStrings(a.metadata.name, b.metadata.name),
  );
  return {
    list: <T extends KubeObject>(kind: string) => all.filter((o) => o.kind === kind) as unknown as readonly T[],
    slicesOf: (namespace, service) =>
      all.filter(
        (o) =>
          o.kind === "EndpointSlice" &&
          o.metadata.namespace === namespace &&
          o.metadata.labels?.[SERVICE_NAME_LABEL] === service,
      ) as unknown as readonly EndpointSlice[],
  };
}
