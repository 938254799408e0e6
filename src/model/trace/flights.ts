import type { Micros } from "../../base/time.ts";
import type { Walk } from "./types.ts";

/** Packets of loads that are under way at one moment: many packets go few ways. */
export interface Flights {
  readonly at: Micros;
  /** One walk of each way, without rules and notes; its times are those of the first packet that went it. */
  readonly ways: readonly Walk[];
  /** Per packet: its way by place in `ways`, and when it started. */
  readonly packets: readonly (readonly [way: number, startedAt: Micros])[];
}
