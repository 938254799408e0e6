/** Why a request does not arrive: the suspicions of `diagnose`, each proved or dropped in a fork of the history. */
import { seededChooser } from "../base/draw.ts";
import { applyFieldEdits, valueAt } from "../manifest/field-edits.ts";
import { findDocument, locate, type Manifest } from "../manifest/manifest.ts";
import { parsePath } from "../manifest/locate.ts";
import { caseOf, suspicionsOf, worstOf } from "../diagnose/diagnose.ts";
import { isGatewayError } from "../diagnose/branches.ts";
import { endpointsOf, makerOf } from "../diagnose/endpoints.ts";
import type { Case, Clue, Remedy, Suspicion } from "../diagnose/types.ts";
import type { JsonValue } from "../base/json.ts";
import { formatPath } from "../model/decode.ts";
import { objectKey, type ObjectKey, splitKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Diagnosis, Evidence, FieldEdit, Finding, Fix } from "../model/trace/finding.ts";
import type { Exploration, Request } from "../model/trace/types.ts";
import { explore } from "../network/explore.ts";
import { createTopology } from "../network/topology/topology.ts";
import type { Refusal } from "../wire/protocol.ts";
import { Session } from "./commands.ts";
import { dialsRefused, partOf } from "./partial.ts";
import { nodePortRejected, type Proving, refusalOf } from "./rejected.ts";
import { relevantRevision } from "./proxies.ts";
import type { Cluster } from "./simulation.ts";

/** Requests in this cluster as it stands, each with every branch followed. */
export function casesIn(cluster: Cluster, manifest: Manifest): (request: Request) => Case {
  const view = cluster.view();
  const topology = createTopology(view);
  const { seed, network } = cluster.state;
  const nodes = cluster.store.list<Node>("Node").map(({ metadata }) => metadata.name);
  const latest = relevantRevision(cluster.store.journal, cluster.store.revision);
  const proxies = nodes.map((node) => {
    const { sync, config, failure } = cluster.proxyOf(node);
    return {
      node,
      mode: cluster.modeOf(node),
      running: config !== null,
      current: (sync?.syncedRevision ?? 0) >= latest,
      failure,
      nodePortAddresses: config?.nodePortAddresses ?? null,
    };
  });
  return (request) => {
    const explored = explore(view, network, request, { id: 0, chooser: seededChooser(seed), topology });
    return caseOf({
      request,
      error: explored.ok ? null : explored.error,
      exploration: explored.ok ? explored.value : { walks: [] },
      view,
      network,
      objects: cluster.store,
      proxies,
      envOf: (pod, container) => cluster.envOf(pod, container),
      isWritten: (object) => findDocument(manifest, object) !== undefined,
    });
  };
}

/** One request. */
export const caseIn = (cluster: Cluster, manifest: Manifest, request: Request): Case =>
  casesIn(cluster, manifest)(request);

/** Objects and paths as documents and paths of the text; null when something of it is not in the text. */
function fieldEdits(manifest: Manifest, { edits, adds = [] }: Remedy): readonly FieldEdit[] | null {
  const out: FieldEdit[] = [];
  for (const { object, path, to, ifThere } of edits) {
    const document = findDocument(manifest, object);
    if (document === undefined) return null;
    const steps = parsePath(path);
    const from = valueAt(document.value, steps) as JsonValue | undefined;
    if (ifThere === true && from === undefined) continue;
    out.push({ document: document.index, path: formatPath(steps), from: from ?? null, to });
  }
  adds.forEach((to, i) => out.push({ document: manifest.documents.length + i, path: "", from: null, to }));
  return out;
}

/** Generated names change with their template: in a fork, a pod of the same Deployment sends. */
function standIn(request: Request, { store }: Cluster): Request {
  const [kind, namespace = "", name = ""] = request.from.split("/");
  const pod = kind === "pod" ? store.get<Pod>(objectKey("Pod", namespace, name)) : undefined;
  const maker = pod === undefined ? undefined : makerOf(store, pod);
  if (maker === undefined || splitKey(maker.key).kind !== "Deployment") return request;
  return { ...request, from: `deploy/${namespace}/${splitKey(maker.key).name}` };
}

function allDelivered({ walks, unexplored }: Exploration): boolean {
  return (
    walks.length > 0 &&
    unexplored === undefined &&
    walks.every((walk) => walk.outcome === "delivered" && !isGatewayError(walk))
  );
}

/** The history with this text in the place of its last one; null when the text is not taken, or something was done after it. */
function startedWith(session: Session, text: string): Cluster | null {
  const taken = session.report.accepted ? session.commands : session.commands.slice(0, -1);
  const hasText = taken.at(-1)?.command.type === "text";
  // A text that was refused has not taken the place of anything.
  if (!hasText && session.report.accepted) return null;
  const fork = new Session(session.cluster.state.seed);
  for (const { at, command } of hasText ? taken.slice(0, -1) : taken) {
    if (at > fork.cluster.now) fork.dispatch({ type: "run", micros: at - fork.cluster.now });
    fork.dispatch(command);
  }
  return fork.dispatch({ type: "text", text }).refusal === null ? fork.cluster : null;
}

/** "every branch followed, in a fork: 3 of 3 endpoints reached". */
function reachedText({ exploration, target, objects }: Case): string {
  const reached = new Set(
    exploration.walks.flatMap(({ backend }) =>
      backend === null ? [] : [`${backend.pod ?? backend.ip}:${String(backend.port)}`],
    ),
  ).size;
  const ready = target.service === null ? reached : Math.max(reached, endpointsOf(objects, target.service).ready);
  const what = ready === 1 ? "endpoint" : "endpoints";
  return `every branch followed, in a fork: ${String(reached)} of ${String(ready)} ${what} reached`;
}

/** Objects that are there and that the API server does not let become what the text says. */
function immutableIn(cluster: Cluster, text: string): readonly ObjectKey[] {
  const scenario = cluster.scenario(text);
  if (!scenario.sound) return [];
  const keys = cluster.dryRun(scenario).refusals.map(({ key }) => key);
  return keys.every((key) => cluster.store.get(key) !== undefined) ? [...new Set(keys)] : [];
}

/** `service/web`. */
function resourceText(key: ObjectKey): string {
  const { kind, name } = splitKey(key);
  return `${kind.toLowerCase()}/${name}`;
}

function proved(session: Session, manifest: Manifest, request: Request, suspicion: Suspicion): Fix | null {
  const { cluster } = session;
  const { isMended = allDelivered, proves } = suspicion;
  const sender = objectKey("Pod", ...(request.from.split("/").slice(1) as [string, string]));
  const other = standIn(request, cluster);
  for (const remedy of suspicion.remedies) {
    const edits = fieldEdits(manifest, remedy);
    const text = edits === null ? null : applyFieldEdits(session.admittedText, edits);
    if (edits === null || text === null) continue;
    const prove = (fork: Cluster): string | null => {
      const there = fork.store.get(sender) === undefined ? other : request;
      const after = caseIn(fork, fork.scenario(text).manifest, there);
      if (after.error !== null || !isMended(after.exploration, after)) return null;
      return proves?.(after.exploration, after) ?? reachedText(after);
    };
    const inPlace = cluster.withText(text, () => ({ proof: prove(cluster) }));
    if (inPlace !== null && inPlace.proof !== null) return { title: remedy.title, edits, proof: inPlace.proof };
    if (inPlace !== null && remedy.anew !== true) continue;
    const replaces = inPlace === null ? immutableIn(cluster, text) : [];
    const replaced = replaces.length === 0 ? null : cluster.withText(text, () => ({ proof: prove(cluster) }), replaces);
    if (replaced !== null && replaced.proof !== null) {
      const what = replaces.map((key) => resourceText(key)).join(" and ");
      const how = `the API server lets nobody change this field: kubectl replace --force deletes ${what} and creates it anew`;
      return { title: remedy.title, edits, proof: `${replaced.proof}; ${how}`, replaces };
    }
    const anew = startedWith(session, text);
    const proof = anew === null ? null : prove(anew);
    if (proof !== null) {
      const isProxys = remedy.edits.every(({ object }) => splitKey(object).kind === "KubeProxyConfiguration");
      const how = isProxys
        ? "kube-proxy reads it when it is started: kubectl -n kube-system rollout restart ds/kube-proxy"
        : remedy.anew === true
          ? "what there is keeps its addresses: it counts for a cluster that is made with it"
          : "the API server lets nobody change this field: delete the object and apply it anew";
      return { title: remedy.title, edits, proof: `${proof}; ${how}` };
    }
  }
  return suspicion.isStepwise === true ? stepByStep(session, request, suspicion) : null;
}

/** Obstacles of one kind that may stand one behind the other. */
const MAX_STEPS = 5;

/** The last remedy of the suspicion, that of what is found behind it, and so on until it arrives. */
function stepByStep(session: Session, request: Request, suspicion: Suspicion): Fix | null {
  const { cluster } = session;
  const edits: FieldEdit[] = [];
  const titles: string[] = [];
  let text = session.admittedText;
  let current: Suspicion | undefined = suspicion;
  for (let step = 0; step < MAX_STEPS && current !== undefined; step++) {
    const remedy: Remedy | undefined = current.remedies.at(-1);
    const more = remedy === undefined ? null : fieldEdits(cluster.scenario(text).manifest, remedy);
    const next: string | null = more === null ? null : applyFieldEdits(text, more);
    if (remedy === undefined || more === null || next === null) return null;
    edits.push(...more);
    titles.push(remedy.title);
    text = next;
    const seen: { readonly proof: string | null; readonly again: Suspicion | undefined } | null = cluster.withText(
      text,
      () => {
        const after = caseIn(cluster, cluster.scenario(text).manifest, request);
        if (after.error !== null) return { proof: null, again: undefined };
        if (allDelivered(after.exploration)) return { proof: reachedText(after), again: undefined };
        return { proof: null, again: suspicionsOf(after).find(({ id }) => id === suspicion.id) };
      },
    );
    if (seen === null) return null;
    if (seen.proof !== null) return { title: titles.join("; "), edits, proof: seen.proof };
    current = seen.again;
  }
  return null;
}

/** How a text is proved that would be taken. */
export const proving = (session: Session): Proving => ({
  startedWith: (text) => startedWith(session, text),
  reached: (cluster, text, request) => {
    const after = caseIn(cluster, cluster.scenario(text).manifest, request);
    return after.error === null && allDelivered(after.exploration) ? reachedText(after) : null;
  },
});

function evidenceOf(manifest: Manifest, clue: Clue): Evidence {
  if (clue.kind !== "object") return clue;
  const document = findDocument(manifest, clue.object);
  return { ...clue, range: document === undefined ? null : locate(document, clue.path) };
}

/** A suspicion with its places in the text and, unless nobody wants to wait for it (`unproved` says why), its proved edit. */
export function findingOf(
  session: Session,
  manifest: Manifest,
  request: Request,
  suspicion: Suspicion,
  unproved: string | null = null,
): Finding {
  const { id, severity, hop, evidence, cause, otherwise, command } = suspicion;
  const fix = unproved === null ? proved(session, manifest, request, suspicion) : null;
  return {
    id,
    severity,
    hop,
    evidence: evidence.map((clue) => evidenceOf(manifest, clue)),
    cause,
    fix,
    unfixed: fix === null ? (unproved ?? otherwise) : null,
    command,
  };
}

const SENDERS: Readonly<Record<string, string>> = { pod: "Pod", deploy: "Deployment", deployment: "Deployment" };

/** Is the sender somebody of the cluster, though it may not be able to send? */
function isThere({ store }: Cluster, from: string): boolean {
  const [kind = "", namespace, name = ""] = from.split("/");
  if (kind === "node" || kind === "client")
    return store.get(objectKey(kind === "node" ? "Node" : "Client", undefined, namespace ?? "")) !== undefined;
  return store.get(objectKey(SENDERS[kind] ?? "", namespace, name)) !== undefined;
}

/** The same where only some documents of the text are refused; null when what is left says nothing of this request. */
function whyOfRest(session: Session, request: Request, rejected: readonly Finding[]): Diagnosis | null {
  const part = partOf(session);
  if (part === null || dialsRefused(request.to, part.refused)) return null;
  const rest = why(part.session, request);
  if ("message" in rest) return null;
  // A node port that is not there is what one asks of who dials nodes, and may well be why it does not arrive elsewhere.
  const dialsNode = /^(node\/|\[|\d+\.)/.test(request.to);
  if (rejected.length > 0 && (dialsNode || rest.outcome !== "delivered")) return null;
  return { ...rest, findings: rest.findings.map(part.restored), refused: part.refused };
}

/** What becomes of a request and why; a refusal when the request makes no sense at all. The session's present stays as it is. */
export function why(session: Session, request: Request): Diagnosis | Refusal {
  const { cluster } = session;
  const rejected = nodePortRejected(session, request, proving(session));
  // Nothing of the text is there to look at.
  if (!session.report.accepted && session.admittedText === "") {
    const part = whyOfRest(session, request, rejected);
    if (part !== null) return part;
    const message = refusalOf(session);
    if (rejected.length === 0) return { message: `The text is refused: ${message}`, field: null };
    return { request, mode: "iptables", outcome: "not-sent", delivered: 0, symptom: message, findings: rejected };
  }
  const { manifest } = cluster.scenario(session.admittedText);
  const given = caseIn(cluster, manifest, request);
  if (given.error?.field === "from" && rejected.length === 0 && !isThere(cluster, request.from)) return given.error;
  const suspicions = suspicionsOf(given);
  if (given.error !== null && suspicions.length === 0 && rejected.length === 0) return given.error;
  const findings = suspicions.map((suspicion) => findingOf(session, manifest, request, suspicion));
  const isWell = given.error === null && given.failed.length === 0;
  const delivered = given.branches
    .filter(({ end }) => end === null)
    .reduce((sum, { walk }) => sum + walk.probability, 0);
  return {
    request,
    mode: given.proxies[0]?.mode ?? "iptables",
    ...(given.error === null ? worstOf(given) : { outcome: "not-sent" as const, symptom: given.error.message }),
    // Shares of branches are rounded each.
    delivered: Math.min(1, delivered),
    findings: isWell ? findings : [...rejected, ...findings],
  };
}
