/** The page as a user speaks of it: what can be seen and done, by role, label and text. The journeys share it. */
import { test as base, expect, type Locator, type Page, type Response } from "@playwright/test";

/** Messages that must never appear: uncaught errors, console errors and CSP violations. */
export interface Watched {
  readonly problems: string[];
}

/** Collects page errors, console errors (of workers too) and CSP violations from now on. */
export async function watch(page: Page): Promise<Watched> {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  await page.exposeFunction("reportViolation", (text: string) => problems.push(`csp: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      (window as unknown as { reportViolation: (text: string) => void }).reportViolation(
        `${event.violatedDirective} blocked ${event.blockedURI}`,
      );
    });
  });
  return { problems };
}

/** Regions and controls of the page, and the small gestures that every journey needs. */
export interface App {
  readonly page: Page;
  readonly scenario: Locator;
  readonly map: Locator;
  /** Pods of the map, all of them. */
  readonly pods: Locator;
  readonly inspector: Locator;
  readonly ladder: Locator;
  readonly hop: Locator;
  readonly hopTitle: Locator;
  readonly dock: Locator;
  readonly playhead: Locator;
  readonly clock: Locator;
  /** Monaco, once it has taken over. */
  readonly editor: Locator;
  readonly editorPane: Locator;
  /** What the API server made of the text, under the editor. */
  readonly verdict: Locator;
  readonly problems: Locator;
  /** What is said to screen readers. */
  readonly said: Locator;
  /** Opens a panel of the dock: by its tab, or where that has no room by the menu of the rest. */
  panel(name: string): Promise<void>;
  /** Opens the page, by default without a hash, and waits for nothing but the document. */
  open(hash?: string): Promise<Response | null>;
  /** The ladder of a walk stands there: the scenario runs and has sent its request. */
  running(): Promise<void>;
  /** Monaco has the text. */
  editing(): Promise<void>;
  /** Replaces the whole text by pasting. */
  paste(text: string): Promise<void>;
  /** Finds a text in the editor and types another over it. */
  retype(find: string, by: string): Promise<void>;
  /** The whole text, as Select all and Copy give it. */
  text(): Promise<string>;
  /** Fills in the form and sends. */
  send(from: string, to: string): Promise<void>;
  /** Number of the hop under the playhead, request and reply counted through from 1. */
  position(): Promise<number>;
  /** Hops of the walk on show, request and reply together. */
  hops(): Promise<number>;
}

export function appOn(page: Page): App {
  const map = page.getByRole("region", { name: "Map", exact: true });
  const inspector = page.getByRole("region", { name: "Walk and hop" });
  const hop = page.getByRole("region", { name: "Hop", exact: true });
  const editorPane = page.getByRole("region", { name: "Editor", exact: true });
  const editor = page.getByRole("textbox", { name: "Scenario YAML. Press Escape, then Tab" });
  const playhead = page.getByRole("slider", { name: "Playhead" });

  const editing = async (): Promise<void> => {
    await expect(editor).toBeAttached({ timeout: 30_000 });
  };
  const clipboard = async (text: string): Promise<void> => {
    await page.evaluate((words) => navigator.clipboard.writeText(words), text);
  };

  const dock = page.getByRole("region", { name: "Timeline, rules and trace" });

  return {
    page,
    scenario: page.getByRole("combobox", { name: "Scenario" }),
    map,
    pods: map.getByRole("button", { name: /^Pod / }),
    inspector,
    ladder: page.getByRole("region", { name: "Hop ladder" }),
    hop,
    hopTitle: hop.getByRole("heading", { level: 3 }),
    dock,
    panel: async (name) => {
      const tab = dock.getByRole("tab", { name, exact: true });
      const more = dock.getByRole("button", { name: "More panels" });
      await expect(tab.or(more).first()).toBeVisible();
      if (await tab.isVisible()) await tab.click();
      else {
        await more.click();
        await page.getByRole("menuitem", { name, exact: true }).click();
      }
      await expect(tab).toHaveAttribute("aria-selected", "true");
    },
    playhead,
    clock: page.getByRole("timer", { name: "Virtual time" }),
    editor,
    editorPane,
    verdict: editorPane.getByRole("status"),
    problems: editorPane.getByRole("list", { name: "Problems" }),
    said: page.getByTestId("live"),
    open: (hash = "") => page.goto(`./${hash}`),
    running: async () => {
      await expect(page.getByRole("region", { name: "Hop ladder" })).toBeVisible({ timeout: 30_000 });
    },
    editing,
    paste: async (text) => {
      await editing();
      await clipboard(text);
      await editor.focus();
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.press("ControlOrMeta+V");
    },
    retype: async (find, by) => {
      await editing();
      await editor.focus();
      await page.keyboard.press("ControlOrMeta+Home");
      await page.keyboard.press("ControlOrMeta+F");
      const field = page.getByRole("textbox", { name: "Find" });
      await expect(field).toBeFocused();
      await field.fill(find);
      // How many there are; the count itself is hidden where the editor is narrow.
      await expect(page.getByText(/^1 of \d+$/)).toHaveCount(1);
      await page.keyboard.press("Escape");
      await expect(editor).toBeFocused();
      await page.keyboard.type(by);
      // The list of suggestions, if it opened, is not what was asked for.
      await page.keyboard.press("Escape");
    },
    text: async () => {
      await editor.focus();
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.press("ControlOrMeta+C");
      return page.evaluate(() => navigator.clipboard.readText());
    },
    send: async (from, to) => {
      const form = page.getByRole("form", { name: "Send a request" });
      await form.getByRole("combobox", { name: "From" }).fill(from);
      await form.getByRole("combobox", { name: "to", exact: true }).fill(to);
      await form.getByRole("button", { name: "Send" }).click();
    },
    position: async () => Number(await playhead.getAttribute("aria-valuenow")),
    hops: async () => Number(await playhead.getAttribute("aria-valuemax")),
  };
}

/** The test of all journeys: whatever the user does, no error is thrown or logged and the CSP holds. */
export const test = base.extend<{ app: App }>({
  app: async ({ page, context }, journey) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const { problems } = await watch(page);
    await journey(appOn(page));
    expect(problems).toEqual([]);
  },
});

export { expect };
