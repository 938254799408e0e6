import type { ReactElement } from "react";
import type { Severity } from "../../model/trace/finding.ts";

const PATHS: Readonly<Record<Severity, ReactElement>> = {
  error: (
    <>
      <path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z" fill="currentColor" />
      <path d="M4.5 8h7" stroke="var(--surface)" strokeWidth="2.4" strokeLinecap="round" />
    </>
  ),
  warning: (
    <>
      <path d="M8 1.5 15 14H1z" fill="currentColor" stroke="currentColor" strokeLinejoin="round" />
      <path d="M8 5.800v4M8 12v.1" stroke="var(--surface)" strokeWidth="1.8" strokeLinecap="round" />
    </>
  ),
  note: (
    <>
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M8 7.400v3.800M8 4.700v.1" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
    </>
  ),
};

/** How grave a finding is, as a shape; the word stands beside it. */
export function SeverityGlyph({ severity, size = 13 }: { readonly severity: Severity; readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {PATHS[severity]}
    </svg>
  );
}
