import type { ReactElement } from "react";
import { usePage } from "./page.ts";
import { Progress } from "./Progress.tsx";

const count = (n: number): string => n.toLocaleString("en");

/** How far the replay of a long history, or one long command, has come. The map still shows what was there before. */
export function Replaying(): ReactElement {
  const replaying = usePage((state) => state.replaying);
  const working = usePage((state) => state.working);
  const text = [
    ...(replaying === null ? [] : [`replaying ${count(replaying.done)} of ${count(replaying.total)} commands`]),
    ...(working === null
      ? []
      : [working.events === null ? "drawing the cluster" : `${count(working.events)} events so far`]),
  ].join(": ");
  return (
    <Progress
      busy={replaying !== null || working !== null}
      text={text}
      {...(replaying === null ? {} : { part: replaying.done / replaying.total })}
    />
  );
}
