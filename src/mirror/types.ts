import type { Micros } from "../base/time.ts";
import type { ProxyMode } from "../model/config/types.ts";
import type { KubeObject, ObjectKey } from "../model/meta/types.ts";
import type { Walk } from "../model/trace/types.ts";
import type { CommandRecord, Frame, JournalEntry, ProxyStatus, TextReport } from "../wire/protocol.ts";

/** What the page knows of the world: the worker's records, nothing computed. Objects that did not change keep their identity. */
export interface MirrorState {
  readonly status: "starting" | "ready" | "stalled" | "faulted";
  /** What went wrong when stalled or faulted, in one sentence. */
  readonly trouble: string | null;
  readonly objects: ReadonlyMap<ObjectKey, KubeObject>;
  readonly revision: number;
  readonly now: Micros;
  readonly end: Micros;
  readonly report: TextReport;
  readonly text: string;
  readonly commands: readonly CommandRecord[];
  readonly seed: number;
  readonly mode: ProxyMode;
  readonly walks: readonly Walk[];
  readonly journal: readonly JournalEntry[];
  readonly proxies: readonly ProxyStatus[];
  readonly sigils: Frame["sigils"];
  readonly cloud: Frame["cloud"];
  readonly broken: Frame["broken"];
}
