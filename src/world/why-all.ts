/** What is wrong with a cluster as a whole: requests that its text means to arrive, each followed on all its branches. */
import { suspicionsOf, worstOf } from "../diagnose/diagnose.ts";
import { endpointsOf } from "../diagnose/endpoints.ts";
import { type Question, questionsOf } from "../diagnose/requests.ts";
import type { Case, Suspicion } from "../diagnose/types.ts";
import { type Workload, workloadsOf, workloadsSelected } from "../diagnose/workloads.ts";
import { findDocument, type Manifest } from "../manifest/manifest.ts";
import { objectKey, splitKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import {
  type ClusterDiagnosis,
  type ClusterFinding,
  FINDING_IDS,
  type FindingId,
  type Severity,
} from "../model/trace/finding.ts";
import type { Request } from "../model/trace/types.ts";
import type { Refusal } from "../wire/protocol.ts";
import { requestOf } from "./check.ts";
import type { Session } from "./commands.ts";
import { rowsOf } from "./matrix-axes.ts";
import { partOf } from "./partial.ts";
import { nodePortRejected, refusalOf } from "./rejected.ts";
import type { Cluster } from "./simulation.ts";
import { casesIn, findingOf, proving } from "./why.ts";

/** Edits proved for one answer, each in a fork: those of errors first. */
const MAX_PROOFS = 12;
const NOT_PROVED = "No edit was tried: there is too much to say at once. Ask why of this request alone.";

const SEVERITIES: readonly Severity[] = ["error", "warning", "note"];

/** What is meant so, where another sender or another node gets through. */
const MEANT: ReadonlySet<FindingId> = new Set([
  "POLICY-DENIES",
  "LOCAL-EXTERNAL-NO-ENDPOINT",
  "REMOTE-NODEPORT-LOCAL",
  "LB-SOURCE-RANGES",
]);

interface Asked {
  readonly given: Case;
  readonly suspicions: readonly Suspicion[];
}

/** An ingress controller's own answer is none of those who are meant. */
const arrives = ({ error, failed, exploration, front }: Case): boolean =>
  error === null && failed.length === 0 && exploration.walks.length > 0 && front === null;

const shareOf = ({ branches }: Case): number =>
  branches.filter(({ end }) => end === null).reduce((sum, { walk }) => sum + walk.probability, 0);

const demoted = (suspicion: Suspicion, severity: Severity): Suspicion =>
  SEVERITIES.indexOf(suspicion.severity) < SEVERITIES.indexOf(severity) ? { ...suspicion, severity } : suspicion;

const isScaledToZero = ({ spec }: Workload): boolean => spec.replicas === 0;

const hasSelector = ({ spec }: Service): boolean => Object.keys(spec.selector ?? {}).length > 0;

/** How bad it can be at most that this Service is not reached. */
function limitOf(cluster: Cluster, service: Service): Severity {
  const workloads = workloadsSelected(cluster.store, service);
  if (workloads.length > 0 && workloads.every(isScaledToZero)) return "note";
  if (service.spec.type === "ExternalName") return "error";
  return !hasSelector(service) && endpointsOf(cluster.store, service).slices.length === 0 ? "warning" : "error";
}

const isSenderOwn = (given: Case): boolean => {
  const [kind, namespace = "", name = ""] = given.request.from.split("/");
  const { service } = given.target;
  const labels =
    kind === "pod" ? given.objects.get<Pod>(objectKey("Pod", namespace, name))?.metadata.labels : undefined;
  const wanted = Object.entries(service?.spec.selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value);
};

/** What is to be said of one question: of the request that came furthest, and of those before it that did not arrive. */
function judged(cluster: Cluster, { about, isExplicit }: Question, tried: readonly Case[]): readonly Asked[] {
  const best = tried.reduce((a, b) => (arrives(a) || (!arrives(b) && shareOf(a) >= shareOf(b)) ? a : b));
  // Full names are this diagnosis's own way to ask, and so is the API server's address: nobody of the text does it.
  const isOwnWay = ({ id, severity }: Suspicion, { exploration }: Case): boolean =>
    id === "DNS-NDOTS" ||
    (id === "STATEFULSET-DNS" && severity === "note") ||
    (about === null && id === "POLICY-DENIES" && !exploration.walks.some(({ outcome }) => outcome === "name-error"));
  const look = (given: Case): readonly Suspicion[] =>
    suspicionsOf(given).filter((one) => isExplicit || !isOwnWay(one, given));
  if (isExplicit) return [{ given: best, suspicions: look(best) }];
  if (arrives(best)) {
    // Nor is the cluster's own software meant to come there.
    const others = tried.filter(
      (given) => given !== best && !arrives(given) && !given.request.from.startsWith("pod/kube-system/"),
    );
    // Others that do not get through are worth a word, unless it is meant so.
    const said = others.map((given) => ({
      given,
      suspicions: look(given)
        .filter(({ id, severity }) => severity === "error" && !MEANT.has(id))
        .map((one) => demoted(one, "warning")),
    }));
    // It arrives, though with somebody whom it was not meant for.
    const isWrong = ({ id, severity }: Suspicion): boolean => severity === "error" && id !== "EXTERNALIP-HIJACK";
    return [{ given: best, suspicions: look(best).filter((one) => !isWrong(one)) }, ...said];
  }
  const key = about === null ? null : splitKey(about);
  const service = about !== null && key?.kind === "Service" ? cluster.store.get<Service>(about) : undefined;
  const limit = service === undefined ? "error" : limitOf(cluster, service);
  const isEmpty =
    key !== null &&
    workloadsOf(cluster.store, key.namespace).length === 0 &&
    cluster.store.list<Pod>("Pod", key.namespace).length === 0;
  const isOnlyImplied = !tried.some(({ request, isWritten }) => {
    const [kind, name = ""] = request.from.split("/");
    return kind === "client" && isWritten(objectKey("Client", undefined, name));
  });
  const hasStranger = tried.some((given) => /^pod\/(?!kube-system\/)/.test(given.request.from) && !isSenderOwn(given));
  const tone = (one: Suspicion): Suspicion => {
    if (limit !== "error") return demoted(one, limit);
    // Nobody runs anything there: a text of Services alone, or with slices made by hand.
    const isNearby = one.id === "SVC-SELECTOR-NO-MATCH" && one.remedies.length > 0;
    const isByHand = one.id === "SLICE-NOT-LINKED" && service !== undefined && !hasSelector(service);
    if (isEmpty && !isNearby && !isByHand) return demoted(one, "warning");
    // Nobody of the text is there who could be let in.
    if (one.id === "LB-SOURCE-RANGES" && isOnlyImplied) return demoted(one, "warning");
    if (one.id === "POLICY-DENIES" && !hasStranger) return demoted(one, "warning");
    return one;
  };
  return [{ given: best, suspicions: look(best).map(tone) }];
}

/** The object that a finding is about, else the one that was asked for. */
function subjectOf({ given }: Asked, { evidence }: Suspicion): string {
  const clue = evidence.find(({ kind }) => kind === "object");
  const named = clue?.kind === "object" ? clue.object : null;
  const { service } = given.target;
  const asked =
    service === null ? given.request.to : objectKey("Service", service.metadata.namespace, service.metadata.name);
  return named ?? asked;
}

interface Told {
  readonly request: Request;
  readonly outcome: ClusterDiagnosis["outcome"];
  readonly suspicion: Suspicion;
}

function told(
  cluster: Cluster,
  manifest: Manifest,
  questions: readonly Question[],
): { readonly all: readonly Told[]; readonly asked: number } {
  const byKey = new Map<string, Told>();
  const follow = casesIn(cluster, manifest);
  let asked = 0;
  for (const question of questions) {
    const tried: Case[] = [];
    for (const request of question.requests) {
      const given = follow(request);
      tried.push(given);
      asked += 1;
      if (arrives(given)) break;
    }
    if (tried.length === 0) continue;
    for (const one of judged(cluster, question, tried)) {
      const { given } = one;
      const outcome = given.error === null ? worstOf(given).outcome : "not-sent";
      for (const suspicion of one.suspicions) {
        const key = `${suspicion.id} ${subjectOf(one, suspicion)}`;
        const known = byKey.get(key);
        const isWorse =
          known === undefined || SEVERITIES.indexOf(suspicion.severity) < SEVERITIES.indexOf(known.suspicion.severity);
        if (isWorse) byKey.set(key, { request: given.request, outcome, suspicion });
      }
    }
  }
  const rank = ({ suspicion: { id, severity } }: Told): number =>
    SEVERITIES.indexOf(severity) * FINDING_IDS.length + FINDING_IDS.indexOf(id);
  return { all: [...byKey.values()].sort((a, b) => rank(a) - rank(b)), asked };
}

/** Everything that is wrong with the cluster; a refusal when its text was refused for no reason that has a finding. The present stays. */
export function whyAll(session: Session): ClusterDiagnosis | Refusal {
  const { cluster } = session;
  const anything: Request = { from: "client/internet", to: "node/control-plane:1", protocol: "tcp" };
  if (!session.report.accepted) {
    const rejected = nodePortRejected(session, anything, proving(session)).map((finding): ClusterFinding => ({
      ...finding,
      request: anything,
    }));
    const part = partOf(session);
    const rest = part === null ? null : whyAll(part.session);
    if (part !== null && rest !== null && !("message" in rest)) {
      return {
        outcome: rejected.length > 0 ? "not-sent" : rest.outcome,
        asked: rest.asked,
        findings: [...rejected, ...rest.findings.map(part.restored)],
        refused: part.refused,
      };
    }
    if (rejected.length === 0) return { message: `The text is refused: ${refusalOf(session)}`, field: null };
    return { outcome: "not-sent", asked: 0, findings: rejected };
  }
  const { manifest, expectations } = cluster.scenario(session.admittedText);
  const expected = expectations.flatMap(({ object: { spec } }) =>
    spec.outcome === "delivered" && spec.share === undefined && spec.mode === undefined ? [requestOf(spec)] : [],
  );
  const pods = rowsOf(cluster).flatMap(({ kind, from }) => (kind === "pod" ? [from] : []));
  const questions = questionsOf({
    objects: cluster.store,
    dnsDomain: cluster.state.cluster.dnsDomain,
    pods,
    expected,
    isWritten: (object) => findDocument(manifest, object) !== undefined,
  });
  const { all, asked } = told(cluster, manifest, questions);
  const findings = all.map(({ request, suspicion }, i): ClusterFinding => ({
    ...findingOf(
      session,
      manifest,
      request,
      suspicion,
      i < MAX_PROOFS && suspicion.severity !== "note" ? null : NOT_PROVED,
    ),
    request,
  }));
  const first = all.find(({ suspicion }) => suspicion.severity === "error");
  return { outcome: first?.outcome ?? "delivered", asked, findings };
}
