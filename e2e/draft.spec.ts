import { expect, test } from "./app.ts";

const edited = /^Pod shop\/web-/;

test("I reload in the middle of typing, and my text is still there", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.retype("replicas: 3", "replicas: 5 # mine");
  await page.reload();
  await app.running();
  await expect(app.map.getByRole("button", { name: edited })).toHaveCount(5);
  await app.editing();
  expect(await app.text()).toContain("replicas: 5 # mine");
  await expect(page.getByRole("combobox", { name: "Scenario (its text was edited)" })).toBeVisible();
});

for (const [what, sabotage] of [
  [
    "is full",
    () => {
      Storage.prototype.setItem = () => {
        throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
      };
    },
  ],
  [
    "is blocked",
    () => {
      Object.defineProperty(window, "localStorage", {
        get: () => {
          throw new DOMException("Access is denied for this document.", "SecurityError");
        },
      });
    },
  ],
] as const) {
  test(`The browser's storage ${what}: everything works, the page only forgets`, async ({ app }) => {
    const { page } = app;
    await page.addInitScript(sabotage);
    await app.open();
    await app.running();
    await app.retype("replicas: 3", "replicas: 4");
    await expect(app.map.getByRole("button", { name: edited })).toHaveCount(4);
    await page.getByRole("button", { name: "Switch to the dark theme" }).click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    await app.scenario.selectOption("nodeport");
    await expect(app.inspector.getByText("curl 192.168.56.13:30000 from 198.51.100.24")).toBeVisible();
    await page.reload();
    await app.running();
    await expect(app.map.getByRole("button", { name: edited })).toHaveCount(3);
  });
}
