/**
 * What a room can be asked to guess before it is shown: derived from the walk itself and from the objects of the cluster, never
 * written beforehand. Pure. Choices are ordered by what they are, never by which of them is right.
 */
import { cidrNth, parseIP } from "../../base/ip.ts";
import { rewriteOf } from "../../graph/path.ts";
import { shortenPodName } from "../../graph/names.ts";
import { serviceOfWalk } from "../../graph/read.ts";
import { isRelayed } from "../../mirror/joined.ts";
import { SERVICE_NAME_LABEL, type EndpointSlice } from "../../model/endpointslice/types.ts";
import type { Prediction } from "../../model/lesson/types.ts";
import { objectKey, splitKey, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Hop, OutcomeKind, Walk } from "../../model/trace/types.ts";
import { hostTitle } from "../inspector/wording.ts";
import { sequence } from "../playback.ts";
import type { AskedHalf } from "../stage/presented.ts";

export interface Choice {
  readonly id: string;
  readonly text: string;
  /** Whose address it is, or what it looks like; empty when the text says it all. */
  readonly note: string;
  /** Something that a machine wrote: an address, a name. */
  readonly isMachine: boolean;
  /** Said of this choice with the answer; empty when the answer says it all. */
  readonly why: string;
}

export interface Question {
  readonly id: "pod" | "source" | "end" | "lesson";
  readonly ask: string;
  /** Position in the walk's sequence before which it stands; -1: before the walk. */
  readonly before: number;
  readonly choices: readonly Choice[];
  /** Id of the choice that turns out to be so. */
  readonly right: string;
  /** What of the packet it is about. */
  readonly half: AskedHalf;
  /** What happens, in a sentence. */
  readonly why: string;
}

type Objects = ReadonlyMap<ObjectKey, KubeObject>;

/** More than these cannot be told apart on a projector, nor counted by hand. */
const MOST = 6;

const machine = (id: string, note: string, text = id): Choice => ({ id, text, note, isMachine: true, why: "" });
const nameOf = (place: string): string => place.slice(place.lastIndexOf("/") + 1);

/** All questions about a walk, in the order in which they come up. */
export function questionsOf(walk: Walk, objects: Objects): readonly Question[] {
  const questions = [podQuestion(walk, objects), sourceQuestion(walk, objects), endQuestion(walk)];
  return questions
    .filter((one): one is Question => one !== null && one.before > 0 && one.choices.length > 1)
    .toSorted((a, b) => a.before - b.before);
}

/** Where an endpoint is chosen: the first hop of the request on a node that rewrites the destination. */
function translation(walk: Walk): { readonly hop: Hop; readonly at: number } | null {
  const at = walk.hops.findIndex((hop) => hop.stage !== "lb" && !isRelayed(hop) && rewriteOf(hop).destination);
  const hop = walk.hops[at];
  return hop === undefined ? null : { hop, at };
}

interface Endpoint {
  readonly ip: string;
  readonly pod: string | null;
  readonly node: string | null;
}

/** Ready endpoints of the walk's Service in the family of the packet, and the one that was taken, in the order of their addresses. */
function endpointsOf(walk: Walk, taken: string, objects: Objects): readonly Endpoint[] {
  const service = serviceOfWalk(walk);
  if (service === null) return [];
  const { namespace, name } = splitKey(service);
  const found = new Map<string, Endpoint>();
  for (const object of objects.values()) {
    if (object.kind !== "EndpointSlice" || object.metadata.namespace !== namespace) continue;
    if (object.metadata.labels?.[SERVICE_NAME_LABEL] !== name) continue;
    for (const endpoint of (object as EndpointSlice).endpoints ?? []) {
      const ip = endpoint.addresses[0] ?? "";
      if (endpoint.conditions?.ready === false || parseIP(ip)?.family !== parseIP(taken)?.family) continue;
      found.set(ip, { ip, pod: endpoint.targetRef?.name ?? null, node: endpoint.nodeName ?? null });
    }
  }
  if (!found.has(taken)) found.set(taken, { ip: taken, ...ownerOf(taken, objects) });
  return [...found.values()].toSorted((a, b) => {
    const [x, y] = [parseIP(a.ip)?.value ?? 0n, parseIP(b.ip)?.value ?? 0n];
    return x < y ? -1 : x > y ? 1 : 0;
  });
}

/** The pod that has an address, and where it runs. */
function ownerOf(ip: string, objects: Objects): { readonly pod: string | null; readonly node: string | null } {
  for (const object of objects.values())
    if (object.kind === "Pod" && (object as Pod).status?.podIP === ip)
      return { pod: object.metadata.name, node: (object as Pod).spec.nodeName ?? null };
  return { pod: null, node: null };
}

function podQuestion(walk: Walk, objects: Objects): Question | null {
  const found = translation(walk);
  if (found === null) return null;
  const { hop, at } = found;
  const taken = hop.after.dst;
  const endpoints = endpointsOf(walk, taken, objects);
  const common = { id: "pod", before: at, half: "destination", why: hop.note } as const;
  if (endpoints.length <= MOST)
    return {
      ...common,
      ask: walk.backend?.ip === taken ? "Which pod will answer?" : "Which pod will it be sent to?",
      choices: endpoints.map(({ ip, pod, node }) =>
        machine(
          ip,
          [...(pod === null ? [] : [shortenPodName(pod)]), ...(node === null ? [] : [`on ${node}`])].join(" "),
        ),
      ),
      right: taken,
    };
  const nodes = [...new Set(endpoints.map(({ node }) => node ?? ""))].toSorted();
  const count = (node: string): number => endpoints.filter((one) => (one.node ?? "") === node).length;
  if (nodes.length > MOST || nodes.includes("")) return null;
  return {
    ...common,
    ask: "On which node is the pod that will answer?",
    choices: nodes.map((node) => machine(node, count(node) === 1 ? "1 pod" : `${String(count(node))} pods`)),
    right: endpoints.find((one) => one.ip === taken)?.node ?? "",
  };
}

/** Which addresses the packet might have as its source: the client's, what it dialled, and both sides of the node, as it meets them. */
function sourcesOf(walk: Walk, seen: string, node: string, objects: Objects): readonly Choice[] {
  const first = walk.hops[0]?.before;
  if (first === undefined) return [];
  const { src, dst } = first;
  const from = walk.hops[0]?.place ?? "client/internet";
  const { spec, status } = (objects.get(objectKey("Node", "", node)) ?? {}) as Partial<Node>;
  const eth0 = (status?.addresses ?? []).flatMap((one) => (one.type === "InternalIP" ? [one.address] : []));
  const cni0 = [...new Set([spec?.podCIDR ?? "", ...(spec?.podCIDRs ?? [])])]
    .filter((cidr) => cidr !== "")
    .map((cidr) => cidrNth(cidr, 1));
  const service = serviceOfWalk(walk);
  const isBalanced = walk.hops.some((hop) => hop.stage === "lb");
  // An address may be several of these: what is written last says it best.
  const notes = new Map([
    [seen, shortenPodName(ownerOf(seen, objects).pod ?? "a host on the way", 18)],
    [
      dst,
      isBalanced ? "the load balancer" : service === null ? "what it dialled" : `Service ${splitKey(service).name}`,
    ],
    ...eth0.map((ip) => [ip, `${node}, eth0`] as const),
    ...cni0.map((ip) => [ip, `${node}, cni0`] as const),
    [src, from.startsWith("client/") ? "the client" : `the client, ${hostTitle(from)}`],
  ]);
  return [...new Set([src, dst, ...eth0, ...cni0, seen])]
    .filter((ip) => parseIP(ip)?.family === parseIP(src)?.family)
    .map((ip) => machine(ip, notes.get(ip) ?? ""));
}

function sourceQuestion(walk: Walk, objects: Objects): Question | null {
  const found = translation(walk);
  if (found === null || walk.sourceSeen === null || !found.hop.place.startsWith("node/")) return null;
  const { hop, at } = found;
  // Whether it is rewritten or not, it is asked at the same place: that it is asked tells nothing.
  const rewritten = walk.hops.findIndex((one) => rewriteOf(one).source);
  const leaving = walk.hops.findIndex(
    (one, i) => i > at && one.place === hop.place && one.stage === "hook:nat/POSTROUTING",
  );
  const relay = walk.hops[rewritten];
  // A relay's own connection is another one: until there its client's is told as it is.
  const places = relay !== undefined && isRelayed(relay) ? [rewritten] : [rewritten, leaving].filter((one) => one > at);
  const before = places.length === 0 ? walk.hops.length - 1 : Math.min(...places);
  const said = rewritten < 0 ? walk.hops.at(-1)?.note : walk.hops[rewritten]?.note;
  return {
    id: "source",
    ask: "Which source address will the pod see?",
    before,
    choices: sourcesOf(walk, walk.sourceSeen, nameOf(hop.place), objects),
    right: walk.sourceSeen,
    half: "source",
    why: rewritten < 0 ? `No rule rewrites the source. ${said ?? ""}` : (said ?? ""),
  };
}

type End = "answer" | "refused" | "timeout" | "unreachable" | "name";

const ENDS: Readonly<Record<OutcomeKind, End>> = {
  delivered: "answer",
  refused: "refused",
  reset: "refused",
  timeout: "timeout",
  unreachable: "unreachable",
  "name-error": "name",
};

const end = (id: End, text: string, note: string): Choice => ({ id, text, note, isMachine: false, why: "" });

/** What a client can get. The last is offered only to one who dials a name. */
const END_CHOICES: readonly Choice[] = [
  end("answer", "An answer", "the connection is made"),
  end("refused", "Refused", "an error comes back"),
  end("timeout", "Timeout", "nothing ever comes back"),
  end("unreachable", "Unreachable", "a host knows no route"),
  end("name", "No such name", "it does not even dial"),
];

function endQuestion(walk: Walk): Question | null {
  const named = walk.hops[0]?.stage === "dns" && walk.role !== "dns";
  return {
    id: "end",
    ask: "What does the client get?",
    before: walk.hops.length - 1,
    choices: END_CHOICES.filter(({ id }) => id !== "name" || named),
    right: ENDS[walk.outcome],
    half: "whole",
    why: walk.summary,
  };
}

/** A lesson's own question, as its author ordered the choices. */
export function questionOfLesson({ ask, options }: Prediction): Question {
  return {
    id: "lesson",
    ask,
    before: -1,
    choices: options.map(({ text, why }, i) => ({ id: String(i), text, note: "", isMachine: false, why })),
    right: String(options.findIndex((option) => option.right === true)),
    half: "whole",
    why: options.find((option) => option.right === true)?.why ?? "",
  };
}

/** The question that comes up at the step to a position, of those not answered yet. */
export function questionAt(
  questions: readonly Question[],
  position: number,
  isAnswered: (question: Question) => boolean,
): Question | null {
  return questions.find((question) => question.before === position && !isAnswered(question)) ?? null;
}

/** The hop that a question stands before; null: it stands before the whole walk. */
export function hopBefore(walk: Walk, question: Question): Hop | null {
  return sequence(walk)[question.before]?.hop ?? null;
}
