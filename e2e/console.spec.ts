import { type App, expect, test } from "./app.ts";
import type { Page } from "@playwright/test";

/** What the terminal shows, row by row, as far as it is on the screen. */
const screen = (page: Page) => page.getByTestId("terminal");

const input = (page: Page) => page.getByRole("textbox", { name: "Console input" });

/** Opens the console with its key. */
async function openConsole(app: App): Promise<void> {
  await app.open();
  await app.running();
  await app.page.keyboard.press("`");
  await expect(input(app.page)).toBeFocused({ timeout: 30_000 });
  await expect(screen(app.page)).toContainText("$");
}

/** Types a line and waits until its answer is said. */
async function enter(page: Page, line: string): Promise<void> {
  const said = page.getByTestId("console-said");
  const before = await said.innerHTML();
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
  await expect.poll(() => said.innerHTML()).not.toBe(before);
}

test("Someone lists the pods, completes a name with Tab, deletes it, and sees the endpoints change", async ({
  app,
}) => {
  const { page } = app;
  await openConsole(app);
  await enter(page, "kubectl get pods -n shop");
  await expect(screen(page)).toContainText("1/1");
  const names = (await screen(page).textContent()) ?? "";
  const name = /web-[a-z0-9]+-[a-z0-9]{5}/.exec(names)?.[0] ?? "";
  expect(name).not.toBe("");
  await page.keyboard.type(`kubectl delete pod -n shop ${name.slice(0, -3)}`);
  await page.keyboard.press("Tab");
  await expect(screen(page)).toContainText(`kubectl delete pod -n shop ${name}`);
  await enter(page, "--wait=false");
  await expect(screen(page)).toContainText(`pod "${name}" deleted`);
  await page.keyboard.type("clear");
  await page.keyboard.press("Enter");
  await enter(page, "kubectl get endpointslices -n shop -o jsonpath='{.items[*].endpoints[*].targetRef.name}'");
  await expect(screen(page)).toContainText("web-");
  await expect(screen(page)).not.toContainText(name);
});

test("The lines of yesterday are there after a reload: with Up, and with Ctrl-R", async ({ app }) => {
  const { page } = app;
  await openConsole(app);
  await enter(page, "kubectl get nodes");
  await enter(page, "kubectl get svc -A");
  await page.reload();
  await app.running();
  await page.keyboard.press("`");
  await expect(input(page)).toBeFocused({ timeout: 30_000 });
  await page.keyboard.press("ArrowUp");
  await expect(screen(page)).toContainText("$ kubectl get svc -A");
  await page.keyboard.press("Control+c");
  await page.keyboard.press("Control+r");
  await page.keyboard.type("nodes");
  await expect(screen(page)).toContainText("(reverse-i-search)`nodes': kubectl get nodes");
  await page.keyboard.press("Enter");
  await expect(screen(page)).toContainText("worker-1");
});

test("A curl from a pod puts its walk on the map, and one click brings it back", async ({ app }) => {
  const { page } = app;
  await openConsole(app);
  await enter(page, "kubectl exec -n shop curl -- curl -s -o /dev/null -w '%{http_code}' http://web");
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
  await page.getByRole("button", { name: "walk 2", exact: true }).click();
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
});

test("A shell in a container takes lines until exit, and each says where it runs", async ({ app }) => {
  const { page } = app;
  await openConsole(app);
  await enter(page, "kubectl exec -it -n shop curl -- sh");
  await expect(screen(page)).toContainText("curl # ");
  await enter(page, "hostname");
  await expect(screen(page)).toContainText("curl # hostname");
  await page.keyboard.type("exit");
  await page.keyboard.press("Enter");
  await enter(page, "hostname");
  await expect(screen(page)).toContainText("terminal");
});

test("With the keyboard alone one gets into the console and out of it again", async ({ app }) => {
  const { page } = app;
  await openConsole(app);
  await page.keyboard.type("kubectl ge");
  await page.keyboard.press("Escape");
  await expect(page.getByText("Tab leaves the console")).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(input(page)).not.toBeFocused();
  await page.keyboard.press("Control+`");
  await expect(input(page)).toBeFocused();
  await page.keyboard.press("Control+`");
  await expect(input(page)).not.toBeFocused();
});

test("An example above the terminal is typed and run", async ({ app }) => {
  const { page } = app;
  await openConsole(app);
  await page
    .getByRole("list", { name: /^Examples/ })
    .getByRole("button", { name: /^iptables-save/ })
    .click();
  await expect(screen(page)).toContainText("KUBE-SVC-");
  await expect(input(page)).toBeFocused();
});
