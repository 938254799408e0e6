import { openConsole, toggleConsole } from "../console/open.ts";
import type { Action } from "./registry.ts";

/** The way into the console and out of it. */
export const CONSOLE_ACTIONS: readonly Action[] = [
  {
    id: "page.console",
    title: "Go to the console",
    group: "The page",
    keys: ["`"],
    hint: "terminal shell kubectl curl dig iptables",
    run: () => openConsole(),
  },
  {
    id: "page.console.toggle",
    title: "Into the console, and back out of it",
    group: "The page",
    keys: ["Ctrl+`"],
    anywhere: true,
    keyOnly: true,
    run: () => toggleConsole(),
  },
];
