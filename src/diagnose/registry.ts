/** All that is looked for. Order is no matter here: findings are sorted by their severity and by FINDING_IDS. */
import { endpointsNotReady } from "./findings/endpoints-not-ready.ts";
import { icmp } from "./findings/icmp.ts";
import { namedPortMissing } from "./findings/named-port-missing.ts";
import { noEndpoints } from "./findings/no-endpoints.ts";
import { lbPending, outsideClusterIP } from "./findings/outside.ts";
import { selectorNoMatch } from "./findings/selector-no-match.ts";
import { listenerLoopback, targetPortClosed } from "./findings/target-port-closed.ts";
import type { Diagnoser } from "./types.ts";

export const DIAGNOSERS: readonly Diagnoser[] = [
  endpointsNotReady,
  icmp,
  lbPending,
  listenerLoopback,
  namedPortMissing,
  noEndpoints,
  outsideClusterIP,
  selectorNoMatch,
  targetPortClosed,
];
