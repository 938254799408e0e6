/** How much text is taken at once. All of them are far above honest manifests and far below what could hang a page. */
export const MAX_TEXT = 4 * 1024 * 1024;
export const MAX_DOCUMENTS = 20_000;
/** Collections inside one another. */
export const MAX_DEPTH = 64;
/** Values that aliases may add to one document beyond those that are written out. */
export const MAX_ALIASED = 100_000;
/** Diagnostics of one text. */
export const MAX_DIAGNOSTICS = 200;
