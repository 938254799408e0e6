import { useEffect, useState } from "react";
import { usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { Icon } from "../shell/icons.tsx";
import styles from "./DropTarget.module.css";

const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;

/** Where a paste is words into a field, not a file onto the page. */
const FIELDS = "input, textarea, [contenteditable=true], .monaco-editor, .xterm, [role=dialog]";

/** The whole page takes files: dropped, or pasted where nothing is typed. */
export function DropTarget() {
  const session = useSession();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const take = (files: readonly Pick<File, "name" | "size" | "text">[]): void => {
      void import("./importing.ts").then(({ importFiles }) => importFiles(session, files));
    };
    const onOver = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "copy";
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      // Out of the window, not from one element to the next.
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      setOver(false);
      if (!carriesFiles(event)) return;
      event.preventDefault();
      // Else Monaco would put the file's path where it fell.
      event.stopPropagation();
      take([...(event.dataTransfer?.files ?? [])]);
    };
    const onPaste = (event: ClipboardEvent): void => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) {
        event.preventDefault();
        take(files);
        return;
      }
      const target = event.target instanceof Element ? event.target : null;
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (text.trim() === "" || (target?.closest(FIELDS) ?? null) !== null || usePage.getState().helpOpen) return;
      event.preventDefault();
      take([{ name: "pasted.yaml", size: text.length, text: () => Promise.resolve(text) }]);
    };
    addEventListener("dragover", onOver, true);
    addEventListener("dragleave", onLeave, true);
    addEventListener("drop", onDrop, true);
    addEventListener("paste", onPaste);
    return () => {
      removeEventListener("dragover", onOver, true);
      removeEventListener("dragleave", onLeave, true);
      removeEventListener("drop", onDrop, true);
      removeEventListener("paste", onPaste);
    };
  }, [session]);
  if (!over) return null;
  return (
    <div className={styles["over"]} aria-hidden="true">
      <p>
        <Icon name="file" size={20} />
        <b>Drop manifests to open each in a tab</b>
        <span>YAML, JSON, or a kubectl get -o yaml List. They do not leave this browser.</span>
      </p>
    </div>
  );
}
