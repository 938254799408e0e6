/** What a text expects of requests, held against what becomes of them. Nothing is sent: every branch is followed, leaving no trace. */
import { type ExpectationSpec, parseShare, reasonsOf } from "../model/kubehop/expectation.ts";
import type { CheckReport, CheckResult } from "../model/trace/check.ts";
import type { FindingId } from "../model/trace/finding.ts";
import type { Exploration, HostId, Request, Walk } from "../model/trace/types.ts";
import { parseIP } from "../base/ip.ts";
import { suspicionsOf } from "../diagnose/diagnose.ts";
import type { Case } from "../diagnose/types.ts";
import { plan } from "../network/request.ts";
import { createTopology } from "../network/topology/topology.ts";
import type { ClusterView } from "../network/types.ts";
import { locate, type Manifest } from "../manifest/manifest.ts";
import type { Session } from "./commands.ts";
import type { Cluster } from "./simulation.ts";
import type { World } from "./types.ts";
import { caseIn } from "./why.ts";

type Checked = Pick<CheckResult, "passed" | "got" | "findings">;

/** Shares are sums of exact fractions; this much is left to floating point. */
const EPSILON = 1e-9;

/** The request that an expectation is about. */
export const requestOf = ({ from, to, protocol = "tcp", family }: ExpectationSpec): Request => ({
  from,
  to,
  protocol,
  ...(family === undefined ? {} : { family }),
});

/** Addresses that `sourceSeen` may mean: one as written, the sender's own, or all of a host's. */
function sourcesMeant(view: ClusterView, request: Request, meant: string): readonly string[] {
  if (parseIP(meant) !== null) return [meant];
  const from = meant === "sender" ? request.from : meant;
  // Any target will do: only the sender is looked up.
  const planned = plan(view, { from, to: "a.invalid:1", protocol: "tcp" });
  const id: HostId | null = planned.ok ? planned.value.host : null;
  const host = id === null ? undefined : createTopology(view).host(id);
  return host?.interfaces.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)) ?? [];
}

const isBackend = ({ backend }: Walk, wanted: string): boolean => {
  const pod = backend?.pod ?? "";
  return pod.startsWith(wanted) || pod.slice(pod.indexOf("/") + 1).startsWith(wanted);
};

/** What of a walk differs from what is expected: empty where it ends so. */
function differences(walk: Walk, spec: ExpectationSpec, sources: readonly string[]): readonly string[] {
  if (walk.outcome !== spec.outcome) return [walk.outcome];
  const { sourceSeen, backend, status } = spec;
  return [
    ...(sourceSeen === undefined || sources.includes(walk.sourceSeen ?? "")
      ? []
      : [`${walk.outcome}, but the server sees ${walk.sourceSeen ?? "nobody"}`]),
    ...(backend === undefined || isBackend(walk, backend)
      ? []
      : [`${walk.outcome}, but by ${walk.backend?.pod ?? walk.backend?.ip ?? "nobody"}`]),
    ...(status === undefined || walk.response?.status === status
      ? []
      : [
          `${walk.outcome}, but with ${walk.response === undefined ? "no HTTP answer" : `status ${walk.response.status}`}`,
        ]),
  ];
}

const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;

/** "delivered on 2 of 3 branches (66.67 %), timeout on 1 of 3 branches (33.33 %)"; just "delivered" where all end alike. */
function happened({ walks, unexplored = 0 }: Exploration, spec: ExpectationSpec, sources: readonly string[]): string {
  const ends = new Map<string, { count: number; share: number }>();
  for (const walk of walks) {
    const what = differences(walk, spec, sources)[0] ?? walk.outcome;
    const end = ends.get(what) ?? { count: 0, share: 0 };
    ends.set(what, { count: end.count + 1, share: end.share + walk.probability });
  }
  const all = [...ends].sort(
    (a, b) => Number(a[0] === spec.outcome) - Number(b[0] === spec.outcome) || b[1].share - a[1].share,
  );
  const rest = unexplored > 0 ? [`${percent(unexplored)} not followed`] : [];
  if (all.length === 1 && rest.length === 0) return all[0]?.[0] ?? "";
  const of = `of ${String(walks.length)} branches`;
  return [
    ...all.map(([what, { count, share }]) => `${what} on ${String(count)} ${of} (${percent(share)})`),
    ...rest,
  ].join("; ");
}

const list = (ids: readonly string[]): string => (ids.length === 0 ? "nothing was found" : ids.join(", "));

function judge(given: Case, spec: ExpectationSpec): Checked {
  const reasons = reasonsOf(spec);
  // Why is worth asking where it matters, or where something went otherwise.
  const ask = (): readonly FindingId[] => [...new Set(suspicionsOf(given).map(({ id }) => id))];
  const missing = (found: readonly FindingId[]): readonly FindingId[] => reasons.filter((id) => !found.includes(id));
  if (given.error !== null || spec.outcome === "not-sent") {
    const isSent = given.error === null;
    const rightly = !isSent && spec.outcome === "not-sent";
    const findings = rightly && reasons.length === 0 ? [] : ask();
    const got = isSent ? happened(given.exploration, spec, []) : `not sent: ${given.error?.message ?? ""}`;
    const passed = rightly && missing(findings).length === 0;
    return { passed, got: passed ? got : `${got.replace(/\.$/, "")}: ${list(findings)}`, findings };
  }
  const { exploration, request, view } = given;
  const sources = spec.sourceSeen === undefined ? [] : sourcesMeant(view, request, spec.sourceSeen);
  const share = exploration.walks
    .filter((walk) => differences(walk, spec, sources).length === 0)
    .reduce((sum, { probability }) => sum + probability, 0);
  const wanted = spec.share === undefined ? 1 : (parseShare(spec.share) ?? 1);
  const right = Math.abs(share - wanted) < EPSILON;
  const findings = right && reasons.length === 0 ? [] : ask();
  const passed = right && missing(findings).length === 0;
  const what = happened(exploration, spec, sources);
  if (passed) return { passed, got: what, findings };
  const asked = right && reasons.length > 0 ? `, but not because of ${missing(findings).join(", ")}` : "";
  return { passed, got: `${what}${asked}: ${list(findings)}`, findings };
}

/** One expectation in this cluster, in a fork where it names a mode. */
function checkIn(cluster: Cluster, manifest: Manifest, spec: ExpectationSpec): Checked {
  const look = (): Checked => judge(caseIn(cluster, manifest, requestOf(spec)), spec);
  return spec.mode === undefined ? look() : cluster.inMode(spec.mode, look);
}

/** All expectations of the text in force, in its order. */
export function checkText(session: Session): CheckReport {
  const { manifest, expectations } = session.cluster.scenario(session.admittedText);
  const results = expectations.map(({ object, document }): CheckResult => {
    const where = manifest.documents[document];
    return {
      name: object.metadata.name,
      expectation: object.spec,
      ...checkIn(session.cluster, manifest, object.spec),
      document,
      range: where === undefined ? null : locate(where, "spec"),
    };
  });
  const passed = results.filter((one) => one.passed).length;
  return { results, passed, failed: results.length - passed };
}

/** One expectation, wherever it comes from. */
export function checkOne({ cluster, admittedText }: Session, spec: ExpectationSpec): CheckResult {
  const { manifest } = cluster.scenario(admittedText);
  return { name: "", expectation: spec, ...checkIn(cluster, manifest, spec), document: null, range: null };
}

/** Does a request end as expected in this world? The present stays as it is. */
export function checkExpectation(world: World, spec: ExpectationSpec): CheckResult {
  return world.checkOne(spec);
}
