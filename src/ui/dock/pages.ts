/** Which pages of a long list a window needs. Pure. */

/** Rows per request: a few screens' worth of a dock, little enough for any worker to answer between frames. */
export const PAGE = 48;

export interface Window {
  readonly first: number;
  /** One past the last row. */
  readonly end: number;
}

/** Rows that show in a viewport of `height` pixels scrolled down by `top`, with one more at each end. */
export function windowOf(top: number, height: number, row: number, total: number): Window {
  const first = Math.max(0, Math.floor(top / row) - 1);
  return { first: Math.min(first, total), end: Math.min(total, Math.ceil((top + height) / row) + 1) };
}

/** Numbers of the pages that hold a window's rows. */
export function pagesOf({ first, end }: Window): readonly number[] {
  const result: number[] = [];
  for (let page = Math.floor(first / PAGE); page * PAGE < Math.max(end, first + 1); page++) result.push(page);
  return result;
}
