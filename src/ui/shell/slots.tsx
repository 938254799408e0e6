/** Where the big panels of other folders are plugged in. */
import { HopSheet as SheetPanel } from "../inspector/HopSheet.tsx";
import { Inspector as InspectorPanel } from "../inspector/Inspector.tsx";
import { usePanelProps } from "./panels.ts";

export { Ladder } from "../inspector/Ladder.tsx";

const Placeholder = ({ name }: { readonly name: string }) => <p style={{ padding: 16 }}>{name}</p>;
export const Stage = () => <Placeholder name="Map" />;
export const NetfilterView = () => <Placeholder name="Netfilter" />;
export const StripMap = () => <Placeholder name="Strip" />;
export const Dock = () => <Placeholder name="Dock" />;

export function Inspector() {
  return <InspectorPanel {...usePanelProps()} />;
}

export function HopSheet() {
  return <SheetPanel {...usePanelProps()} />;
}
