import type { ReactElement } from "react";
import { decisive } from "./ruleText.ts";

/** A line of iptables-save with its decisive part in bold. Breaks only between words: a chain's name stays whole. */
export function RuleText({
  text,
  className,
}: {
  readonly text: string;
  readonly className?: string | undefined;
}): ReactElement {
  return (
    <p className={className}>
      {decisive(text).map((piece, i) => {
        const words = piece.text.split(/(?<= )(?<!-j )/).map((word, n) => (
          <span key={n} style={{ whiteSpace: word.length > 44 ? "normal" : "nowrap" }}>
            {word.trimEnd()}
          </span>
        ));
        const spaced = words.flatMap((word, n) => (n === 0 ? [word] : [" ", word]));
        const end = piece.text.endsWith(" ") ? " " : "";
        return piece.strong ? (
          <b key={i}>
            {spaced}
            {end}
          </b>
        ) : (
          <span key={i}>
            {spaced}
            {end}
          </span>
        );
      })}
    </p>
  );
}
