/** Packets of loads that are on the way at the present. A load keeps counts, not walks: those in flight are made again when asked for. */
import { seededChooser } from "../base/draw.ts";
import { MILLISECOND, type Micros } from "../base/time.ts";
import type { Flights } from "../model/trace/flights.ts";
import type { Hop, Walk } from "../model/trace/types.ts";
import { walksOf } from "../network/traffic.ts";
import type { ClusterView } from "../network/types.ts";
import type { Departure, Rest } from "./state.ts";

/** A packet that is longer on its way is no longer shown: no path of a cluster takes as long. */
const LONGEST: Micros = 20 * MILLISECOND;
/** Moments of loads that are remembered at once. */
const MOMENTS = 64;
/** More than a picture can show one by one. */
const MOST = 20_000;

/** The departures to remember once there is one more. */
export function withDeparture(before: readonly Departure[], next: Departure): readonly Departure[] {
  return [...before.filter(({ at }) => at > next.at - LONGEST), next].slice(-MOMENTS);
}

/** What is on the way at the view's moment; of a departure whose objects have changed since, nothing is known. */
export function flightsOf(view: ClusterView, { departures, seed }: Rest, revision: number): Flights {
  const { now } = view;
  const ways: Walk[] = [];
  const known = new Map<string, number>();
  const packets: [number, Micros][] = [];
  for (const departure of departures) {
    if (departure.revision !== revision || departure.at <= now - LONGEST) continue;
    const then = { ...view, now: departure.at };
    for (const walk of walksOf(then, departure.network, departure.report, departure.at, seededChooser(seed))) {
      if (walk.endedAt <= now || packets.length >= MOST) continue;
      const key = keyOf(walk);
      let way = known.get(key);
      if (way === undefined) {
        known.set(key, (way = ways.length));
        ways.push(bare(walk));
      }
      packets.push([way, walk.startedAt]);
    }
  }
  return { at: now, ways, packets };
}

/** Walks of the requests that loads sent at the view's moment and lost, with every hop. */
export function lostNow(view: ClusterView, { departures, seed }: Rest, revision: number): readonly Walk[] {
  return departures
    .filter((departure) => departure.at === view.now && departure.revision === revision)
    .flatMap(({ network, report }) => walksOf(view, network, report, view.now, seededChooser(seed)))
    .filter(({ outcome }) => outcome !== "delivered");
}

/** Equal for walks that pass the same places at the same times after their start and are rewritten alike. */
function keyOf({ hops, reply, startedAt, outcome }: Walk): string {
  const passed = (list: readonly Hop[]): string =>
    list
      .map(
        ({ place, stage, verdict, at, after }) =>
          `${place} ${stage} ${verdict} ${at - startedAt} ${after.src} ${after.dst}`,
      )
      .join();
  return `${outcome} ${passed(hops)} ${passed(reply)}`;
}

/** A walk as far as it is drawn: places, times and headers. */
function bare(walk: Walk): Walk {
  const plain = (hop: Hop): Hop => ({ ...hop, rule: null, steps: [], skipped: [], note: "" });
  return { ...walk, hops: walk.hops.map(plain), reply: walk.reply.map(plain), children: walk.children.map(bare) };
}
