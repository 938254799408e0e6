/**
 * What rules cost: a full compile of many Services, its text, and one endpoint that changes, in each mode. Beside the milliseconds
 * stand counts that do not depend on the machine: rules and elements written, objects read.
 */
import { createStore } from "../src/apiserver/store.ts";
import type { Store } from "../src/apiserver/types.ts";
import { printSave } from "../src/kernel/iptables/save.ts";
import { countRules } from "../src/kernel/iptables/types.ts";
import { listServers } from "../src/kernel/ipvs/text.ts";
import { saveIpSets } from "../src/kernel/ipvs/ipset.ts";
import { printRuleset } from "../src/kernel/nftables/print.ts";
import { countRules as countNft } from "../src/kernel/nftables/types.ts";
import type { ProxyConfig } from "../src/model/config/types.ts";
import { SERVICE_NAME_LABEL, type EndpointSlice } from "../src/model/endpointslice/types.ts";
import type { KubeObject } from "../src/model/meta/types.ts";
import type { Service } from "../src/model/service/types.ts";
import { servicesTouched } from "../src/proxy/changes.ts";
import { recompile as recompileIptables } from "../src/proxy/iptables/compile.ts";
import { recompile as recompileIpvs } from "../src/proxy/ipvs/compile.ts";
import { recompile as recompileNftables } from "../src/proxy/nftables/compile.ts";
import { recompile as recompileUserspace } from "../src/proxy/userspace/compile.ts";
import type { ProxyNode } from "../src/proxy/node.ts";
import { type ProxyView, trackView, updateView } from "../src/proxy/view.ts";
import { DEFAULT_PROXY } from "../src/world/defaults.ts";

const NODE: ProxyNode = { name: "worker-1", ips: ["192.168.56.11"], zone: null, podCIDRs: ["10.244.1.0/24"] };
const CONTEXT = { at: 0, cause: 0, writer: "bench" };
const ENDPOINTS = 5;
const FULL_ROUNDS = 5;
const CHANGES = 200;

function serviceOf(i: number): Service {
  const ip = `10.96.${i >> 8}.${i & 255}`;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `svc-${i}`, namespace: "default", uid: `uid-${i}` },
    spec: {
      type: "ClusterIP",
      clusterIP: ip,
      clusterIPs: [ip],
      ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 8080 }],
      internalTrafficPolicy: "Cluster",
      sessionAffinity: "None",
    },
    status: { loadBalancer: {} },
  };
}

/** The slice of a Service; another `turn` gives its first endpoint another address. */
function sliceOf(i: number, turn: number): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `svc-${i}-a`, namespace: "default", labels: { [SERVICE_NAME_LABEL]: `svc-${i}` } },
    addressType: "IPv4",
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
    endpoints: Array.from({ length: ENDPOINTS }, (_, k) => {
      const n = i * ENDPOINTS + k;
      const [second, third] = k === 0 && turn > 0 ? [245 + (turn % 8), n >> 8] : [244, n >> 8];
      return {
        addresses: [`10.${second}.${third & 255}.${n & 255}`],
        nodeName: `worker-${(n % 3) + 1}`,
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: "Pod", namespace: "default", name: `svc-${i}-${k}` },
      };
    }),
  };
}

interface Mode<C> {
  readonly name: ProxyConfig["mode"];
  recompile(previous: C | null, view: ProxyView, config: ProxyConfig): C;
  text(compiled: C): string;
  /** Rules, and for the modes that have them elements, servers and members. */
  size(compiled: C): string;
  touched(compiled: C): number;
}

function mode<C>(one: Mode<C>): Mode<unknown> {
  return one as unknown as Mode<unknown>;
}

const MODES: readonly Mode<unknown>[] = [
  mode<ReturnType<typeof recompileIptables>>({
    name: "iptables",
    recompile: (previous, view, config) => recompileIptables(previous, view, NODE, config),
    text: ({ ruleset }) => printSave(ruleset),
    size: ({ ruleset }) => `${countRules(ruleset)} rules`,
    touched: ({ touched }) => touched,
  }),
  mode<ReturnType<typeof recompileNftables>>({
    name: "nftables",
    recompile: (previous, view, config) => recompileNftables(previous, view, NODE, config),
    text: ({ ruleset }) => printRuleset(ruleset),
    size({ ruleset }) {
      const sets = ruleset.tables.flatMap((table) => [...table.sets.values()]);
      return `${countNft(ruleset)} + ${sets.reduce((sum, set) => sum + set.elements.size, 0)}`;
    },
    touched: ({ touched }) => touched,
  }),
  mode<ReturnType<typeof recompileIpvs>>({
    name: "ipvs",
    recompile: (previous, view, config) => recompileIpvs(previous, view, NODE, config),
    text: ({ ipvs }) =>
      listServers(ipvs.servers) + saveIpSets(ipvs.ruleset.sets?.values() ?? []) + printSave(ipvs.ruleset),
    size: ({ ipvs }) => `${ipvs.servers.reduce((sum, server) => sum + 1 + server.destinations.length, 0)} servers`,
    touched: ({ touched }) => touched,
  }),
  mode<ReturnType<typeof recompileUserspace>>({
    name: "userspace",
    recompile: (previous, view, config) => recompileUserspace(previous, view, NODE, config),
    text: ({ ruleset }) => printSave(ruleset),
    size: ({ ruleset }) => `${countRules(ruleset)} rules`,
    touched: ({ touched }) => touched,
  }),
];

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function timed<T>(run: () => T): { readonly ms: number; readonly result: T } {
  const start = performance.now();
  const result = run();
  return { ms: performance.now() - start, result };
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

/** Prints the rows through `row`, in the columns that {@link RULE_COLUMNS} names. */
export function benchRules(row: (name: string, ...cells: readonly string[]) => void): void {
  for (const count of [1_000, 10_000]) for (const one of MODES) benchMode(one, count, row);
}

export const RULE_COLUMNS = ["first", "full", "text", "size", "one change", "written", "read"] as const;

function benchMode(
  { name, recompile, text, size, touched }: Mode<unknown>,
  count: number,
  row: (name: string, ...cells: readonly string[]) => void,
): void {
  const store: Store = createStore();
  const puts: KubeObject[] = [];
  for (let i = 0; i < count; i++) puts.push(serviceOf(i), sliceOf(i, 0));
  store.commit({ puts }, CONTEXT);
  const base: ProxyConfig = { ...DEFAULT_PROXY, mode: name };
  let tracked = trackView(store, 4);
  const first = timed(() => recompile(null, tracked.view, base));
  // Another cluster CIDR and another scheduler: nothing but names is remembered from before.
  const configs = Array.from({ length: FULL_ROUNDS }, (_, i): ProxyConfig => ({
    ...base,
    detectLocal: [`10.${100 + i}.0.0/16`],
    ipvsScheduler: (["wrr", "lc", "wlc", "sh", "dh"] as const)[i] ?? "rr",
  }));
  const full = median(configs.map((config) => timed(() => recompile(null, tracked.view, config)).ms));
  let compiled = first.result;
  const printed = timed(() => text(compiled));
  const changes: number[] = [];
  let most = 0;
  const scanned = store.scanned;
  for (let n = 0; n < CHANGES; n++) {
    const commit = store.commit({ puts: [sliceOf((n * 7919) % count, 1 + n)] }, CONTEXT);
    const change = timed(() => {
      tracked = updateView(tracked, store, servicesTouched(commit === null ? [] : [commit]));
      return recompile(compiled, tracked.view, base);
    });
    compiled = change.result;
    changes.push(change.ms);
    most = Math.max(most, touched(compiled));
  }
  row(
    `${name}, ${count} Services x ${ENDPOINTS}`,
    ms(first.ms),
    ms(full),
    ms(printed.ms),
    size(first.result),
    ms(median(changes)),
    String(most),
    ((store.scanned - scanned) / CHANGES).toFixed(0),
  );
}
