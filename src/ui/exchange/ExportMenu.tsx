import { DropdownMenu } from "radix-ui";
import type { ReactElement } from "react";
import type { Walk } from "../../model/trace/types.ts";
import { hostTitle } from "../inspector/wording.ts";
import { Icon } from "../shell/icons.tsx";
import { useSession } from "../shell/session.ts";
import { overPage } from "../shell/portal.ts";
import styles from "./ExportMenu.module.css";
import { captureHosts } from "./pcap.ts";

const out = () => import("./out.ts");

/** Everything that a walk and its cluster can be saved as. */
export function ExportMenu({ walk }: { readonly walk: Walk }): ReactElement {
  const session = useSession();
  const item = (label: string, note: string, run: () => void): ReactElement => (
    <DropdownMenu.Item className={styles["item"]} onSelect={run}>
      <span>{label}</span>
      <span className={styles["note"]}>{note}</span>
    </DropdownMenu.Item>
  );
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className={styles["trigger"]}>
        Export
        <Icon name="chevron" size={14} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={overPage()}>
        <DropdownMenu.Content className={styles["menu"]} align="start" side="top" sideOffset={4} collisionPadding={8}>
          <DropdownMenu.Label className={styles["label"]}>This walk</DropdownMenu.Label>
          {item("Text", ".txt", () => void out().then((o) => o.saveWalkText()))}
          {item("Mermaid diagram", ".mmd", () => void out().then((o) => o.saveMermaid()))}
          {item("Mermaid diagram", "copy", () => void out().then((o) => o.copyMermaid()))}
          <DropdownMenu.Sub>
            <DropdownMenu.SubTrigger className={styles["item"]}>
              <span>Packets</span>
              <span className={styles["note"]}>.pcap</span>
            </DropdownMenu.SubTrigger>
            <DropdownMenu.Portal container={overPage()}>
              <DropdownMenu.SubContent className={styles["menu"]} sideOffset={4} collisionPadding={8}>
                {item("On every wire", "once each", () => void out().then((o) => o.savePcap(null)))}
                {captureHosts(walk).map((host) => (
                  <DropdownMenu.Item
                    key={host}
                    className={styles["item"]}
                    onSelect={() => void out().then((o) => o.savePcap(host))}
                  >
                    <span>At {hostTitle(host)}</span>
                    <span className={styles["note"]}>in and out</span>
                  </DropdownMenu.Item>
                ))}
              </DropdownMenu.SubContent>
            </DropdownMenu.Portal>
          </DropdownMenu.Sub>
          <DropdownMenu.Separator className={styles["rule"]} />
          <DropdownMenu.Label className={styles["label"]}>The map</DropdownMenu.Label>
          {item("Picture", ".svg", () => void out().then((o) => o.saveMap("svg")))}
          {item("Picture", ".png", () => void out().then((o) => o.saveMap("png")))}
          <DropdownMenu.Separator className={styles["rule"]} />
          <DropdownMenu.Label className={styles["label"]}>The cluster</DropdownMenu.Label>
          {item("Manifests", ".yaml", () => void out().then((o) => o.saveManifests()))}
          {item("Live objects", ".yaml", () => void out().then((o) => o.saveLiveObjects()))}
          {item("Rules of a node", ".txt", () => void out().then((o) => o.saveRules(session)))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
