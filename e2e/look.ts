/** What a journey asks of every view: nothing that axe finds, and targets that a finger or a mouse can hit. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, type App } from "./app.ts";

/** What axe finds within an element, one line each: rule, how bad, and where. `rules` narrows it to these. */
async function violations(page: Page, within: string, rules: readonly string[] | null): Promise<readonly string[]> {
  // The page has no frames: without the detour over a blank page that finding across frames needs.
  const builder = new AxeBuilder({ page }).setLegacyMode().include(within);
  const { violations: found } = await (rules === null ? builder : builder.withRules([...rules])).analyze();
  return found.flatMap(({ id, impact, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id} (${impact ?? ""}) at ${target.join(" ")}: ${failureSummary ?? ""}`,
    ),
  );
}

/**
 * Buttons, links, fields and what else can be clicked that is lower or narrower than `least` pixels. A link in a sentence is
 * as high as the sentence, and what Monaco and xterm draw is theirs.
 */
function smallTargets(page: Page, within: string, least: number): Promise<readonly string[]> {
  const look = ([inside, px]: readonly [string, number]): readonly string[] => {
    const roles = [
      "button",
      "link",
      "tab",
      "option",
      "menuitem",
      "menuitemcheckbox",
      "menuitemradio",
      "radio",
      "switch",
    ];
    const all = document.querySelectorAll<HTMLElement>(
      ["button", "a[href]", "input", "select", "textarea", "summary", ...roles.map((role) => `[role=${role}]`)]
        .map((one) => `:is(${inside}) ${one}, ${one}:is(${inside})`)
        .join(","),
    );
    const out = new Set<string>();
    for (const one of all) {
      if (one.closest(".monaco-editor, .xterm, .kh-hidden, [aria-hidden=true]") !== null) continue;
      if (!one.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      if (one instanceof HTMLAnchorElement && getComputedStyle(one).display === "inline") continue;
      // A field is hit by its label too.
      const label = one instanceof HTMLInputElement ? one.closest("label") : null;
      const boxes = [one, ...(label === null ? [] : [label])].map((box) => box.getBoundingClientRect());
      // What stands on the map is measured at the map's own scale: whoever needs it larger zooms in.
      const scale =
        one.closest(".react-flow__viewport") === null ? 1 : one.getBoundingClientRect().width / one.offsetWidth;
      const width = Math.max(...boxes.map((box) => box.width)) / scale;
      const height = Math.max(...boxes.map((box) => box.height)) / scale;
      // Links that wait off the page for the focus, and what is folded away.
      if (width <= 1 || height <= 1 || one.getBoundingClientRect().bottom <= 0) continue;
      // Under a finger the map is spread until a card is large enough; lines of a list or table are as high as their text,
      // and a mark of the timeline stands where its moment is.
      if (px > 24 && one.closest('.react-flow__nodes, [role=listbox], table, [aria-label^="Walk "]') !== null) continue;
      if (width < px - 0.5 || height < px - 0.5) {
        // What is hit may be larger than what is seen.
        const { left, top } = one.getBoundingClientRect();
        const [x, y] = [left + width / 2, top + height / 2];
        const reach = px / 2 - 0.5;
        const hits = [-reach, reach].flatMap((by) => [
          ...(height < px ? [document.elementFromPoint(x, y + by)] : []),
          ...(width < px ? [document.elementFromPoint(x + by, y)] : []),
        ]);
        if (hits.every((hit) => one.contains(hit))) continue;
        const name = (one.getAttribute("aria-label") ?? one.textContent).trim().slice(0, 40);
        out.add(
          `${one.getAttribute("role") ?? one.tagName.toLowerCase()} "${name}": ${width.toFixed(1)} × ${height.toFixed(1)}`,
        );
      }
    }
    return [...out];
  };
  return page.evaluate(look, [within, least] as const);
}

/** Colours are all that the dark page has of its own. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

/**
 * Looks at the view on show: by axe in the light, its colours in the dark too, and the size of everything that is pressed.
 * `within` is where the view is: what stands around it need not be looked at again and again.
 */
export async function look(app: App, view: string, within = "html", least = 24): Promise<void> {
  const { page } = app;
  const html = page.locator("html");
  expect.soft(await violations(page, within, null), `${view}, light`).toEqual([]);
  expect.soft(await smallTargets(page, within, least), `${view}: targets under ${String(least)} px`).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(html).toHaveAttribute("data-theme", "dark");
  // Colours that are still on their way from one theme to the other are not what is read.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
  expect.soft(await violations(page, within, OF_COLOURS), `${view}, dark`).toEqual([]);
  await page.emulateMedia({ colorScheme: "light" });
  await expect(html).toHaveAttribute("data-theme", "light");
}
