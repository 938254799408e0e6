import { expect, test } from "./app.ts";

test.use({ serviceWorkers: "allow" });

test("someone opens the page once, loses the network, and goes on after a reload", async ({ app, context }) => {
  await app.open();
  await app.running();
  await expect(app.said).toContainText("works without a network", { timeout: 60_000 });
  await context.setOffline(true);
  await app.page.reload();
  await app.running();
  // What is loaded later is there too.
  await app.editing();
  await app.page.getByRole("tab", { name: "Rules" }).click();
  await expect(app.dock.getByText("kubernetes forwarding rules").first()).toBeVisible();
});

test("the page can be installed", async ({ app, page }) => {
  await app.open();
  const href = await page.locator('link[rel="manifest"]').getAttribute("href");
  const manifest = await page.request.get(new URL(href ?? "", page.url()).href);
  const { name, start_url, icons } = (await manifest.json()) as {
    name: string;
    start_url: string;
    icons: readonly { src: string; sizes: string }[];
  };
  expect([name, start_url]).toEqual(["kubehop: see every hop", "./"]);
  for (const { src } of icons) expect((await page.request.get(new URL(src, page.url()).href)).ok()).toBe(true);
});
