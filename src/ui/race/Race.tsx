import type { ReactElement } from "react";
import { useMirror } from "../../mirror/store.ts";
import { usePage } from "../shell/page.ts";
import { useTime } from "../time/time.ts";
import styles from "./Race.module.css";
import { RaceForm } from "./RaceForm.tsx";
import { Settings } from "./Settings.tsx";
import { clusterKey, isStale, useRace } from "./state.ts";
import { Seeds } from "./Seeds.tsx";
import { Story } from "./Story.tsx";
import { chosenOf, offersOf } from "./wish.ts";

/** A change under load, played with many seeds: what is lost, one losing history step by step, and what closes the race. */
export function Race(): ReactElement {
  const rows = useRace((state) => state.rows);
  const story = useRace((state) => state.story);
  const objects = useMirror((state) => state.objects);
  const ready = useMirror((state) => state.status === "ready");
  const offers = offersOf(objects);
  const wish = useRace((state) => state.wish);
  const { to } = wish;
  const offer = chosenOf(wish, offers);
  const begun = (rows[0]?.runs.length ?? 0) > 0;
  return (
    <div className={styles["race"]}>
      {offers.length > 0 && <RaceForm offers={offers} />}
      <State />
      {begun && offers.length > 0 ? (
        <div className={styles["panes"]} data-story={story !== null || undefined}>
          <Settings />
          <Seeds />
          <Story />
        </div>
      ) : (
        <Nothing
          kind={!ready ? "starting" : offer === null ? "empty" : offer.served || to !== "" ? "ready" : "unserved"}
        />
      )}
    </div>
  );
}

/** What has come between: the race was ended, or the cluster is another now. */
function State(): ReactElement | null {
  const { ended, opened, asked, applied } = useRace();
  // The key is made of these two.
  usePage((state) => state.draft);
  useTime((state) => state.whole.commands);
  const stale = isStale({ asked, opened }, clusterKey());
  const changed =
    applied === null
      ? "The text or the cluster has changed since: these numbers are from before. Run the race again."
      : "The edit is applied. These numbers are from before it: run the race again.";
  // What ended it may be that very change.
  const isSaid = ended?.includes("was changed") === true;
  const words = [...(ended === null ? [] : [ended]), ...(stale && !isSaid ? [changed] : [])].join(" ");
  return words === "" ? null : (
    <div className={styles["state"]}>
      <p>{words}</p>
    </div>
  );
}

function Nothing({ kind }: { readonly kind: "ready" | "empty" | "unserved" | "starting" }): ReactElement {
  const running = useRace((state) => state.running);
  if (kind === "starting") return <p className={styles["none"]}>The simulator starts.</p>;
  if (kind === "empty")
    return (
      <div className={styles["none"]}>
        <h2>There is nothing to roll out</h2>
        <p>Add a Deployment, and a Service that selects its pods: then a rolling update can be raced here.</p>
      </div>
    );
  if (kind === "unserved")
    return (
      <div className={styles["none"]}>
        <h2>No Service leads to these pods</h2>
        <p>Add a Service that selects them, or choose what is dialled: the load is set beside the change.</p>
      </div>
    );
  if (running) return <p className={styles["none"]}>The first history is being played.</p>;
  return (
    <div className={styles["none"]}>
      <h2>What does a change lose while its news is on its way?</h2>
      <p>
        Pods end, EndpointSlices say so, kube-proxy writes rules: each a little later than the one before. The change is
        played under a steady load, once for each seed, and then with each of four settings that may close the race.
        Your cluster stays as it is.
      </p>
    </div>
  );
}
