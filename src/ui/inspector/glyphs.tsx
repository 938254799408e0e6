/** The shapes of the grammar (verdicts and rails) and a few line icons. Decorative: the words beside them carry the meaning. */
import type { ReactElement, ReactNode } from "react";
import type { OutcomeKind, Verdict } from "../../model/trace/types.ts";
import type { Glyph } from "./rungs.ts";

interface GlyphProps {
  readonly kind: Glyph;
  /** Box in CSS pixels; shapes fill as much of it as their role asks for. */
  readonly size?: number;
  readonly ink?: string;
}

const TAG_RIGHT = "M2 3.5h7.2L14 8l-4.8 4.5H2z";
const TAG_LEFT = "M14 3.5H6.8L2 8l4.8 4.5H14z";

function shape(kind: Glyph, ink: string): ReactElement {
  switch (kind) {
    case "start":
      return <circle cx="8" cy="8" r="5" fill={ink} />;
    case "end":
      return <circle cx="8" cy="8" r="3" fill={ink} />;
    case "ring":
      return <circle cx="8" cy="8" r="2.75" fill="var(--surface)" stroke={ink} strokeWidth="1.75" />;
    case "dnat":
      return <path d={TAG_RIGHT} fill={ink} stroke={ink} strokeWidth="1.2" strokeLinejoin="round" />;
    case "snat":
      return <path d={TAG_LEFT} fill={ink} stroke={ink} strokeWidth="1.2" strokeLinejoin="round" />;
    case "undo-dnat":
      return <path d={TAG_RIGHT} fill="var(--surface)" stroke={ink} strokeWidth="1.8" strokeLinejoin="round" />;
    case "undo-snat":
      return <path d={TAG_LEFT} fill="var(--surface)" stroke={ink} strokeWidth="1.8" strokeLinejoin="round" />;
    case "delivered":
      return (
        <>
          <circle cx="8" cy="8" r="7" fill={ink} />
          <path
            d="m4.9 8.2 2.2 2.2 4-4.6"
            fill="none"
            stroke="var(--surface)"
            strokeWidth="1.8"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </>
      );
    case "refused":
      return (
        <>
          <path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z" fill={ink} />
          <path d="M4.5 8h7" stroke="var(--surface)" strokeWidth="2.4" strokeLinecap="round" />
        </>
      );
    case "dropped":
      return (
        <>
          <rect
            x="1.5"
            y="1.5"
            width="13"
            height="13"
            rx="2.5"
            fill="var(--surface)"
            stroke={ink}
            strokeWidth="1.6"
            strokeDasharray="2.9 2.1"
          />
          <path
            d="M8 4.4v6.4M5.6 8.5 8 11l2.4-2.5"
            fill="none"
            stroke={ink}
            strokeWidth="1.6"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </>
      );
  }
}

const INKS: Readonly<Record<Glyph, string>> = {
  start: "var(--request)",
  ring: "var(--ink-3)",
  end: "var(--ink-2)",
  dnat: "var(--dnat)",
  snat: "var(--snat)",
  "undo-dnat": "var(--dnat)",
  "undo-snat": "var(--snat)",
  delivered: "var(--reply)",
  refused: "var(--reject)",
  dropped: "var(--drop)",
};

export function RailGlyph({ kind, size = 16, ink }: GlyphProps): ReactElement {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {shape(kind, ink ?? INKS[kind])}
    </svg>
  );
}

/** The glyph that stands for a verdict in tags and tables; null for verdicts that change nothing. */
export function verdictGlyph(verdict: Verdict): Glyph | null {
  switch (verdict) {
    case "dnat":
    case "snat":
    case "undo-dnat":
    case "undo-snat":
      return verdict;
    case "reject":
    case "refuse":
      return "refused";
    case "drop":
    case "lost":
      return "dropped";
    case "deliver":
      return "delivered";
    default:
      return null;
  }
}

export function outcomeGlyph(outcome: OutcomeKind): Glyph {
  return outcome === "delivered" ? "delivered" : outcome === "timeout" ? "dropped" : "refused";
}

type IconName =
  "previous" | "next" | "play" | "pause" | "copy" | "check" | "page" | "chain" | "cube" | "search" | "more" | "rules";

const ICONS: Readonly<Record<IconName, ReactNode>> = {
  previous: <path d="M4 3.5v9M12.5 4v8L6.5 8z" fill="currentColor" strokeLinejoin="round" />,
  next: <path d="M12 3.5v9M3.5 4v8l6-4z" fill="currentColor" strokeLinejoin="round" />,
  play: <path d="M5 3.5v9L12.5 8z" fill="currentColor" strokeLinejoin="round" />,
  pause: <path d="M5.5 4v8M10.5 4v8" strokeWidth="2.4" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 3.5v-.2c0-.7-.5-1.3-1.3-1.3H3.8C3 2 2.500 2.600 2.500 3.300v5.400c0 .8.500 1.300 1.300 1.300h.2" />
    </>
  ),
  check: <path d="m3 8.500 3.200 3.200L13 4.500" />,
  page: <path d="M4 2h5l3.500 3.500V14H4zM9 2v3.500h3.500" strokeLinejoin="round" />,
  chain: (
    <path d="M7 9.2 9.300 6.800M6.700 5.200l1.700-1.800a3 3 0 0 1 4.200 4.200l-1.700 1.700M9.300 10.800l-1.700 1.800a3 3 0 0 1-4.200-4.200l1.700-1.700" />
  ),
  cube: <path d="M8 1.800 13.500 5v6L8 14.200 2.500 11V5zM2.500 5 8 8.200 13.500 5M8 8.200v6" strokeLinejoin="round" />,
  search: <path d="M11.300 7a4.300 4.300 0 1 1-8.600 0 4.300 4.300 0 0 1 8.600 0zM10.200 10.200l3.300 3.300" />,
  more: <path d="m4.500 6.300 3.500 3.500 3.500-3.500" />,
  rules: <path d="M2.500 4h4M2.500 8h6.500M2.500 12h4.500M11 6.500 13.500 8.500 11 10.500" />,
};

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }): ReactElement {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      aria-hidden="true"
      focusable="false"
    >
      {ICONS[name]}
    </svg>
  );
}
