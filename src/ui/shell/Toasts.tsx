import { Toast } from "radix-ui";
import type { ReactElement } from "react";
import { Icon } from "./icons.tsx";
import { useToasts } from "./toasts.ts";
import styles from "./Toasts.module.css";

/** Short notes at the lower edge. They go by themselves; pointer or focus on one keeps it. */
export function Toasts(): ReactElement {
  const toasts = useToasts((state) => state.toasts);
  const dismiss = useToasts((state) => state.dismiss);
  return (
    <Toast.Provider duration={4_000} swipeDirection="down" label="Note">
      {toasts.map(({ id, text }) => (
        <Toast.Root
          key={id}
          className={styles["toast"]}
          type="background"
          onOpenChange={(open) => {
            if (!open) dismiss(id);
          }}
        >
          <Icon name="check" />
          <Toast.Description>{text}</Toast.Description>
          <Toast.Close className={styles["close"]} aria-label="Dismiss">
            <Icon name="close" />
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className={styles["viewport"]} label="Notes ({hotkey})" />
    </Toast.Provider>
  );
}
