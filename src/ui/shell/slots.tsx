/** Where the big panels of other folders are plugged in. */
import { Dock as DockPanel } from "../dock/Dock.tsx";
import { HopSheet as SheetPanel } from "../inspector/HopSheet.tsx";
import { Inspector as InspectorPanel } from "../inspector/Inspector.tsx";
import { Stage as StagePanel } from "../stage/Stage.tsx";
import { usePanelProps } from "./panels.ts";
import { usePage } from "./page.ts";
import { useSession, type Session } from "./session.ts";

export { Ladder } from "../inspector/Ladder.tsx";

const Placeholder = ({ name }: { readonly name: string }) => <p style={{ padding: 16 }}>{name}</p>;
export const NetfilterView = () => <Placeholder name="Netfilter" />;
export const StripMap = () => <Placeholder name="Strip" />;

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
