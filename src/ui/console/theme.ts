/** The terminal's colours out of the page's tokens: read anew when the theme changes, so that what is printed already changes too. */
import type { ITheme } from "@xterm/xterm";

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function terminalTheme(): ITheme {
  const ink = token("--ink");
  const faint = token("--ink-3");
  return {
    background: token("--surface"),
    foreground: ink,
    cursor: ink,
    cursorAccent: token("--surface"),
    selectionBackground: token("--request-soft"),
    selectionInactiveBackground: token("--sunken"),
    scrollbarSliderBackground: token("--line"),
    scrollbarSliderHoverBackground: token("--line-strong"),
    scrollbarSliderActiveBackground: token("--line-strong"),
    red: token("--reject"),
    green: token("--reply"),
    yellow: token("--snat"),
    blue: token("--request"),
    magenta: token("--dnat"),
    cyan: token("--reply"),
    white: token("--ink-2"),
    black: ink,
    brightBlack: faint,
    brightWhite: ink,
  };
}

export const monoFont = (): string => token("--font-mono");
