/** Ranges of addresses that two owners claim: Services, pods, nodes. */
import { cidrContains, formatIP, parseCidr } from "../../base/ip.ts";
import { keyOf, type ObjectKey, objectKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import { nodeAddresses } from "../../network/addresses.ts";
import { serviceKey } from "../endpoints.ts";
import { clusterIPsOf } from "../target.ts";
import type { Branch, Case, Clue, Diagnoser, Remedy } from "../types.ts";

const CONFIG: ObjectKey = objectKey("ClusterConfiguration", undefined, "kubeadm-config");

/** The first address of a range; of an address itself. */
function firstOf(range: string): string {
  const cidr = parseCidr(range);
  return cidr === null ? range : formatIP({ family: cidr.family, value: cidr.base });
}

/** Do two ranges share an address? They nest, or they are apart. */
const overlap = (a: string, b: string): boolean => cidrContains(a, firstOf(b)) || cidrContains(b, firstOf(a));

const listed = (text: string): readonly string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

const podCIDRs = ({ spec }: Node): readonly string[] =>
  spec.podCIDRs ?? (spec.podCIDR === undefined ? [] : [spec.podCIDR]);

interface Overlap {
  readonly a: string;
  readonly b: string;
  readonly what: string;
  readonly evidence: readonly Clue[];
  readonly remedies: readonly Remedy[];
}

/** Where Services may move to, the usual ranges first. */
const SERVICE_RANGES = ["10.96.0.0/12", "172.20.0.0/16", "10.100.0.0/16", "192.168.192.0/20"] as const;

/** Another range for Services, and none of the addresses that the text gives them in the old one. */
function moveServices({ view, isWritten }: Case, old: string, taken: readonly string[]): readonly Remedy[] {
  const free = SERVICE_RANGES.find((range) => taken.every((one) => !overlap(range, one)));
  const rest = listed(view.cluster.serviceSubnet).map((range) => (range === old ? (free ?? range) : range));
  if (free === undefined) return [];
  const given = view
    .services()
    .filter((service) => isWritten(serviceKey(service)) && clusterIPsOf(service).some((ip) => cidrContains(old, ip)));
  const move = { object: CONFIG, path: "networking.serviceSubnet", to: rest.join(",") };
  const released = given.flatMap((service) =>
    ["spec.clusterIP", "spec.clusterIPs"].map((path) => ({
      object: serviceKey(service),
      path,
      to: null,
      ifThere: true as const,
    })),
  );
  return [{ title: `Move Services to ${free}`, edits: [move, ...released], anew: true }];
}

function ofServices(given: Case, nodes: readonly Node[]): readonly Overlap[] {
  const { cluster } = given.view;
  const pods = listed(cluster.podSubnet);
  const taken = [...pods, ...nodes.flatMap(podCIDRs), ...nodes.flatMap(nodeAddresses)];
  return listed(cluster.serviceSubnet).flatMap((range): readonly Overlap[] => {
    const said: Clue = { kind: "object", object: CONFIG, path: "networking.serviceSubnet", shows: range };
    const remedies = moveServices(given, range, taken);
    const podRange = pods.find((one) => overlap(range, one));
    if (podRange !== undefined) {
      const evidence: Clue = { kind: "object", object: CONFIG, path: "networking.podSubnet", shows: podRange };
      const what = `the Service CIDR ${range} and the pod CIDR ${podRange}`;
      return [{ a: range, b: podRange, what, evidence: [said, evidence], remedies }];
    }
    for (const node of nodes) {
      const { name } = node.metadata;
      const ip = nodeAddresses(node).find((one) => cidrContains(range, one));
      const own = podCIDRs(node).find((one) => overlap(range, one));
      const b = ip ?? own;
      if (b === undefined) continue;
      const what = `the Service CIDR ${range} and ${ip === undefined ? `podCIDR ${b} of ${name}` : `the nodes' network (${name} is ${b})`}`;
      const path = ip === undefined ? "spec.podCIDR" : "status.addresses";
      return [
        { a: range, b, what, evidence: [said, { kind: "object", object: keyOf(node), path, shows: b }], remedies },
      ];
    }
    return [];
  });
}

/** A free piece of the pod CIDR, as large as this one. */
function freePiece(subnets: readonly string[], like: string, taken: readonly string[]): string | null {
  const wanted = parseCidr(like);
  const pool = subnets.map(parseCidr).find((one) => one?.family === wanted?.family);
  if (wanted === null || pool === null || pool === undefined) return null;
  for (let i = 1n; i < 256n; i++) {
    const base = pool.base + i * wanted.size;
    if (base + wanted.size > pool.base + pool.size) return null;
    const piece = `${formatIP({ family: wanted.family, value: base })}/${String(wanted.prefix)}`;
    if (taken.every((one) => !overlap(piece, one))) return piece;
  }
  return null;
}

function ofNodes({ view }: Case, nodes: readonly Node[]): readonly Overlap[] {
  const subnets = listed(view.cluster.podSubnet);
  return nodes.flatMap((node, i) =>
    nodes.slice(i + 1).flatMap((other): readonly Overlap[] => {
      const a = podCIDRs(node).find((one) => podCIDRs(other).some((b) => overlap(one, b)));
      const b = podCIDRs(other).find((one) => a !== undefined && overlap(a, one));
      if (a === undefined || b === undefined) return [];
      const free = freePiece(subnets, b, nodes.flatMap(podCIDRs));
      const object = keyOf(other);
      const moved = podCIDRs(other).map((one) => (one === b ? (free ?? one) : one));
      return [
        {
          a,
          b,
          what: `the podCIDR ${a} of ${node.metadata.name} and ${b} of ${other.metadata.name}`,
          evidence: [
            { kind: "object", object: keyOf(node), path: "spec.podCIDR", shows: a },
            { kind: "object", object, path: "spec.podCIDR", shows: b },
          ],
          remedies:
            free === null
              ? []
              : [
                  {
                    title: `Give ${other.metadata.name} the podCIDR ${free}`,
                    edits: [
                      { object, path: "spec.podCIDR", to: moved[0] ?? free },
                      { object, path: "spec.podCIDRs", to: [...moved], ifThere: true },
                    ],
                    anew: true,
                  },
                ],
        },
      ];
    }),
  );
}

const overlapsIn = (given: Case): readonly Overlap[] => {
  const nodes = given.objects.list<Node>("Node");
  return [...ofServices(given, nodes), ...ofNodes(given, nodes)];
};

/** Does it die at an address that is in both, without a rule that says why? */
function diesThere({ end, walk }: Branch, { a, b }: Overlap): boolean {
  if (end === null || end.hop.rule !== null || end.hop.verdict === "refuse") return false;
  const seen = [...walk.hops, ...walk.reply].flatMap(({ before, after }) => [before.dst, before.src, after.dst]);
  return seen.some((ip) => cidrContains(a, ip) && cidrContains(b, ip));
}

export const cidrOverlap: Diagnoser = (given) => {
  const all = overlapsIn(given);
  const guilty = all.find((one) => given.failed.some((branch) => diesThere(branch, one)));
  const one = guilty ?? all[0];
  if (one === undefined) return [];
  const first = given.failed.find((branch) => diesThere(branch, one));
  const isGone = (fork: Case): boolean => !overlapsIn(fork).some(({ what }) => what === one.what);
  return [
    {
      id: "CIDR-OVERLAP",
      severity: guilty === undefined ? "warning" : "error",
      hop: first?.end?.at ?? null,
      evidence: one.evidence,
      cause:
        guilty === undefined
          ? `${one.what.charAt(0).toUpperCase()}${one.what.slice(1)} overlap: an address in both belongs to two owners, and packets go to the wrong one or nowhere as soon as it is given out twice.`
          : `${one.what.charAt(0).toUpperCase()}${one.what.slice(1)} overlap: the packet dies at an address that belongs to two owners.`,
      remedies: one.remedies,
      otherwise:
        "A cluster's ranges are fixed when it is made: build it with ranges that are apart from each other and from the nodes' network.",
      command:
        "kubectl get nodes -o custom-columns=NAME:.metadata.name,PODCIDR:.spec.podCIDR; kubectl get servicecidrs",
      isMended: ({ walks }, fork) =>
        walks.length > 0 && walks.every(({ outcome }) => outcome === "delivered") && isGone(fork),
    },
  ];
};
