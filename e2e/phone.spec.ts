import { appOn, expect, test } from "./app.ts";
import { look } from "./look.ts";

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

test("I open the page on my phone: the way in one row, the ladder, the hop and the tabs, and nothing runs off the side", async ({
  app,
}) => {
  const { page } = app;
  const fits = async (): Promise<void> => {
    const page = await app.page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      high: document.documentElement.scrollHeight,
      width: window.innerWidth,
      height: window.innerHeight,
    }));
    expect(page.width).toBe(390);
    expect(page.wide).toBeLessThanOrEqual(page.width);
    expect(page.high).toBeLessThanOrEqual(page.height);
  };
  await app.open();
  await app.running();
  await expect(page.getByRole("img", { name: /^Way of the request: .*worker-\d/ })).toBeVisible();
  await expect(app.ladder.getByRole("button", { name: /^Hop \d+ of \d+: pod web-/ })).toBeVisible();
  const sheet = page.getByRole("region", { name: "Current hop" });
  await expect(sheet).toBeVisible();
  await fits();

  await test.step("a tap on a rung shows its hop; pulled up, all of it", async () => {
    await app.ladder.getByRole("button", { name: /PREROUTING, dst 10\.244\./ }).tap();
    await expect(sheet.getByRole("heading", { name: /^Hop \d+$/ })).toBeVisible();
    await expect(sheet.getByText(/^dst .* → 10\.244\.\d+\.\d+:8080$/)).toBeVisible();
    await sheet.getByRole("button", { name: "Show all of this hop" }).tap();
    await expect(sheet.getByRole("heading", { name: "Matched rule" })).toBeVisible();
    await fits();
    await sheet.getByRole("button", { name: "Show less of this hop" }).tap();
    await page.getByRole("group", { name: "Playback" }).getByRole("button", { name: "One hop on" }).tap();
    await expect(sheet.getByText(/routing/)).toBeVisible();
  });

  await test.step("the tabs: map and YAML", async () => {
    const views = page.getByRole("navigation", { name: "Views" });
    await views.getByRole("button", { name: "Map" }).tap();
    await expect(app.map).toBeVisible();
    await expect(app.pods).toHaveCount(4);
    await fits();
    await app.send("pod/shop/curl", "service/shop/web:80");
    await expect(app.said).toContainText("Walk 2, delivered");
    await views.getByRole("button", { name: "YAML" }).tap();
    await app.editing();
    await expect(app.verdict).toHaveText(/^4 objects admitted/);
    await fits();
    await views.getByRole("button", { name: "Walk" }).tap();
    await expect(app.ladder.getByRole("button", { name: /^Hop 1 of \d+: pod curl, / })).toBeVisible();
  });
});

test("I follow a link that was made on a desktop: the same walk at the same hop, on my phone", async ({
  app,
  browser,
}) => {
  const desk = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  let link = "";
  try {
    const there = appOn(await desk.newPage());
    await there.page.goto(test.info().project.use.baseURL ?? "");
    await there.running();
    await there.ladder.getByRole("button", { name: /^Hop 11 of .*POSTROUTING, src 192\.168\./ }).click();
    await expect(there.hopTitle).toHaveText("Hop 11");
    await there.page.getByRole("button", { name: "Share" }).click();
    await expect(there.page.getByRole("heading", { name: /^Copied, / })).toBeVisible();
    link = await there.page.evaluate(() => navigator.clipboard.readText());
  } finally {
    await desk.close();
  }
  await app.page.goto(link);
  await app.running();
  const sheet = app.page.getByRole("region", { name: "Current hop" });
  await expect(sheet.getByRole("heading", { name: "Hop 11" })).toBeVisible();
  await expect(sheet.getByText(/^src 198\.51\.100\.24:\d+ → 192\.168\.56\.11:\d+$/)).toBeVisible();
  await sheet.getByRole("button", { name: "Show all of this hop" }).tap();
  await expect(sheet.getByText("-j MASQUERADE")).toBeVisible();
  await look(app, "a hop on a phone", 'section[aria-label="Current hop"]', 40);
});
