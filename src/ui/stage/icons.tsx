import type { ReactNode } from "react";

/** Line icons of the map, 16 × 16; decorative. */
const PATHS = {
  laptop: (
    <>
      <rect x="3" y="3" width="10" height="7" rx="1" />
      <path d="M1.2 12.6h13.6" />
    </>
  ),
  cube: <path d="M8 1.8 13.5 5v6L8 14.2 2.500 11V5zM2.500 5 8 8.200 13.500 5M8 8.200v6" />,
  terminal: <path d="m2.500 4 4 4-4 4M8.500 12h5" />,
  fold: <path d="m3.500 10 4.500-4.500L12.500 10" />,
  unfold: <path d="m3.500 6 4.500 4.500L12.500 6" />,
  fit: <path d="M2.500 5.500v-3h3M10.500 2.500h3v3M13.500 10.500v3h-3M5.500 13.500h-3v-3" />,
  eye: (
    <>
      <path d="M1.500 8S4 3.800 8 3.800 14.500 8 14.500 8 12 12.200 8 12.200 1.500 8 1.500 8z" />
      <circle cx="8" cy="8" r="1.900" />
    </>
  ),
  filter: <path d="M2 3.500h12M4.500 8h7M6.800 12.500h2.400" />,
  plus: <path d="M8 3v10M3 8h10" />,
  minus: <path d="M3 8h10" />,
  stairs: <path d="M2.500 3.500h4v4h4v4h3" />,
  back: <path d="M10 3.500 5.500 8l4.500 4.500" />,
  forth: <path d="M6 3.500 10.500 8 6 12.500" />,
} satisfies Record<string, ReactNode>;

export function MapIcon({ name, size = 16 }: { readonly name: keyof typeof PATHS; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {PATHS[name]}
    </svg>
  );
}
