import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { useUi } from "../state.ts";
import { Button } from "./Button.tsx";
import styles from "./Drawer.module.css";

interface DrawerProps {
  readonly title: string;
  readonly side: "left" | "right";
  readonly children: ReactNode;
}

/** A panel that has no room beside the map, over it. A module of its own, loaded when first opened. */
export function Drawer({ title, side, children }: DrawerProps) {
  const set = useUi((state) => state.set);
  return (
    <Dialog.Root open modal={false} onOpenChange={() => set({ drawer: null })}>
      <Dialog.Portal>
        <Dialog.Content
          className={styles["drawer"]}
          data-side={side}
          aria-describedby={undefined}
          // Beside what stays usable: a click on the map is no wish to close the editor.
          onInteractOutside={(event) => event.preventDefault()}
          // Escape in the editor closes its suggestions or frees Tab; the drawer is closed from outside of it.
          onEscapeKeyDown={(event) => {
            if (event.target instanceof Element && event.target.closest(".monaco-editor") !== null)
              event.preventDefault();
          }}
        >
          <div className={styles["head"]}>
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close asChild>
              <Button look="bare" icon="close" aria-label={`Close the ${title.toLowerCase()}`} />
            </Dialog.Close>
          </div>
          <div className={styles["body"]}>{children}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
