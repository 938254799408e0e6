import { useMirror } from "../../mirror/store.ts";
import { clock } from "../inspector/wording.ts";
import { Button } from "../shell/Button.tsx";
import { Icon } from "../shell/icons.tsx";
import { useSession } from "../shell/session.ts";
import { titleOf } from "../actions/commandTitle.ts";
import styles from "./LookingBack.module.css";
import { useTime } from "./time.ts";

/** Says that the view stands in the past, and what that means; or that a fork has just begun, and how to undo it. */
export function LookingBack() {
  const looking = useTime((state) => state.looking);
  const fresh = useTime((state) => state.fresh);
  if (looking) return <Banner />;
  return fresh === null ? null : <Forked />;
}

function Banner() {
  const { time } = useSession();
  const now = useMirror((state) => state.now);
  const end = useTime((state) => state.whole.end);
  const playing = useTime((state) => state.playing);
  const last = useTime((state) => state.forks.at(-1));
  const told = last?.told;
  return (
    <section className={styles["banner"]} aria-label="Looking back">
      <div className={styles["words"]}>
        <p className={styles["moment"]}>
          {told !== undefined && `${told} `}You look at <b>{clock(now)}</b> of {clock(end)}.{" "}
          {!playing && told === undefined && (
            <span>What you do now begins a fork here: what came later is put aside.</span>
          )}
        </p>
      </div>
      {last !== undefined && told !== undefined ? (
        <Button look="primary" onClick={() => void time.undoFork(last)}>
          Back to mine
        </Button>
      ) : (
        <Button look="primary" onClick={() => void time.toPresent()}>
          Back to the present
        </Button>
      )}
    </section>
  );
}

function Forked() {
  const { time } = useSession();
  const fresh = useTime((state) => state.fresh);
  const set = useTime((state) => state.set);
  if (fresh === null) return null;
  if (fresh.told !== undefined) {
    return (
      <section className={styles["banner"]} aria-label="Another history">
        <div className={styles["words"]}>
          <p className={styles["moment"]}>
            {fresh.told} <span>Your own is put aside.</span>
          </p>
        </div>
        <Button onClick={() => void time.undoFork(fresh)}>Back to mine</Button>
        <Button look="bare" aria-label="Dismiss: another history" onClick={() => set({ fresh: null })}>
          <Icon name="close" />
        </Button>
      </section>
    );
  }
  const first = fresh.history.commands.at(-fresh.aside);
  const more = fresh.aside - 1;
  return (
    <section className={styles["banner"]} aria-label="A fork has begun">
      <div className={styles["words"]}>
        <p className={styles["moment"]}>
          A fork has begun at <b>{clock(fresh.at)}</b>.
        </p>
        {first !== undefined && fresh.aside > 0 && (
          <p>
            Put aside: {titleOf(first.command)}
            {more > 0 ? `, and ${String(more)} more` : ""}.
          </p>
        )}
      </div>
      <Button onClick={() => void time.undoFork(fresh)}>Undo the fork</Button>
      <Button look="bare" aria-label="Dismiss: a fork has begun" onClick={() => set({ fresh: null })}>
        <Icon name="close" />
      </Button>
    </section>
  );
}
