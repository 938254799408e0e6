/** What a text expects of a request: a test that the text carries with it. */
import { parseIP } from "../../base/ip.ts";
import type { ProxyMode } from "../config/types.ts";
import type { KubeObject } from "../meta/types.ts";
import { type Cause, forbidden, invalid, notSupported, required } from "../status.ts";
import { FINDING_IDS, type FindingId } from "../trace/finding.ts";
import type { OutcomeKind, Protocol } from "../trace/types.ts";
import type { KUBEHOP_VERSION } from "./types.ts";

/** How a request can end; `not-sent`: it cannot even be sent, as to a load balancer that has no address. */
export const EXPECTED_OUTCOMES = [
  "delivered",
  "refused",
  "reset",
  "timeout",
  "unreachable",
  "name-error",
  "not-sent",
] as const satisfies readonly (OutcomeKind | "not-sent")[];

export type ExpectedOutcome = (typeof EXPECTED_OUTCOMES)[number];

export interface ExpectationSpec {
  /** Who sends and what is dialled, as in a request. */
  readonly from: string;
  readonly to: string;
  /** Absent: tcp. */
  readonly protocol?: Protocol;
  readonly family?: 4 | 6;
  /** Mode of kube-proxy, on every node; absent: as each node runs it. */
  readonly mode?: ProxyMode;
  readonly outcome: ExpectedOutcome;
  /** Findings that must be among those of the diagnosis. */
  readonly because?: FindingId | readonly FindingId[];
  /** Share of requests that end so, as 0.5 or "1/3"; absent: all of them. */
  readonly share?: number | string;
  /** Source that the server sees: an address, `sender` (the sender's own), or whose it is, as node/worker-1. */
  readonly sourceSeen?: string;
  /** Pod that answers, NAME or NS/NAME or the beginning of either. */
  readonly backend?: string;
  /** HTTP status of the answer. */
  readonly status?: number;
}

/** A file of ours beside the objects, as kube-proxy's configuration is: the API server never sees it. */
export interface Expectation extends KubeObject {
  readonly apiVersion: typeof KUBEHOP_VERSION;
  readonly kind: "Expectation";
  readonly spec: ExpectationSpec;
}

/** A share as a number from 0 to 1; null when the text is none. */
export function parseShare(share: unknown): number | null {
  const [, over = "", under = ""] = /^\s*(\d{1,9})\s*\/\s*(\d{1,9})\s*$/.exec(String(share)) ?? [];
  const isDecimal = typeof share === "number" || /^\d+(\.\d+)?$/.test(String(share));
  const value = under !== "" ? Number(over) / Number(under) : isDecimal ? Number(share) : Number.NaN;
  return value > 0 && value <= 1 ? value : null;
}

/** The findings asked for, as a list. */
export function reasonsOf({ because }: Pick<ExpectationSpec, "because">): readonly FindingId[] {
  if (because === undefined) return [];
  return typeof because === "string" ? [because] : because;
}

/** `pod/NS/NAME`, `deploy/NS/NAME`, `node/NAME`, `client/NAME`. */
const HOST = /^(?:(?:pod|deploy|deployment)\/[^/\s]+\/[^/\s]+|(?:node|client)\/[^/\s]+)$/;
const HOST_FORMS = "pod/NAMESPACE/NAME, deploy/NAMESPACE/NAME, node/NAME or client/NAME";

export const EXPECTED_PROTOCOLS: readonly string[] = ["tcp", "udp", "sctp", "icmp"] satisfies readonly Protocol[];
export const EXPECTED_MODES: readonly string[] = [
  "iptables",
  "nftables",
  "ipvs",
  "userspace",
] satisfies readonly ProxyMode[];

const given = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

function among(value: unknown, allowed: readonly string[], field: string): readonly Cause[] {
  return !given(value) || allowed.includes(value as string) ? [] : [notSupported(field, value, allowed)];
}

/** Causes why an Expectation is refused. It comes as it was decoded: required parts may be missing. */
export function validateExpectation(expectation: KubeObject): readonly Cause[] {
  const { spec } = expectation as { readonly spec?: Readonly<Partial<Record<keyof ExpectationSpec, unknown>>> };
  if (spec === undefined) return [required("spec")];
  const { from, to, outcome, because, share, sourceSeen, status, family } = spec;
  const isSource = (text: string): boolean => text === "sender" || parseIP(text) !== null || HOST.test(text);
  const reasons: readonly unknown[] = Array.isArray(because) ? (because as readonly unknown[]) : [];
  const neverSent = outcome === "not-sent" ? (["share", "sourceSeen", "backend", "status"] as const) : [];
  return [
    ...(!given(from)
      ? [required("spec.from")]
      : HOST.test(String(from))
        ? []
        : [invalid("spec.from", from, `must be ${HOST_FORMS}`)]),
    ...(given(to) ? [] : [required("spec.to")]),
    ...among(spec.protocol, EXPECTED_PROTOCOLS, "spec.protocol"),
    ...(family === undefined || family === 4 || family === 6 ? [] : [notSupported("spec.family", family, ["4", "6"])]),
    ...among(spec.mode, EXPECTED_MODES, "spec.mode"),
    ...(given(outcome) ? among(outcome, EXPECTED_OUTCOMES, "spec.outcome") : [required("spec.outcome")]),
    ...(Array.isArray(because)
      ? reasons.flatMap((id, i) =>
          given(id) ? among(id, FINDING_IDS, `spec.because[${i}]`) : [required(`spec.because[${i}]`)],
        )
      : among(because, FINDING_IDS, "spec.because")),
    ...(!given(share) || parseShare(share) !== null
      ? []
      : [invalid("spec.share", share, "must be greater than 0 and at most 1, such as 0.5 or 1/3")]),
    ...(!given(sourceSeen) || isSource(String(sourceSeen))
      ? []
      : [invalid("spec.sourceSeen", sourceSeen, `must be an IP address, sender, ${HOST_FORMS}`)]),
    ...(status === undefined || (Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 599)
      ? []
      : [invalid("spec.status", status, "must be between 100 and 599, inclusive")]),
    ...neverSent.flatMap((name) =>
      given(spec[name]) ? [forbidden(`spec.${name}`, "may not be set when `outcome` is not-sent")] : [],
    ),
  ];
}
