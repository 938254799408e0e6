import type { ReactNode } from "react";
import type { Layout } from "../../graph/layout.ts";
import type { WalkPath } from "../../graph/path.ts";

/** Half of the packet that is asked about; `whole`: what becomes of all of it. */
export type AskedHalf = "source" | "destination" | "whole";

/** How the map is shown to a room: as the picture alone, of which nothing can be chosen, and which tells no more than it should. */
export interface Presented {
  /** What the walk has not come to yet is not drawn: it is being guessed. */
  readonly veiled: boolean;
  /** What of the packet is a question at the moment. */
  readonly asked: AskedHalf | null;
  /** Over the picture, within React Flow: what moves the camera, and what shines on a part. */
  readonly over: (drawn: { readonly layout: Layout; readonly path: WalkPath | null }) => ReactNode;
}
