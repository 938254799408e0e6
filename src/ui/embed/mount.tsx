/** A frame in another page: `?embed=1`, with `&scenario=SLUG` or a link's hash, and `&edit=1` for an editor beside the map. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { scenarioBySlug } from "../../scenarios/index.ts";
import { Boundary } from "../shell/Boundary.tsx";
import type { Session } from "../shell/session.ts";
import { keepNothing } from "../shell/storage.ts";
import { Embed } from "./Embed.tsx";

export function mountEmbed(root: HTMLElement, create: () => Session): void {
  // The reader's own drafts and settings are not the embedding page's to show, nor to write over.
  keepNothing();
  const parameters = new URLSearchParams(location.search);
  const begin = (): void => {
    const session = create();
    const scenario = scenarioBySlug(parameters.get("scenario") ?? "");
    void (scenario === null || location.hash !== "" ? session.start() : session.openScenario(scenario));
    createRoot(root).render(
      <StrictMode>
        <Boundary name="The frame">
          <Embed session={session} editable={parameters.get("edit") === "1"} />
        </Boundary>
      </StrictMode>,
    );
  };
  // A page may hold many frames: a cluster is built when its frame comes into sight.
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    seen.disconnect();
    begin();
  });
  seen.observe(document.documentElement);
}
