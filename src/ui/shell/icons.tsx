/** Icons as strokes of the current colour, 16 × 16. They are decoration: the words beside or behind them carry the meaning. */
import type { ReactNode } from "react";

const PATHS = {
  file: <path d="M4 1.75h5l3 3v9.5H4zM9 1.75v3h3" />,
  chevron: <path d="m4.5 6.25 3.5 3.5 3.5-3.5" />,
  reset: <path d="M3.2 8a4.9 4.9 0 1 0 1.6-3.6L3 6M3 2.8V6h3.2" />,
  share: <path d="M8 9.75v-7.5M5 5l3-3 3 3M2.75 9v4.25h10.5V9" />,
  moon: <path d="M13 9.6A5.4 5.4 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6z" />,
  sun: (
    <>
      <circle cx="8" cy="8" r="2.9" />
      <path d="M8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M3.2 12.8l1.1-1.1M11.7 4.3l1.1-1.1" />
    </>
  ),
  help: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M6.3 6.3a1.75 1.75 0 1 1 2.5 1.6c-.6.3-.8.6-.8 1.2M8 11.3v.1" />
    </>
  ),
  warning: <path d="M8 2.2 14.2 13H1.8zM8 6.4v3M8 11.2v.1" />,
  error: (
    <>
      <path d="M5.5 1.8h5l3.7 3.7v5l-3.7 3.7h-5L1.8 10.5V5.5z" />
      <path d="M5 8h6" />
    </>
  ),
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  editor: <path d="M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5" />,
  inspector: <path d="M2 3h12v10H2zM9.5 3v10" />,
  send: <path d="M2.5 8h10M9 4.5 12.5 8 9 11.5" />,
  screen: <path d="M2 3h12v7.5H2zM8 10.5v3M5.5 13.5h5" />,
  previous: <path d="M4 3v10M12.5 3.5v9L6 8z" />,
  next: <path d="M12 3v10M3.5 3.5v9L10 8z" />,
  play: <path d="M5 3v10l8-5z" />,
  pause: <path d="M5 3v10M11 3v10" />,
  walk: (
    <path d="M6.5 9.5 9.5 6.5M5.5 7 4 8.5a2.475 2.475 0 0 0 3.5 3.5L9 10.5M10.5 9 12 7.5A2.475 2.475 0 0 0 8.5 4L7 5.5" />
  ),
  map: <path d="M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3" />,
  more: <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2" />,
  plus: <path d="M8 3v10M3 8h10" />,
  check: <path d="m3.5 8.5 3 3 6-7" />,
  compare: <path d="M2.5 3h4v10h-4zM9.5 3h4v10h-4zM2.5 6.5h4M9.5 9.5h4" />,
  search: <path d="M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.5 3.5" />,
  rules: <path d="M2.5 4h11M2.5 8h11M2.5 12h7" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  const solid = name === "play";
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill={solid ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {PATHS[name]}
    </svg>
  );
}

/** The mark: two hops over three places. */
export function Logo({ size = 26 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--ink)" />
      <g fill="none" stroke="var(--on-ink)" strokeWidth="2.6" strokeLinecap="round">
        <path d="M7.5 21.5v-4.2a4.3 4.3 0 0 1 8.6 0v1.2" />
        <path d="M16.1 18.5v-1.2a4.3 4.3 0 0 1 8.6 0v2" />
      </g>
      <g fill="var(--on-ink)">
        <circle cx="7.5" cy="21.6" r="2.1" />
        <circle cx="16.1" cy="21.6" r="2.1" />
        <circle cx="24.6" cy="21.6" r="2.1" />
      </g>
    </svg>
  );
}
