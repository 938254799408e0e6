import { Icon } from "../shell/icons.tsx";
import type { ObjectKey } from "../../model/meta/types.ts";
import styles from "./MenuButton.module.css";
import { useActs } from "./state.ts";

/** What can be done with the object, for a pointer that has no right button and a reader who does not know of one. */
export function MenuButton({ object, name }: { readonly object: ObjectKey; readonly name: string }) {
  return (
    <button
      type="button"
      className={`${styles["button"] ?? ""} nodrag nopan`}
      aria-label={`What can be done with ${name}`}
      aria-haspopup="menu"
      tabIndex={-1}
      onClick={(event) => {
        event.stopPropagation();
        const box = event.currentTarget.getBoundingClientRect();
        useActs.setState({ menu: { object, x: box.left, y: box.bottom, byKey: event.detail === 0 }, note: null });
      }}
    >
      <Icon name="more" size={14} />
    </button>
  );
}
