import type { MirrorState } from "../../mirror/types.ts";
import type { Exploration } from "../../model/trace/types.ts";
import type { Queries, QueryName } from "../../wire/protocol.ts";

/** Asks the worker; rejects only when the worker is gone. */
export type Query = <N extends QueryName>(name: N, params: Queries[N]["params"]) => Promise<Queries[N]["answer"]>;

/** What inspector and dock live on: the mirrored records and a way to ask for more. */
export interface PanelProps {
  readonly mirror: MirrorState;
  readonly query: Query;
  /** All outcomes of the request on show, once they have been computed. */
  readonly exploration: Exploration | null;
}
