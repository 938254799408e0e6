/** The map as a picture, as the page shows it: all of it in view, with its fonts, in the theme that is on. */

/** Pictures larger than this are refused by some browsers' canvases and by most chats. */
const MOST_PIXELS = 16_000_000;
const SCALE = 2;
/** The map glides into view within so much time; a picture taken before would show it on its way. */
const SETTLED_MS = 400;

/** Left out: what only works with a pointer. */
const CONTROLS = ["react-flow__panel", "react-flow__attribution"];

/** The map's element, or null where no map is on show. */
export function mapElement(): HTMLElement | null {
  return document.querySelector<HTMLElement>("[data-lod]");
}

export async function mapPicture(map: HTMLElement, kind: "svg" | "png"): Promise<Blob> {
  const [{ domToBlob, domToSvg }] = await Promise.all([import("modern-screenshot"), document.fonts.ready]);
  // The map's own key for "all of it".
  map.dispatchEvent(new KeyboardEvent("keydown", { key: "=", bubbles: true, cancelable: true }));
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  const { width, height } = map.getBoundingClientRect();
  const scale = Math.min(SCALE, Math.sqrt(MOST_PIXELS / Math.max(1, width * height)));
  const options = {
    width,
    height,
    scale,
    backgroundColor: getComputedStyle(document.documentElement).getPropertyValue("--paper").trim() || null,
    filter: (node: Node): boolean =>
      !(node instanceof HTMLElement) || !CONTROLS.some((name) => node.classList.contains(name)),
    // Everything comes from this page.
    fetch: { requestInit: { cache: "force-cache" as const } },
  };
  if (kind === "png") return domToBlob(map, { ...options, type: "image/png" });
  const url = await domToSvg(map, options);
  return new Blob([decodeURIComponent(url.slice(url.indexOf(",") + 1))], { type: "image/svg+xml" });
}
