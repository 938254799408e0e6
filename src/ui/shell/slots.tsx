/** Where the big panels of other folders are plugged in. */
import { lazy, Suspense } from "react";
import { useMirror } from "../../mirror/store.ts";
import { requestFrom } from "../controls/requests.ts";
import { Inspector as InspectorPanel } from "../inspector/Inspector.tsx";
import { Stage as StagePanel } from "../stage/Stage.tsx";
import { usePlayback } from "../playback.ts";
import { Boundary } from "./Boundary.tsx";
import { usePanelProps } from "./panels.ts";
import { usePage } from "./page.ts";
import { useSession, type Session } from "./session.ts";

export { Ladder } from "../inspector/Ladder.tsx";

// The first picture is the map and the ladder; a phone never needs the dock.
const DockPanel = lazy(() => import("../dock/Dock.tsx").then(({ Dock: component }) => ({ default: component })));
// Its text is there when Monaco is, which is later still.
const Editor = lazy(() =>
  import("../editor/EditorPanel.tsx").then(({ EditorPanel: component }) => ({ default: component })),
);
// A phone's own.
const SheetPanel = lazy(() =>
  import("../inspector/HopSheet.tsx").then(({ HopSheet: component }) => ({ default: component })),
);
const StripPanel = lazy(() =>
  import("../stage/StripMap.tsx").then(({ StripMap: component }) => ({ default: component })),
);
const Netfilter = lazy(() =>
  import("../stage/NetfilterView.tsx").then(({ NetfilterView: component }) => ({ default: component })),
);

const WhyCard = lazy(() => import("../why/WhyCard.tsx").then(({ WhyCard: component }) => ({ default: component })));
const ComparePanel = lazy(() =>
  import("../compare/Compare.tsx").then(({ Compare: component }) => ({ default: component })),
);

export function Compare({ narrow = false }: { readonly narrow?: boolean }) {
  const session = useSession();
  return (
    <Boundary name="The comparison">
      <Suspense>
        <ComparePanel narrow={narrow} onSend={() => void sendFrom(session, "outside")} />
      </Suspense>
    </Boundary>
  );
}

export function NetfilterView() {
  const props = usePanelProps();
  return (
    <Boundary name="The netfilter view">
      <Suspense>
        <Netfilter {...props} />
      </Suspense>
    </Boundary>
  );
}

export function EditorPanel() {
  return (
    <Boundary name="The editor">
      <Suspense>
        <Editor />
      </Suspense>
    </Boundary>
  );
}

export function StripMap() {
  const mirror = useMirror((state) => state);
  return (
    <Boundary name="The map">
      <Suspense>
        <StripPanel mirror={mirror} />
      </Suspense>
    </Boundary>
  );
}

export function Stage() {
  const session = useSession();
  const { mirror, exploration } = usePanelProps();
  return (
    <Boundary name="The map">
      <StagePanel mirror={mirror} exploration={exploration} onSend={(from) => void sendFrom(session, from)} />
    </Boundary>
  );
}

/** `bare`: without the transport, where another one is in sight. */
export function Dock({ bare = false }: { readonly bare?: boolean }) {
  const props = usePanelProps();
  return (
    <Boundary name="The dock">
      <Suspense>
        <DockPanel {...props} bare={bare} />
      </Suspense>
    </Boundary>
  );
}

export function Inspector() {
  const props = usePanelProps();
  return (
    <Boundary name="The inspector">
      <InspectorPanel {...props} />
    </Boundary>
  );
}

/** Why the walk on stage did not arrive, where no inspector stands beside it. */
export function WhyNot() {
  const { exploration } = usePanelProps();
  const walk = usePlayback((state) => state.walk);
  return (
    <Boundary name="Why not">
      <Suspense>{walk !== null && <WhyCard walk={walk} exploration={exploration} />}</Suspense>
    </Boundary>
  );
}

export function HopSheet() {
  const props = usePanelProps();
  return (
    <Boundary name="The hop sheet">
      <Suspense>
        <SheetPanel {...props} />
      </Suspense>
    </Boundary>
  );
}

/** Sends the scenario's own request where it can be made, else the first that can be made from there. */
async function sendFrom(session: Session, from: "outside" | "pod"): Promise<void> {
  const choices = await session.client.query("choices", {}).catch(() => null);
  if (choices === null) return;
  const request = requestFrom(choices, from, usePage.getState().scenario.open);
  if (request !== null) await session.send({ ...request, protocol: "tcp" });
}
