import { sigilDots } from "../../graph/sigil.ts";

/** The 16 characters that a Service's chains share, as a 4 × 4 halftone: one sign for YAML, stamp, imprint and chain. */
export function Sigil({ hash, size }: { readonly hash: string; readonly size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 40 40" aria-hidden="true" focusable="false" data-sigil={hash}>
      {sigilDots(hash).map((value, i) => (
        <circle key={i} cx={5 + (i % 4) * 10} cy={5 + Math.floor(i / 4) * 10} r={1 + value * 3.9} fill="currentColor" />
      ))}
    </svg>
  );
}
