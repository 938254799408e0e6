import { useMirror } from "../../mirror/store.ts";
import { admittedWords } from "./problems.ts";
import styles from "./EditorPanel.module.css";

export function EditorFooter() {
  const report = useMirror((state) => state.report);
  return <footer className={styles["footer"]}>{admittedWords(report.admitted, report.revision)}</footer>;
}
