import { CELL, shadeOf, type Cell, type Cells } from "../../graph/cells.ts";

export interface CellPalette {
  readonly shades: readonly [string, string, string, string];
  readonly old: string;
  readonly silent: string;
  readonly paper: string;
  readonly ink: string;
  readonly quiet: string;
  readonly onDark: string;
  readonly request: string;
  readonly focus: string;
  readonly ui: string;
  readonly mono: string;
}

export function readCellPalette(element: Element): CellPalette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    shades: [token("age-0"), token("age-1"), token("age-2"), token("age-3")],
    old: token("reject"),
    silent: token("drop"),
    paper: token("surface"),
    ink: token("ink"),
    quiet: token("ink-2"),
    onDark: token("surface"),
    request: token("request"),
    focus: token("focus"),
    ui: token("font-ui"),
    mono: token("font-mono"),
  };
}

interface CellPicture {
  readonly cells: Cells;
  readonly camera: { readonly x: number; readonly y: number; readonly zoom: number };
  readonly ratio: number;
  readonly width: number;
  readonly height: number;
  readonly palette: CellPalette;
  readonly current: number;
  readonly hover: number;
  readonly touched: ReadonlySet<string>;
}

/** Cells from this many pixels wide on have their node's name in them, and from the second on their pods. */
const NAMED = 64;
const DETAILED = 120;

/** Draws what is in view, colour by colour. The same picture gives the same pixels. */
export function paintCells(ctx: CanvasRenderingContext2D, picture: CellPicture): void {
  const { cells, camera, ratio, width, height, palette } = picture;
  const { x, y, zoom } = camera;
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.clearRect(0, 0, width * ratio, height * ratio);
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  const w = CELL.w * zoom;
  const h = CELL.h * zoom;
  const radius = Math.min(8, w * 0.14);
  const visible = cells.cells.filter((cell) => {
    const left = x + cell.x * zoom;
    const top = y + cell.y * zoom;
    return left + w > 0 && left < width && top + h > 0 && top < height;
  });
  const groups = new Map<string, Cell[]>();
  for (const cell of visible) {
    const paint = cell.state === "old" ? palette.old : palette.shades[shadeOf(cell.age)];
    const key = cell.state === "silent" || cell.state === "down" ? "hollow" : paint;
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [cell]);
    else list.push(cell);
  }
  for (const [paint, group] of groups) {
    const hollow = paint === "hollow";
    const edge = hollow ? Math.min(2, Math.max(1, w * 0.16)) : 0;
    ctx.beginPath();
    for (const cell of group) {
      const left = x + cell.x * zoom + edge / 2;
      const top = y + cell.y * zoom + edge / 2;
      if (w < 12) ctx.rect(left, top, w - edge, h - edge);
      else ctx.roundRect(left, top, w - edge, h - edge, radius);
    }
    if (hollow) {
      ctx.fillStyle = palette.paper;
      ctx.strokeStyle = palette.silent;
      ctx.lineWidth = edge;
      ctx.fill();
      ctx.stroke();
    } else {
      ctx.fillStyle = paint;
      ctx.fill();
    }
  }
  if (zoom * CELL.head > 16) zones(ctx, picture);
  if (w >= NAMED) for (const cell of visible) details(ctx, cell, picture, w, h);
  for (const cell of visible) if (picture.touched.has(cell.node)) frame(ctx, cell, picture, palette.request, 1.5);
  const current = cells.cells[picture.current];
  const hover = cells.cells[picture.hover];
  if (hover !== undefined) frame(ctx, hover, picture, palette.ink, 1.5);
  if (current !== undefined) frame(ctx, current, picture, palette.focus, 2.5);
}

function zones(ctx: CanvasRenderingContext2D, { cells, camera, palette }: CellPicture): void {
  ctx.fillStyle = palette.ink;
  ctx.textBaseline = "alphabetic";
  for (const { name, rect, count } of cells.zones) {
    if (name === "") continue;
    const left = camera.x + rect.x * camera.zoom;
    const base = camera.y + (CELL.head - 4) * camera.zoom;
    ctx.font = `600 13px ${palette.ui}`;
    ctx.fillText(name, left, base, rect.w * camera.zoom);
    const after = ctx.measureText(`${name}  `).width;
    ctx.font = `400 12px ${palette.ui}`;
    ctx.fillText(`${count.toLocaleString("en")} nodes`, left + after, base, Math.max(1, rect.w * camera.zoom - after));
  }
}

function details(
  ctx: CanvasRenderingContext2D,
  cell: Cell,
  { camera, palette }: CellPicture,
  w: number,
  h: number,
): void {
  const left = camera.x + cell.x * camera.zoom + 8;
  const top = camera.y + cell.y * camera.zoom;
  const dark = cell.state === "old" || (shadeOf(cell.age) === 3 && cell.state === "current");
  ctx.fillStyle = dark ? palette.onDark : palette.ink;
  ctx.textBaseline = "alphabetic";
  ctx.font = `600 12px ${palette.ui}`;
  ctx.fillText(cell.node, left, top + 18, w - 16);
  ctx.font = `400 11px ${palette.mono}`;
  ctx.fillText(`${String(cell.ready)}/${String(cell.pods)} pods`, left, top + 34, w - 16);
  if (w < DETAILED) return;
  // A square per pod: filled when it is ready.
  const across = Math.max(1, Math.floor((w - 16) / 14));
  ctx.strokeStyle = ctx.fillStyle;
  ctx.lineWidth = 1.2;
  for (let i = 0; i < cell.pods; i++) {
    const px = left + (i % across) * 14;
    const py = top + 44 + Math.floor(i / across) * 14;
    if (py + 12 > top + h) break;
    if (i < cell.ready) ctx.fillRect(px, py, 10, 10);
    else ctx.strokeRect(px + 0.6, py + 0.6, 8.8, 8.8);
  }
}

function frame(ctx: CanvasRenderingContext2D, cell: Cell, { camera }: CellPicture, color: string, line: number): void {
  const out = 1 + line / 2;
  ctx.strokeStyle = color;
  ctx.lineWidth = line;
  ctx.beginPath();
  ctx.roundRect(
    camera.x + cell.x * camera.zoom - out,
    camera.y + cell.y * camera.zoom - out,
    CELL.w * camera.zoom + 2 * out,
    CELL.h * camera.zoom + 2 * out,
    3,
  );
  ctx.stroke();
}
