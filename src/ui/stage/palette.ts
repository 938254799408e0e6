import type { Tint } from "../../graph/path.ts";

/** The tokens that the canvas paints with, as the page resolves them now. */
export interface Palette {
  readonly tint: Readonly<Record<Tint, string>>;
  readonly drop: string;
  readonly surface: string;
  readonly paper: string;
  readonly ink: string;
  readonly onInk: string;
  readonly focus: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    tint: {
      request: token("request"),
      reply: token("reply"),
      dnat: token("dnat"),
      snat: token("snat"),
      reject: token("reject"),
    },
    drop: token("drop"),
    surface: token("surface"),
    paper: token("paper"),
    ink: token("ink"),
    onInk: token("on-ink"),
    focus: token("focus"),
  };
}
