import { REGIONS } from "./useKeys.ts";

/** Where menus open: within the page's main landmark, not beside all landmarks at the end of the document. */
export const overPage = (): HTMLElement | null => document.getElementById(REGIONS.main);
