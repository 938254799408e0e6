import { expect, test } from "vitest";
import { PAGE, pagesOf, windowOf } from "./pages.ts";

test("a window holds what shows and one row more at each end", () => {
  expect(windowOf(0, 120, 24, 1000)).toEqual({ first: 0, end: 6 });
  expect(windowOf(240, 120, 24, 1000)).toEqual({ first: 9, end: 16 });
  expect(windowOf(23_900, 120, 24, 1000)).toEqual({ first: 994, end: 1000 });
});

test("however long the list, a window needs one page or two", () => {
  for (const top of [0, 24 * PAGE - 60, 24 * 169_990])
    expect(pagesOf(windowOf(top, 240, 24, 170_000)).length).toBeLessThanOrEqual(2);
  expect(pagesOf({ first: 0, end: 0 })).toEqual([0]);
  expect(pagesOf({ first: PAGE - 1, end: PAGE + 1 })).toEqual([0, 1]);
});
