/** What a rolling update loses, one losing history step by step, and the setting that closes the race. */
import { expect, test, type App } from "./app.ts";
import { look } from "./look.ts";

const form = (app: App) => app.dock.getByRole("form", { name: "Race" });
const settings = (app: App) => app.dock.getByRole("table", { name: "Settings side by side" });

/** Few histories are enough here, and quick. */
async function run(app: App, histories: number): Promise<void> {
  await form(app).getByRole("spinbutton", { name: "histories" }).fill(String(histories));
  await form(app).getByRole("button", { name: /^Run / }).click();
}

const isOver = (app: App) => expect(form(app).getByRole("button", { name: /^Run / })).toBeVisible({ timeout: 60_000 });

test("I race the rollout, step through a history that loses requests, apply what closes the race, and nothing is lost", async ({
  app,
}) => {
  const { page, dock } = app;
  await app.open();
  await app.running();
  await app.map
    .getByRole("button", { name: /^Pod shop\/web-/ })
    .first()
    .click({ button: "right" });
  await page.getByRole("menuitem", { name: "Deployment web" }).press("ArrowRight");
  await page.getByRole("menuitem", { name: /^What does a rollout lose\?/ }).press("Enter");
  await expect(form(app).getByRole("combobox", { name: "What changes" })).toHaveValue("rollout Deployment/shop/web");
  await form(app).getByRole("button", { name: "under 10 requests/s for 20 s" }).click();
  await page.getByRole("dialog", { name: "The load" }).getByRole("spinbutton", { name: "seconds" }).fill("6");
  await page.keyboard.press("Escape");
  await run(app, 2);
  await expect(form(app).getByRole("status")).toContainText(/\d of 2 histories/);
  await isOver(app);
  await expect(dock.getByRole("heading", { name: /^\d+ of 120 requests are lost: \d\.\d\d %\.$/ })).toBeVisible();
  await expect(settings(app).getByRole("row", { name: /^preStop sleep 5 s 0 %/ })).toContainText("closes it");

  // A losing history: its steps by keyboard alone.
  const seed = dock.getByRole("list", { name: "Histories, as it is" }).getByRole("button", { name: /^Seed 1: \d+ of/ });
  await seed.focus();
  await page.keyboard.press("Enter");
  const steps = dock.getByRole("listbox", { name: /^Steps of Seed 1/ });
  await expect(steps).toBeFocused();
  const current = steps.getByRole("option", { selected: true });
  await expect(current).toContainText("unreachable");
  await page.keyboard.press("Home");
  await expect(current).toContainText("kubectl -n shop rollout restart deploy/web");
  await page.keyboard.press("x");
  await expect(current).toContainText("No route to host");
  await page.keyboard.press("ArrowUp");
  await expect(current).not.toContainText("No route to host");
  await page.keyboard.press("x");
  // On the map: that very moment, and the walk that was lost.
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Looking back" })).toBeVisible();
  await expect(app.inspector.getByRole("heading", { level: 2 })).toContainText(/walk/i);
  await expect(app.inspector).toContainText("No route to host");
  await look(app, "a losing history", "#kh-dock");
  await dock.getByRole("button", { name: "Back to mine" }).click();
  await expect(page.getByRole("region", { name: "Looking back" })).toBeHidden();

  await settings(app).getByRole("button", { name: "Apply preStop sleep 5 s to the text" }).click();
  await expect(app.verdict).toContainText("admitted");
  await expect(dock).toContainText("The edit is applied. These numbers are from before it");
  await form(app).getByRole("button", { name: "Run 2 histories" }).click();
  await expect(dock.getByRole("heading", { name: "None of 120 requests is lost in 2 histories." })).toBeVisible();
});

test("a text that I edit while it runs ends the race, with what was played; without a Deployment there is nothing to race", async ({
  app,
}) => {
  const { dock } = app;
  await app.open();
  await app.running();
  await app.panel("Races");
  await run(app, 200);
  await expect(form(app).getByRole("status")).toContainText(/^[1-9]\d* of 200 histories$/);
  await app.retype("replicas: 3", "replicas: 4");
  await expect(dock).toContainText(
    /The text or the cluster was changed: the race was ended after \d+ of 200 histories/,
  );
  await isOver(app);
  await run(app, 200);
  await form(app).getByRole("button", { name: "Cancel" }).click();
  await expect(dock).toContainText(/Cancelled after \d+ of 200 histories/);
  await app.editor.focus();
  await app.page.keyboard.press("ControlOrMeta+A");
  await app.page.keyboard.press("Delete");
  await expect(dock.getByRole("heading", { name: "There is nothing to roll out" })).toBeVisible();
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  test("I race a rollout, open a history and play the walk that was lost", async ({ app }) => {
    const { page, dock } = app;
    await app.open();
    await app.running();
    await page.getByRole("button", { name: "Details", exact: true }).click();
    await app.panel("Races");
    await run(app, 1);
    await isOver(app);
    await dock.getByRole("button", { name: /^Seed 1: [1-9]/ }).click();
    await expect(dock.getByRole("listbox", { name: /^Steps of Seed 1/ })).toBeVisible();
    await look(app, "a race on a phone", "#kh-dock", 40);
    await dock.getByRole("button", { name: "Show on the map" }).click();
    await dock.getByRole("button", { name: "Play the lost walk" }).click();
    await expect(app.ladder.or(page.getByRole("region", { name: "Walk", exact: true })).first()).toContainText(
      "the line ends here",
    );
    await page.getByRole("button", { name: "Back to mine" }).click();
    await expect(page.getByRole("region", { name: "Looking back" })).toBeHidden();
  });
});
