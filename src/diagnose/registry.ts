/** All that is looked for. Order is no matter here: findings are sorted by their severity and by FINDING_IDS. */
import { cidrOverlap } from "./findings/cidr-overlap.ts";
import { endpointsNotReady } from "./findings/endpoints-not-ready.ts";
import { envClash } from "./findings/env-clash.ts";
import { externalIpHijack } from "./findings/external-ip.ts";
import { rolloutRulesLag, udpStaleConntrack } from "./findings/gone-pods.ts";
import { hairpin } from "./findings/hairpin.ts";
import { icmp } from "./findings/icmp.ts";
import { namedPortMissing } from "./findings/named-port-missing.ts";
import { ingressBackend } from "./findings/ingress-backend.ts";
import { noEndpoints } from "./findings/no-endpoints.ts";
import { dnsDown, externalNameLimits, searchPath, statefulSetDns } from "./findings/names.ts";
import { misnamed } from "./findings/lookups.ts";
import { lbShortCircuit, lbSourceRanges } from "./findings/load-balancer.ts";
import { nodePortFirewalled, nodePortLocalhost } from "./findings/node-port.ts";
import { lbPending, outsideClusterIP } from "./findings/outside.ts";
import { affinityMerged, keepAlivePinned, ndots } from "./findings/otherwise.ts";
import { policyDenies } from "./findings/policy-denies.ts";
import { rulesStale } from "./findings/rules-stale.ts";
import { selectorNoMatch } from "./findings/selector-no-match.ts";
import { sliceNotLinked } from "./findings/slice-not-linked.ts";
import { sourceIpSnat } from "./findings/source-ip.ts";
import { listenerLoopback, targetPortClosed } from "./findings/target-port-closed.ts";
import { localExternal, localInternal, remoteNodePortLocal } from "./findings/traffic-policy.ts";
import type { Diagnoser } from "./types.ts";

export const DIAGNOSERS: readonly Diagnoser[] = [
  affinityMerged,
  cidrOverlap,
  dnsDown,
  endpointsNotReady,
  envClash,
  externalIpHijack,
  externalNameLimits,
  hairpin,
  icmp,
  ingressBackend,
  keepAlivePinned,
  lbPending,
  lbShortCircuit,
  lbSourceRanges,
  listenerLoopback,
  localExternal,
  localInternal,
  misnamed,
  namedPortMissing,
  ndots,
  noEndpoints,
  nodePortFirewalled,
  nodePortLocalhost,
  outsideClusterIP,
  policyDenies,
  remoteNodePortLocal,
  rolloutRulesLag,
  rulesStale,
  searchPath,
  selectorNoMatch,
  sliceNotLinked,
  sourceIpSnat,
  statefulSetDns,
  targetPortClosed,
  udpStaleConntrack,
];
