import type { ObjectReader } from "../apiserver/types.ts";
import type { Micros } from "../base/time.ts";
import type { ProxyMode } from "../model/config/types.ts";
import type { ObjectKey } from "../model/meta/types.ts";
import type { TextRange } from "../model/trace/diagnostic.ts";
import type { Exploration, Request, Walk } from "../model/trace/types.ts";
import type { Command, CommandRecord, Frame, Queries, Refusal, SavedHistory, TextReport } from "../wire/protocol.ts";

/** The only facade over the core. Every method is synchronous and deterministic; none throws on user input. */
export interface World {
  /** Objects at the present. */
  readonly objects: ObjectReader;
  readonly now: Micros;
  readonly report: TextReport;
  readonly commands: readonly CommandRecord[];
  readonly seed: number;
  readonly mode: ProxyMode;
  /** Starts over and replays; `upTo` seeks back afterwards. */
  load(history: SavedHistory, upTo: Micros | null): Refusal | null;
  dispatch(command: Command): { readonly refusal: Refusal | null; readonly walk: Walk | null };
  /** Shows the world as it was at `at` (clamped to the history); the next command forks from there. */
  seek(at: Micros): void;
  /** One sampled walk that leaves no trace. */
  probe(request: Request): Walk | Refusal;
  /** Every outcome with its exact probability; leaves no trace. */
  explore(request: Request): Exploration | Refusal;
  /** What changed since the last frame taken, or everything. */
  frame(full: boolean): Frame;
  /** The node's rules as its kernel has them now; a refusal when there is no such node. `mode` asks what another mode would write. */
  rulesText(node: string, mode?: ProxyMode): { readonly text: string } | Refusal;
  ruleRows(params: Queries["rules"]["params"]): Queries["rules"]["answer"];
  choices(): Queries["choices"]["answer"];
  locate(object: ObjectKey, path: string): { readonly range: TextRange } | null;
  provenance(line: number, column: number): Queries["provenance"]["answer"];
  matchingDeployment(service: ObjectKey): { readonly text: string } | null;
  /** SHA-256 over journal, events and walks: equal histories, equal hash, on any machine. */
  journalHash(): string;
}
