/** Where the big panels of other folders are plugged in. */
import { lazy, Suspense } from "react";
import { useMirror } from "../../mirror/store.ts";
import { Dock as DockPanel } from "../dock/Dock.tsx";
import { HopSheet as SheetPanel } from "../inspector/HopSheet.tsx";
import { Inspector as InspectorPanel } from "../inspector/Inspector.tsx";
import { Stage as StagePanel } from "../stage/Stage.tsx";
import { StripMap as StripPanel } from "../stage/StripMap.tsx";
import { usePanelProps } from "./panels.ts";
import { usePage } from "./page.ts";
import { useSession, type Session } from "./session.ts";

export { Ladder } from "../inspector/Ladder.tsx";

// Not part of the first picture.
const Netfilter = lazy(() =>
  import("../stage/NetfilterView.tsx").then(({ NetfilterView: component }) => ({ default: component })),
);

export function NetfilterView() {
  const props = usePanelProps();
  return (
    <Suspense>
      <Netfilter {...props} />
    </Suspense>
  );
}

export function StripMap() {
  const mirror = useMirror((state) => state);
  return <StripPanel mirror={mirror} />;
}

export function Stage() {
  const session = useSession();
  const { mirror, exploration } = usePanelProps();
  return <StagePanel mirror={mirror} exploration={exploration} onSend={(from) => void sendFrom(session, from)} />;
}

export function Dock() {
  return <DockPanel {...usePanelProps()} />;
}

export function Inspector() {
  return <InspectorPanel {...usePanelProps()} />;
}

export function HopSheet() {
  return <SheetPanel {...usePanelProps()} />;
}

/** Sends the scenario's own request, or the first that can be made from there. */
async function sendFrom(session: Session, from: "outside" | "pod"): Promise<void> {
  const { open } = usePage.getState().scenario;
  if (open !== null && open.from.startsWith("client/") === (from === "outside")) {
    await session.send({ ...open, protocol: "tcp" });
    return;
  }
  const choices = await session.client.query("choices", {}).catch(() => null);
  const source = choices?.from.find(({ group }) => group === (from === "outside" ? "outside" : "pods"));
  const wanted = from === "outside" ? ["load balancers", "nodes", "services"] : ["services", "load balancers"];
  const target = wanted
    .map((group) => choices?.to.find((choice) => choice.group === group))
    .find((choice) => choice !== undefined);
  if (source !== undefined && target !== undefined)
    await session.send({ from: source.value, to: target.value, protocol: "tcp" });
}
