import { expect, test } from "./app.ts";
import { look } from "./look.ts";

test("I learn a lesson with the keyboard alone: predict, do, see that it is done, and it is remembered", async ({
  app,
  page,
}) => {
  await app.open();
  await app.running();
  await page.keyboard.press("Control+K");
  await expect(page.getByRole("option").first()).toBeVisible();
  await page.keyboard.type("lessons");
  await expect(page.getByRole("option").first()).toContainText("Lessons");
  await page.keyboard.press("Enter");
  const list = page.getByRole("dialog", { name: "Lessons" });
  await expect(list.getByRole("listitem").first()).toBeVisible();
  await look(app, "the list of lessons", "[role=dialog]");
  const first = list.getByRole("button", { name: /Selector|selector/ }).first();
  await first.focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("region", { name: /^Lesson \d+$/ });
  await expect(panel.getByText("Your goal")).toBeVisible();
  await look(app, "a lesson");
  for (let guard = 0; guard < 12; guard++) {
    if ((await panel.getByRole("button", { name: "Next lesson" }).count()) > 0) break;
    const option = panel.getByRole("radio").first();
    if ((await option.count()) > 0) {
      await option.focus();
      await page.keyboard.press("Space");
      await expect(panel.getByRole("status")).toBeVisible();
    }
    const solution = panel.getByRole("button", { name: "Show a solution" });
    await solution.focus();
    await page.keyboard.press("Enter");
    await expect(panel.getByText("Done", { exact: true })).toBeVisible();
    await panel.getByRole("button", { name: "Next", exact: true }).focus();
    await page.keyboard.press("Enter");
  }
  await expect(panel.getByText(/^(\d+) of \1 goals met$/)).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: "Lessons" }).click();
  await expect(list.getByText("finished")).toHaveCount(1);
});
