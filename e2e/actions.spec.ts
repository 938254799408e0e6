/** What a user does to the cluster, with the keyboard alone. */
import type { Page } from "@playwright/test";
import { expect, test, type App } from "./app.ts";

/** Opens the palette, types, and takes the first line; `first` is what it must say. */
async function palette(page: Page, typed: string, first: RegExp): Promise<void> {
  await page.keyboard.press("ControlOrMeta+K");
  const dialog = page.getByRole("dialog", { name: "Command palette" });
  await expect(dialog.getByRole("combobox")).toBeFocused();
  await page.keyboard.type(typed);
  await expect(dialog.getByRole("option", { selected: true })).toHaveText(first);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
}

/** Opens the menu of a card and goes down to an entry. */
async function menu(page: Page, card: ReturnType<Page["getByRole"]>, ...entries: readonly string[]): Promise<void> {
  await card.focus();
  await page.keyboard.press("Shift+F10");
  await expect(page.getByRole("menu").first()).toBeVisible();
  for (const entry of entries) {
    await expect(page.locator("[role=menuitem]:focus")).toHaveCount(1);
    const words = new RegExp(`^${entry}`);
    for (let i = 0; i < 30; i++) {
      if (words.test(await page.locator("[role=menuitem]:focus").innerText())) break;
      await page.keyboard.press("ArrowDown");
    }
    await expect(page.locator("[role=menuitem]:focus")).toHaveText(words);
    await page.keyboard.press("Enter");
  }
}

const slice = ({ map }: App) => map.getByRole("button", { name: /^EndpointSlice/ });

async function commands(app: App): Promise<readonly string[]> {
  await palette(app.page, "list of commands", /^What has been done/);
  const list = app.dock.getByRole("list", { name: "Commands" });
  await expect(list).toBeVisible();
  return list.getByRole("listitem").allTextContents();
}

test("kill a pod from the palette and see the Service lose an endpoint as time passes", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await expect(slice(app)).toHaveAccessibleName(/3 ready/);
  await palette(page, "changes take their time", /^Let changes take their time/);
  await palette(page, "kill web", /^Kill its process · Pod shop\/web-/);
  await expect(app.said).toHaveText(/^Done: kill the process of pod shop\/web-/);
  // The process is gone and kubelet is still to notice: only as time passes the slice hears of it.
  await expect(slice(app)).toHaveAccessibleName(/3 ready/);
  await palette(page, "cluster time pass", /^Let the cluster’s time pass/);
  await expect(slice(app)).toHaveAccessibleName(/2 ready/);
});

test("drain a node: its pods move, the list of commands has kubectl's own line, and undo brings them back", async ({
  app,
}) => {
  const { page } = app;
  await app.open();
  await app.running();
  await palette(page, "drain worker-2", /^Drain · Node worker-2/);
  await expect(app.said).toHaveText(/node\/worker-2 drained/);
  const shown = await commands(app);
  expect(shown.filter((line) => /kubectl drain worker-2/.test(line)).length).toBeGreaterThan(0);
  await palette(page, "take back", /^Take back the last command/);
  await expect(app.said).toHaveText(/^Taken back: /);
  expect((await commands(app)).length).toBe(shown.length - 1);
});

test("from the menus of the map: stop and mend a kube-proxy, hear why something cannot be done, send by Enter", async ({
  app,
}) => {
  const { page } = app;
  await app.open();
  await app.running();
  const node = app.map.getByRole("button", { name: /^Node worker-1/ });
  await menu(page, node, "Stop kube-proxy");
  await expect(app.said).toHaveText("Done: stop kube-proxy on worker-1");
  await expect(node).toBeFocused();
  await menu(page, node, "Mend: start kube-proxy");
  await expect(app.said).toHaveText("Done: start kube-proxy on worker-1");

  const pod = app.map.getByRole("button", { name: /^Pod shop\/curl/ });
  await menu(page, pod, "Fail its readiness probe");
  await expect(page.getByRole("alert").filter({ hasText: "nobody would notice" })).toContainText(
    "Pod curl has no readinessProbe",
  );

  await menu(page, pod, "Send from here");
  await expect(app.said).toHaveText(/^Send from pod\/shop\/curl: choose/);
  await app.map.getByRole("button", { name: /^Service shop\/web/ }).focus();
  await page.keyboard.press("Enter");
  const port = page.getByRole("menu", { name: "Which port of Service shop/web" });
  await expect(port).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(app.inspector).toContainText("Walk 2");
  await expect(app.inspector).toContainText("from 10.244.");
});

test("a steady load is held against the exact shares; a connection stays, is used again, and is broken off", async ({
  app,
}) => {
  const { page } = app;
  await app.open();
  await app.running();
  await palette(page, "steady load", /^Steady load/);
  const form = app.dock.getByRole("form", { name: "Steady load" });
  await form.getByRole("combobox", { name: "From" }).focus();
  await page.keyboard.press("Enter");
  const report = app.dock.getByRole("region", { name: "Load 1" });
  await expect(report).toContainText("300 sent");
  await expect(report).toContainText("300 answered");
  await expect(report.getByRole("row", { name: /shop\/web-.* 33.3 ?% 100.0/ })).toHaveCount(3);
  await expect(report).toContainText(/chi² = \d+\.\d\d [≤>] 5\.991 with 2 degrees of freedom/);
  await page.keyboard.press("Escape");

  await palette(page, "standing connections", /^Standing connections/);
  await app.dock.getByRole("button", { name: /^Connect internet to/ }).focus();
  await page.keyboard.press("Enter");
  await app.dock.getByRole("button", { name: "One more request on connection 1" }).focus();
  await page.keyboard.press("Enter");
  await expect(app.dock.getByRole("row", { name: /^1 .*ESTAB/ })).toContainText("ESTAB, ESTAB1×");
  await app.dock.getByRole("button", { name: "Break connection 1 off with RST" }).focus();
  await page.keyboard.press("Enter");
  await expect(app.dock.getByRole("row", { name: /^1 / })).toContainText("gone");
});

test("help lists the palette's key, how to read the picture, and what is not simulated", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.map.focus();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog");
  // A line for each of its keys.
  await expect(help.getByText("Command palette: everything there is to do, by name").first()).toBeVisible();
  await help.getByRole("tab", { name: "Keys" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(help.getByText("A stamp is a Service.")).toBeVisible();
  await page.keyboard.press("ArrowRight");
  await expect(help.getByRole("heading", { name: "Not as on a real cluster" })).toBeVisible();
});
