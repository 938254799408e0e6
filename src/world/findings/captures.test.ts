/** What the real kube-proxy was captured with, as a user would paste it: nothing in it is wrong, and requests end as the real kernel ended them. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { cidrContains, joinHostPort } from "../../base/ip.ts";
import type { ProxyMode } from "../../model/config/types.ts";
import type { Severity } from "../../model/trace/finding.ts";
import type { Protocol } from "../../model/trace/types.ts";
import { readArchive } from "../../proxy/conformance/archive.ts";
import { worldOf } from "../why-testing.ts";

const FOLDER = fileURLToPath(new URL("../../proxy/conformance/captures/", import.meta.url));
const ARCHIVES = readdirSync(FOLDER).flatMap((file) => (/^\d.*\.txt$/.test(file) ? [file.slice(0, -4)] : []));
const filesOf = (name: string) => readArchive(readFileSync(`${FOLDER}${name}.txt`, "utf8"));
const INPUTS: Readonly<Record<string, string>> = {
  ...readArchive(readFileSync(`${FOLDER}inputs/others.txt`, "utf8")),
  ...Object.fromEntries(ARCHIVES.map((name) => [name, filesOf(name)["input.yaml"] ?? ""])),
};
const NAMES = Object.keys(INPUTS).sort();

interface Read {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly podCIDRs?: readonly string[] };
  readonly status?: { readonly addresses?: readonly { readonly address: string }[] };
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
}
const objectsOf = (yaml: string): readonly Read[] =>
  parseAllDocuments(yaml).flatMap((one) => (one.toJS() as Read | null) ?? []);

/** As `kubectl get -o yaml` prints it: one List, with what the API server stamps on objects, and slices that refer to pods. */
const asList = (yaml: string): string =>
  stringify({
    apiVersion: "v1",
    kind: "List",
    metadata: { resourceVersion: "" },
    items: objectsOf(yaml).map(({ metadata, endpoints, ...rest }, i) => ({
      ...rest,
      metadata: {
        ...metadata,
        uid: `0f2d3e4c-0000-4000-8000-${String(i).padStart(12, "0")}`,
        resourceVersion: String(1000 + i),
        creationTimestamp: "2025-01-02T03:04:05Z",
      },
      ...(endpoints === undefined
        ? {}
        : {
            endpoints: endpoints.map((one, j) => ({
              ...one,
              targetRef: { kind: "Pod", name: `${metadata.name}-p${String(j)}`, namespace: metadata.namespace },
            })),
          }),
    })),
  });

/** The worst of the whole cluster, and what that is. */
function worstIn(yaml: string, mode?: ProxyMode): readonly string[] {
  const found = worldOf({ yaml, ...(mode === undefined ? {} : { mode }) }).whyAll();
  if ("message" in found) return [found.message];
  expect(found.asked).toBeGreaterThan(0);
  return [found.outcome, ...found.findings.filter(({ severity }) => severity === "error").map(({ id }) => id)];
}

it("there are captures of every kind", () => {
  expect(NAMES.map((name) => name.slice(0, 2))).toEqual(
    Array.from({ length: 20 }, (_, i) => String(i + 1).padStart(2, "0")),
  );
});

it.each(NAMES)("no error as it was captured, and as kubectl would print it: %s", (name) => {
  const yaml = INPUTS[name] ?? "";
  expect(worstIn(yaml)).toEqual(["delivered"]);
  expect(worstIn(asList(yaml), "nftables")).toEqual(["delivered"]);
});

it.each(["ipvs", "userspace"] as const)("nor in %s mode", (mode) => {
  for (const name of ["03-no-endpoints-reject", "11-internal-traffic-policy-local", "15-ipv6-only"])
    expect([name, ...worstIn(INPUTS[name] ?? "", mode)]).toEqual([name, "delivered"]);
});

it.each(["step1", "step2", "step3", "step4", "step5"])("nor after %s of the lifecycle", (step) => {
  const files = filesOf("20-lifecycle-steps");
  expect(worstIn(`${files["input.yaml"] ?? ""}\n---\n${files[`${step}.yaml`] ?? ""}`)).toEqual(["delivered"]);
});

interface Flow {
  readonly name: string;
  readonly sourceIP: string;
  readonly protocol: Protocol;
  readonly destIP: string;
  readonly destPort: number;
  /** What the trace of the rules says: endpoints, REJECT or DROP; empty: untouched. */
  readonly output?: string;
  /** What connections through the real kernel came to. */
  readonly kernel?: Readonly<Record<string, unknown>>;
}
interface Config {
  readonly nodeName: string;
  readonly nodeIPs: readonly string[];
}

/** What is sent from the captured node, and what machines outside and other nodes send to its addresses: there it alone decides. */
function isDecidedHere({ name, destIP }: Flow, { nodeIPs }: Config): boolean {
  if (/unknown port|unallocated/.test(name)) return false;
  const isOwn = /^(this node|pod on this node|localhost|local endpoint)/.test(name);
  return isOwn || (/^(external client|other node)/.test(name) && nodeIPs.includes(destIP));
}

type End = "delivered" | "refused" | "silent";
function endOf({ output, kernel }: Flow): End | null {
  const ends = Object.keys(kernel ?? {});
  if (ends.includes("refused") || ends.includes("EPERM") || output === "REJECT") return "refused";
  if (ends.includes("timeout") || ends.includes("unreachable") || output === "DROP") return "silent";
  return ends.length > 0 || /\d/.test(output ?? "") ? "delivered" : null;
}

/** A pod and a client at each address that flows come from and nobody has. */
function withSenders(yaml: string, config: Config, flows: readonly Flow[]) {
  const objects = objectsOf(yaml);
  const nodes = objects.filter(({ kind }) => kind === "Node");
  const senders = new Map<string, string>();
  const more: object[] = [];
  for (const ip of new Set(flows.map(({ sourceIP }) => sourceIP))) {
    const node = nodes.find(({ status }) => status?.addresses?.some(({ address }) => address === ip));
    const home = nodes.find(({ spec }) => spec?.podCIDRs?.some((cidr) => cidrContains(cidr, ip)));
    const slice = objects.find(({ endpoints }) => endpoints?.some(({ addresses }) => addresses.includes(ip)));
    const name = `sender-${String(more.length)}`;
    if (node !== undefined) senders.set(ip, `node/${node.metadata.name}`);
    else if (/^(127\.|::1$)/.test(ip)) senders.set(ip, `node/${config.nodeName}`);
    else if (slice !== undefined) senders.set(ip, `pod/${slice.metadata.namespace ?? ""}/${ip}`);
    else if (home !== undefined) {
      senders.set(ip, `pod/default/${name}`);
      more.push({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name },
        spec: { nodeName: home.metadata.name, containers: [{ name: "c", image: "curlimages/curl" }] },
        status: { podIP: ip, podIPs: [{ ip }] },
      });
    } else {
      senders.set(ip, `client/${name}`);
      more.push({ apiVersion: "kubehop.dev/v1alpha1", kind: "Client", metadata: { name }, spec: { ip } });
    }
  }
  return { senders, yaml: [yaml, ...more.map((one) => stringify(one))].join("\n---\n") };
}

/** How a request ends here, and the errors that are said of it. */
type Told = readonly [flow: string, end: End | "not sent", errors: readonly string[]];

function toldOf(name: string, mode: "iptables" | "nftables", file: string): { told: readonly Told[]; want: Told[] } {
  const files = filesOf(name);
  const config = JSON.parse(files["config.json"] ?? "") as Config;
  const [step] = JSON.parse(files[file] ?? "") as readonly { readonly flows: readonly Flow[] }[];
  const flows = (step?.flows ?? []).filter((flow) => isDecidedHere(flow, config) && endOf(flow) !== null);
  expect(flows.length).toBeGreaterThan(3);
  const { senders, yaml } = withSenders(files["input.yaml"] ?? "", config, flows);
  const world = worldOf({ yaml, mode });
  const isError = ({ severity }: { readonly severity: Severity }): boolean => severity === "error";
  const told = flows.map(({ name: flow, sourceIP, destIP, destPort, protocol }): Told => {
    const found = world.why({ from: senders.get(sourceIP) ?? "", to: joinHostPort(destIP, destPort), protocol });
    if ("message" in found) return [flow, "not sent", [found.message]];
    const { outcome } = found;
    const end = outcome === "delivered" || outcome === "refused" ? outcome : "silent";
    return [flow, end, [...new Set(found.findings.filter(isError).map(({ id }) => id))].slice(0, 1)];
  });
  const want = flows.map((flow, i): Told => {
    const end = endOf(flow) ?? "silent";
    return [flow.name, end, end === "delivered" ? [] : (told[i]?.[2] ?? []).length > 0 ? (told[i]?.[2] ?? []) : ["?"]];
  });
  return { told, want };
}

describe("requests end as they did in the capture, with an error only where they do not arrive:", () => {
  it.each([
    [
      "03-no-endpoints-reject",
      "kernelflows.iptables.json",
      ["LB-SOURCE-RANGES", "SVC-NO-ENDPOINTS", "SVC-SELECTOR-NO-MATCH"],
    ],
    ["04-nodeport-cluster", "flows.iptables.json", []],
    ["05-nodeport-local", "kernelflows.iptables.json", ["LOCAL-EXTERNAL-NO-ENDPOINT"]],
    ["07-lb-source-ranges", "flows.iptables.json", ["LB-SOURCE-RANGES"]],
    ["08-lb-local-healthcheck", "kernelflows.iptables.json", ["LOCAL-EXTERNAL-NO-ENDPOINT"]],
    ["10-session-affinity", "kernelflows.iptables.json", []],
    ["13-terminating-and-not-ready", "flows.iptables.json", ["SVC-NO-ENDPOINTS"]],
    ["15-ipv6-only", "flows.nftables6.json", ["LB-SOURCE-RANGES", "SVC-SELECTOR-NO-MATCH"]],
  ] as const)("%s, %s", (name, file, ids) => {
    const { told, want } = toldOf(name, file.includes("nftables") ? "nftables" : "iptables", file);
    expect(told).toEqual(want);
    expect([...new Set(told.flatMap(([, , errors]) => errors))].sort()).toEqual([...ids]);
  });
});
