/** The table of who reaches what, as it was worked out last, and how the reader looks at it. */
import { create } from "zustand";
import type { ProxyMode } from "../../model/config/types.ts";
import type { Matrix } from "../../model/trace/matrix.ts";
import type { Refusal } from "../../wire/protocol.ts";
import type { Session } from "../shell/session.ts";
import { changes, EMPTY, withPart, type Table } from "./table.ts";

export type Modes = "current" | "all" | ProxyMode;

interface ReachState {
  readonly modes: Modes;
  readonly failing: boolean;
  readonly table: Table | null;
  /** Which moment and modes the table is of. */
  readonly key: string;
  /** Cells that the last change of the cluster changed, and what they said before. */
  readonly changed: ReadonlyMap<number, string>;
  /** Cells known so far, of how many, while a table is being worked out. */
  readonly progress: { readonly known: number; readonly total: number } | null;
  readonly refused: string | null;
}

export const useReach = create<ReachState>()(() => ({
  modes: "current",
  failing: false,
  table: null,
  key: "",
  changed: new Map(),
  progress: null,
  refused: null,
}));

/** Requests followed in one go: the worker is free for other things between two of them. */
const BUDGET = 60;

const ALL: readonly ProxyMode[] = ["iptables", "nftables", "ipvs", "userspace"];

const asked = (modes: Modes): { readonly modes?: readonly ProxyMode[] } =>
  modes === "current" ? {} : { modes: modes === "all" ? ALL : [modes] };

/** Works the table out, part by part, until it is whole or nobody wants it any more. */
export async function workOut(session: Session, key: string, isWanted: () => boolean): Promise<void> {
  const { modes } = useReach.getState();
  let table = EMPTY;
  for (let from: number | null = 0; from !== null;) {
    const part: Matrix | Refusal | null = await session.client
      .query("matrix", { ...asked(modes), from, budget: BUDGET, findings: true })
      .catch(() => null);
    if (part === null || !isWanted()) return;
    if (!("cells" in part)) {
      useReach.setState({ refused: part.message, progress: null });
      return;
    }
    table = withPart(table, part);
    from = part.next;
    if (from !== null) useReach.setState({ progress: { known: table.known, total: table.total } });
  }
  const before = useReach.getState();
  const same = before.table !== null && before.key.startsWith(`${modes} `);
  useReach.setState({
    table,
    key,
    changed: same && before.table !== null ? changes(before.table, table) : new Map(),
    progress: null,
    refused: null,
  });
}
