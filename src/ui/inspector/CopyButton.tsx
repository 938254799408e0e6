import { useEffect, useState, type ReactElement, type ReactNode } from "react";
import { Icon } from "./glyphs.tsx";

interface Props {
  readonly className?: string | undefined;
  readonly children: ReactNode;
  /** The text to copy; may have to be asked for first. */
  text(): string | Promise<string>;
}

/** Copies a text and says so for two seconds, in the button itself. The label keeps its width. */
export function CopyButton({ className, children, text }: Props): ReactElement {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  useEffect(() => {
    if (state === "idle") return undefined;
    const timer = setTimeout(() => setState("idle"), 2_000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(await text());
      setState("copied");
    } catch {
      setState("refused");
    }
  };
  return (
    <button type="button" className={className} onClick={() => void copy()}>
      <Icon name={state === "copied" ? "check" : "copy"} />
      <span style={{ display: "grid" }}>
        <span style={{ gridArea: "1 / 1", visibility: state === "idle" ? "visible" : "hidden" }}>{children}</span>
        <span style={{ gridArea: "1 / 1" }} role="status">
          {state === "copied" ? "Copied" : state === "refused" ? "Not allowed" : ""}
        </span>
      </span>
    </button>
  );
}
