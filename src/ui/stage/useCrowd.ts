import { useEffect, useMemo, useState } from "react";
import type { Layout } from "../../graph/layout.ts";
import { pathOf } from "../../graph/path.ts";
import { swarmOf } from "../../graph/swarm.ts";
import { useMirror } from "../../mirror/store.ts";
import type { Flights } from "../../model/trace/flights.ts";
import { useSession } from "../shell/session.ts";
import type { Crowd } from "./usePacketCanvas.ts";

/** Packets of loads on the way at the moment shown, laid on the map. Null where there is no load. */
export function useCrowd(layout: Layout): Crowd | null {
  const session = useSession();
  const now = useMirror((state) => state.now);
  const loads = useMirror((state) => state.commands.filter(({ command }) => command.type === "load").length);
  const ready = useMirror((state) => state.status === "ready");
  const journal = useMirror((state) => state.journal);
  const [flights, setFlights] = useState<Flights | null>(null);
  useEffect(() => {
    if (loads === 0 || !ready) return;
    let current = true;
    session.client.query("flights", {}).then(
      (answer) => current && setFlights(answer.packets.length === 0 ? null : answer),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [session, now, loads, ready, journal]);
  const crowd = useMemo(
    () => (flights === null ? null : { swarm: swarmOf(flights, (walk) => pathOf(walk, layout)), at: flights.at }),
    [flights, layout],
  );
  return loads === 0 ? null : crowd;
}
