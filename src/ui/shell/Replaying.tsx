import type { ReactElement } from "react";
import { usePage } from "./page.ts";
import { Progress } from "./Progress.tsx";

const count = (n: number): string => n.toLocaleString("en");

/** How far the replay of a long history has come. The map still shows what was there before. */
export function Replaying(): ReactElement {
  const replaying = usePage((state) => state.replaying);
  return (
    <Progress
      busy={replaying !== null}
      text={replaying === null ? "" : `replaying ${count(replaying.done)} of ${count(replaying.total)} commands`}
      {...(replaying === null ? {} : { part: replaying.done / replaying.total })}
    />
  );
}
