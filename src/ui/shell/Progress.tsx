import { useEffect, useState, type ReactElement } from "react";
import { Button } from "./Button.tsx";
import styles from "./Progress.module.css";

/** Whatever is done sooner is not told. */
const PATIENCE_MS = 200;

interface Props {
  readonly busy: boolean;
  /** What is done and how far: "replaying 312 of 1,204 commands". */
  readonly text: string;
  /** 0 to 1, where it is known. */
  readonly part?: number;
  readonly onCancel?: (() => void) | undefined;
}

/** One line that appears once something takes longer than a moment. Counts, no spinner. */
export function Progress({ busy, ...rest }: Props): ReactElement | null {
  return busy ? <Waiting {...rest} /> : null;
}

function Waiting({ text, part, onCancel }: Omit<Props, "busy">): ReactElement | null {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <div className={styles["progress"]}>
      <span
        role="progressbar"
        aria-valuetext={text}
        aria-label="Progress"
        {...(part === undefined
          ? {}
          : { "aria-valuenow": Math.round(part * 100), "aria-valuemin": 0, "aria-valuemax": 100 })}
      >
        {text}
      </span>
      {part !== undefined && <progress value={part} aria-hidden="true" />}
      {onCancel !== undefined && <Button onClick={onCancel}>Stop</Button>}
    </div>
  );
}
