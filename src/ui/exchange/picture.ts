/** The map as a picture, as the page shows it: all of it in view, with its fonts, in the theme that is on. */

/** Pictures larger than this are refused by some browsers' canvases and by most chats. */
const MOST_PIXELS = 16_000_000;
const SCALE = 2;
/** The map glides into view within so much time; a picture taken before would show it on its way. */
const SETTLED_MS = 400;
/** Left out: what only works with a pointer. */
const CONTROLS = ".react-flow__panel, .react-flow__attribution";
/** What the map inherits from the page around it. */
const INHERITED = [
  "color",
  "font-family",
  "font-size",
  "font-weight",
  "line-height",
  "font-feature-settings",
  "letter-spacing",
];

/** The map's element, or null where no map is on show. */
export function mapElement(): HTMLElement | null {
  return document.querySelector<HTMLElement>("[data-lod]");
}

/** Rejects when the browser cannot draw it. */
export async function mapPicture(map: HTMLElement, kind: "svg" | "png"): Promise<Blob> {
  await document.fonts.ready;
  // The map's own key for "all of it".
  map.dispatchEvent(new KeyboardEvent("keydown", { key: "=", bubbles: true, cancelable: true }));
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  const { width, height } = map.getBoundingClientRect();
  const svg = await svgOf(map, width, height);
  return kind === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : pngOf(svg, width, height);
}

async function svgOf(map: HTMLElement, width: number, height: number): Promise<string> {
  const copy = map.cloneNode(true) as HTMLElement;
  const drawn = map.querySelectorAll("canvas");
  // What is painted is no part of a copied canvas.
  copy.querySelectorAll("canvas").forEach((canvas, i) => {
    const source = drawn[i];
    if (source === undefined || source.width === 0 || source.height === 0) return;
    const image = document.createElement("img");
    image.src = source.toDataURL();
    image.className = canvas.className;
    const box = getComputedStyle(source);
    image.style.cssText = `${canvas.style.cssText}; position: ${box.position}; inset: ${box.inset}; width: ${box.width}; height: ${box.height}; pointer-events: none`;
    canvas.replaceWith(image);
  });
  for (const control of copy.querySelectorAll(CONTROLS)) control.remove();
  copy.style.width = `${width}px`;
  copy.style.height = `${height}px`;
  const computed = getComputedStyle(map);
  const page = document.createElement("div");
  page.style.cssText = INHERITED.map((name) => `${name}: ${computed.getPropertyValue(name)}`).join("; ");
  page.style.width = `${width}px`;
  page.style.height = `${height}px`;
  page.style.background = groundOf(map);
  page.append(copy);
  const root = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  // Rules about the root and its theme hold for this root too.
  for (const { name, value } of document.documentElement.attributes)
    if (name.startsWith("data-")) root.setAttribute(name, value);
  root.setAttribute("width", String(width));
  root.setAttribute("height", String(height));
  root.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent = await styleSheet();
  const inside = document.createElementNS("http://www.w3.org/2000/svg", "foreignObject");
  inside.setAttribute("width", "100%");
  inside.setAttribute("height", "100%");
  inside.append(page);
  root.append(style, inside);
  return new XMLSerializer().serializeToString(root);
}

/** The colour behind the map: the nearest ancestor's that has one. */
function groundOf(element: HTMLElement): string {
  for (let at: HTMLElement | null = element; at !== null; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at);
    if (backgroundColor !== "rgba(0, 0, 0, 0)" && backgroundColor !== "transparent") return backgroundColor;
  }
  return "#fff";
}

/** The page's rules, with the fonts that are in use written into them: a picture has nobody to ask for files. */
async function styleSheet(): Promise<string> {
  const used = new Set([...document.fonts].filter(({ status }) => status === "loaded").map(faceKey));
  const parts: Promise<string>[] = [];
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (!(rule instanceof CSSFontFaceRule)) parts.push(Promise.resolve(rule.cssText));
      else if (used.has(faceKey(descriptorsOf(rule)))) parts.push(withFont(rule, sheet.href ?? location.href));
    }
  }
  // A picture shows how things are, not how they come: what fades in would stay invisible.
  const still = "*, *::before, *::after { animation: none !important; transition: none !important; }";
  return [...(await Promise.all(parts)), still].join("\n");
}

type Face = Pick<FontFace, "family" | "style" | "unicodeRange">;

const faceKey = ({ family, style, unicodeRange }: Face): string =>
  `${family.replaceAll(/["']/g, "")} ${style || "normal"} ${(unicodeRange || "U+0-10FFFF").replaceAll(" ", "").toLowerCase()}`;

function descriptorsOf({ style }: CSSFontFaceRule): Face {
  return {
    family: style.getPropertyValue("font-family"),
    style: style.getPropertyValue("font-style"),
    unicodeRange: style.getPropertyValue("unicode-range"),
  };
}

async function withFont(rule: CSSFontFaceRule, base: string): Promise<string> {
  const url = /url\(["']?([^"')]+)["']?\)/.exec(rule.cssText)?.[1];
  if (url === undefined) return rule.cssText;
  const bytes = new Uint8Array(await (await fetch(new URL(url, base))).arrayBuffer());
  let binary = "";
  for (let i = 0; i < bytes.length; i += 8_192) binary += String.fromCharCode(...bytes.subarray(i, i + 8_192));
  return rule.cssText.replace(url, `data:font/woff2;base64,${btoa(binary)}`);
}

async function pngOf(svg: string, width: number, height: number): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = Math.min(SCALE, Math.sqrt(MOST_PIXELS / Math.max(1, width * height)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error("The canvas gave no picture")) : resolve(blob)),
      "image/png",
    );
  });
}
