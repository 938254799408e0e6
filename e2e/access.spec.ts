import { AxeBuilder } from "@axe-core/playwright";
import { expect, test, type App } from "./app.ts";

/** What axe finds, one line each: rule, how bad, and where. */
async function violations(app: App): Promise<readonly string[]> {
  const { violations: found } = await new AxeBuilder({ page: app.page }).analyze();
  return found.flatMap(({ id, impact, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id} (${impact ?? ""}) at ${target.join(" ")}: ${failureSummary ?? ""}`,
    ),
  );
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test(`axe finds nothing wrong with the ${colorScheme} page, nor with its help`, async ({ app }) => {
      const { page } = app;
      await app.open();
      await app.running();
      await app.editing();
      await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
      await expect(app.dock.getByRole("button", { name: "Play", exact: true })).toBeVisible();
      expect(await violations(app)).toEqual([]);

      for (const tab of ["Rules", "Trace table", "Outcomes"]) {
        await app.panel(tab);
        await expect(app.dock.getByRole("tabpanel", { name: tab })).toBeVisible();
        expect(await violations(app), tab).toEqual([]);
      }
      await page.getByRole("button", { name: "Help and keys" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      expect(await violations(app), "help").toEqual([]);
    });
  });
}

test("axe finds nothing wrong where the text is refused, nor with a node's netfilter", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.retype("replicas: 3", "replicsa: 3");
  await expect(page.getByRole("heading", { name: "The API server said no" })).toBeVisible();
  expect(await violations(app)).toEqual([]);
  await app.ladder.getByRole("button", { name: /PREROUTING, dst 10\.244\./ }).click();
  await app.hop.getByRole("button", { name: "Open netfilter" }).click();
  await expect(app.map.getByText(/^KUBE-SVC-/).first()).toBeVisible();
  expect(await violations(app)).toEqual([]);
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("axe finds nothing wrong with the phone's views", async ({ app }) => {
    const { page } = app;
    await app.open();
    await app.running();
    expect(await violations(app)).toEqual([]);
    for (const view of ["Map", "YAML"]) {
      await page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: view }).click();
      if (view === "YAML") await app.editing();
      else await expect(app.map).toBeVisible();
      expect(await violations(app), view).toEqual([]);
    }
  });
});
