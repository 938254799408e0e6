import { useMirror } from "../../mirror/store.ts";
import type { Hop, Walk } from "../../model/trace/types.ts";
import { positionAt, sequence, usePlayback } from "../playback.ts";
import { Icon, Logo } from "../shell/icons.tsx";
import { useShow } from "./show.ts";
import styles from "./Present.module.css";

/** Whose page it is, what is shown, and how far the packet has come: a dot per hop. */
export function Top({ title }: { readonly title: string }) {
  const walk = usePlayback((state) => state.walk);
  const broken = useShow((state) => state.broken);
  const walks = useMirror((state) => state.walks);
  const number = walks.findIndex(({ id }) => id === walk?.id) + 1;
  return (
    <header className={styles["top"]}>
      <Logo size={26} />
      <span className={styles["brand"]}>kubehop</span>
      <h1>{title}</h1>
      {walk !== null && walks.length > 1 && number > 0 && (
        <span className={styles["walkCount"]}>
          walk {number} of {walks.length}
        </span>
      )}
      {broken !== null && (
        <span className={styles["broken"]}>
          <Icon name="warning" /> {broken.title}
        </span>
      )}
      {walk !== null && <Dots walk={walk} />}
    </header>
  );
}

/** More hops than this have smaller dots. */
const MANY = 44;

/** What a hop did, as its dot says it once the packet has passed. */
function toneOf(hop: Hop, leg: "request" | "reply"): string {
  if (hop.verdict === "dnat" || hop.verdict === "undo-dnat") return "dnat";
  if (hop.verdict === "snat" || hop.verdict === "undo-snat") return "snat";
  if (hop.verdict === "reject" || hop.verdict === "refuse") return "reject";
  if (hop.verdict === "drop" || hop.verdict === "lost") return "drop";
  return leg;
}

function Dots({ walk }: { readonly walk: Walk }) {
  const position = usePlayback(({ at }) => positionAt(walk, at));
  const all = sequence(walk);
  return (
    <div className={styles["progress"]}>
      <div className={styles["dots"]} data-many={all.length > MANY || undefined} aria-hidden="true">
        {all.map(({ leg, hop }, i) => (
          <i
            key={`${leg} ${String(hop.index)}`}
            data-tone={i < position ? toneOf(hop, leg) : undefined}
            data-now={i === position || undefined}
          />
        ))}
      </div>
      <span className={styles["hopCount"]} data-testid="present-hop">
        hop {position + 1} of {all.length}
      </span>
    </div>
  );
}
