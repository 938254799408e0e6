/** All that is looked for. Order is no matter here: findings are sorted by {@link FINDING_IDS}. */
import { selectorNoMatch } from "./findings/selector-no-match.ts";
import type { Diagnoser } from "./types.ts";

export const DIAGNOSERS: readonly Diagnoser[] = [selectorNoMatch];
