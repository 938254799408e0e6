import { DropdownMenu } from "radix-ui";
import { useRef } from "react";
import { say } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { saveFile } from "../share/file.ts";
import { useUi } from "../state.ts";
import { overPage } from "../shell/portal.ts";
import { pickFiles } from "./pick.ts";
import { activate, closeTab, moveTab, useTabs } from "./tabs.ts";
import styles from "./FileMenu.module.css";

interface FileMenuProps {
  readonly at: { readonly x: number; readonly y: number };
  readonly tab: number;
  /** `refocus`: back to the tab, unless what was chosen went elsewhere. */
  readonly onClose: (refocus: boolean) => void;
  readonly onRename: () => void;
  readonly onFormat: () => void;
}

/** What can be done to a file: the menu behind a tab's right click, Shift+F10 and the button beside the tabs. */
export function FileMenu({ at, tab, onClose, onRename, onFormat }: FileMenuProps) {
  const session = useSession();
  const tabs = useTabs((state) => state.tabs);
  const place = tabs.findIndex(({ id }) => id === tab);
  const file = tabs[place];
  const chosen = useRef<(() => void) | null>(null);
  const refocus = useRef(true);
  if (file === undefined) return null;
  const item = (
    label: string,
    keys: string,
    act: () => void,
    { disabled = false, away = false }: { readonly disabled?: boolean; readonly away?: boolean } = {},
  ) => (
    <DropdownMenu.Item
      className={styles["item"]}
      disabled={disabled}
      onSelect={() => {
        refocus.current = !away;
        chosen.current = act;
      }}
    >
      {label}
      {keys !== "" && <kbd>{keys}</kbd>}
    </DropdownMenu.Item>
  );
  return (
    <DropdownMenu.Root
      open
      modal={false}
      onOpenChange={(open) => {
        if (!open) onClose(false);
      }}
    >
      <DropdownMenu.Trigger asChild>
        <span className={styles["anchor"]} style={{ left: at.x, top: at.y }} aria-hidden="true" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={overPage()}>
        <DropdownMenu.Content
          className={styles["menu"]}
          aria-label={`File ${file.name}`}
          align="start"
          sideOffset={2}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            onClose(refocus.current);
            // After the menu has let go of the focus.
            chosen.current?.();
          }}
        >
          {item("Rename", "F2", onRename, { away: true })}
          {item("Move left", "Ctrl ⇧ ←", () => moveTab(session, tab, place - 1), { disabled: place === 0 })}
          {item("Move right", "Ctrl ⇧ →", () => moveTab(session, tab, place + 1), {
            disabled: place === tabs.length - 1,
          })}
          {item("Close", "Del", () => closeTab(session, tab), { disabled: tabs.length === 1 })}
          <DropdownMenu.Separator className={styles["rule"]} />
          {item("Format", "⇧ Alt F", () => {
            activate(tab);
            onFormat();
          })}
          {item(
            "Compare with the live objects",
            "",
            () => {
              activate(tab);
              useUi.getState().set({ editorView: "live" });
            },
            { away: true },
          )}
          {item("Save to disk", "", () => {
            saveFile(file.name.split("/").at(-1) ?? file.name, file.text, "application/yaml");
            say(`${file.name} is saved.`);
          })}
          <DropdownMenu.Separator className={styles["rule"]} />
          {item("Open files", "", () => pickFiles(session))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
