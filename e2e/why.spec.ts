/** Why a packet does not arrive, the edit that mends it, who reaches what, and what the text expects. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test, type App } from "./app.ts";

const TEXT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: nginx
          ports:
            - containerPort: 8080
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  type: NodePort
  selector:
    app: web-frontend
  ports:
    - port: 80
      targetPort: 8080
      nodePort: 30080
`;

const EXPECTATIONS = `---
apiVersion: kubehop.dev/v1alpha1
kind: Expectation
metadata: {name: nodes-reach-web}
spec: {from: node/worker-1, to: "service/shop/web:80", outcome: delivered}
---
apiVersion: kubehop.dev/v1alpha1
kind: Expectation
metadata: {name: outside-does-not}
spec: {from: client/internet, to: "service/shop/web:80", outcome: timeout}
`;

const cardOf = ({ inspector }: App) => inspector.getByRole("region", { name: "Why not" });

async function violations({ page }: App): Promise<readonly string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary ?? ""}`),
  );
}

/** The broken text is in the cluster, and a node dials its Service. */
async function broken(app: App, text = TEXT): Promise<void> {
  await app.open();
  await app.running();
  await app.paste(text);
  await expect(app.verdict).toContainText("2 objects admitted");
  await app.send("node/worker-1", "service/shop/web:80");
  await expect(app.inspector).toContainText("refused");
}

test("I paste a Service whose selector matches nothing, read why, apply the edit, and the packet arrives: keys only", async ({
  app,
}) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.paste(TEXT);
  await expect(app.verdict).toContainText("2 objects admitted");
  // Out of the editor, to the form.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await page.locator("body").press("s");
  const form = page.getByRole("form", { name: "Send a request" });
  await expect(form.getByRole("combobox", { name: "From" })).toBeFocused();
  await form.getByRole("combobox", { name: "From" }).press("ControlOrMeta+A");
  await page.keyboard.type("node/worker-1");
  await page.keyboard.press("Tab");
  await expect(form.getByRole("combobox", { name: "to", exact: true })).toBeFocused();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("service/shop/web:80");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await expect(app.inspector).toContainText("refused");

  const card = cardOf(app);
  await expect(card.getByRole("heading", { name: "No pod carries app=web-frontend" })).toBeVisible({ timeout: 20_000 });
  await expect(card).toContainText("SVC-SELECTOR-NO-MATCH");
  await expect(card).toContainText("every branch followed, in a fork: 3 of 3 endpoints reached");
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press("w");
  await expect(card).toBeFocused();
  const apply = card.getByRole("button", { name: "Apply this edit" });
  for (let i = 0; i < 12 && !(await apply.evaluate((button) => button === document.activeElement)); i++)
    await page.keyboard.press("Tab");
  await expect(apply).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(app.inspector.getByRole("heading", { level: 2 })).toHaveText(/^Walk 3/);
  await expect(app.inspector).toContainText("delivered");
  await expect(card).toHaveCount(0);
  expect(await app.text()).toBe(TEXT.replace("app: web-frontend", "app: web"));
  // One step of undo, and the cluster is as it was.
  await page.keyboard.press("ControlOrMeta+Z");
  expect(await app.text()).toBe(TEXT);
});

test("what shows it leads to the line, to the hop and to the command for a real cluster", async ({ app }) => {
  const { page } = app;
  await broken(app);
  const card = cardOf(app);
  const evidence = card.getByRole("group", { name: "Evidence" });
  await evidence.getByRole("button", { name: /^worker-1, OUTPUT filter/ }).click();
  await expect(app.hopTitle).toHaveText("Hop 4");
  await card.getByRole("button", { name: "Copy" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    "kubectl -n shop get pods -l app=web-frontend",
  );
  await evidence.getByRole("button", { name: /^Service web, spec\.selector/ }).click();
  await expect(app.editorPane.locator(".kh-revealed")).toHaveCount(1);
  // The mark in the margin and the chip lead back.
  await app.editorPane.getByRole("button", { name: "1 finding" }).click();
  await expect(card).toBeFocused();
});

test("the reachability table shows which clients fail, and a cell opens its walk; after the edit only what changed is marked", async ({
  app,
}) => {
  const { page } = app;
  await broken(app);
  await app.panel("Reachability");
  const grid = app.dock.getByRole("grid", { name: "Who reaches what" });
  await expect(grid).toBeVisible({ timeout: 30_000 });
  const panel = app.dock.getByRole("tabpanel", { name: "Reachability" });
  await panel.getByRole("button", { name: "Only what fails" }).click();
  const rowOf = (name: string) =>
    grid.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
  const node = rowOf("node worker-2");
  await expect(node.getByRole("gridcell").first()).toHaveAccessibleName("refused: SVC-SELECTOR-NO-MATCH");
  await node.getByRole("gridcell").first().focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowDown");
  await expect(node.getByRole("gridcell").first()).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(app.inspector.getByRole("heading", { level: 2 })).toHaveText("Possible walk");
  await expect(app.inspector).toContainText("192.168.56.12");
  await expect(app.inspector).toContainText("refused");
  expect(await violations(app)).toEqual([]);

  const card = cardOf(app);
  await card.getByRole("button", { name: "Apply this edit" }).click();
  await expect(app.inspector).toContainText("delivered");
  await panel.getByRole("button", { name: "Only what fails" }).click();
  await expect(node.getByRole("gridcell").first()).toHaveAccessibleName(
    "delivered, was refused: SVC-SELECTOR-NO-MATCH",
    { timeout: 20_000 },
  );
  // What the edit has nothing to do with is not marked.
  await expect(
    grid
      .getByRole("row", { name: /internet/ })
      .getByRole("gridcell")
      .first(),
  ).toHaveAccessibleName("timeout: OUTSIDE-CLUSTERIP");
});

test("expectations in the text say whether they hold, and follow the edit", async ({ app }) => {
  await broken(app, TEXT + EXPECTATIONS);
  const chip = app.editorPane.getByRole("button", { name: /expectations pass$/ });
  await expect(chip).toHaveText("1 of 2 expectations pass");
  await chip.click();
  await expect(app.editorPane.getByText(/failed:.refused/)).toBeVisible();
  await cardOf(app).getByRole("button", { name: "Apply this edit" }).click();
  await expect(chip).toHaveText("2 of 2 expectations pass");
});

test("the whole cluster is checked from the palette", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.paste(TEXT);
  await expect(app.verdict).toContainText("2 objects admitted");
  // In the editor the key is the editor's own.
  await page.getByRole("button", { name: "Help and keys" }).focus();
  await page.keyboard.press("ControlOrMeta+K");
  await expect(page.getByRole("dialog", { name: "Command palette" }).getByRole("combobox")).toBeFocused();
  await page.keyboard.type("check the whole");
  await page.keyboard.press("Enter");
  const all = app.editorPane.getByRole("region", { name: "The whole cluster" });
  await expect(all.getByRole("status")).toContainText("1 error", { timeout: 30_000 });
  await expect(all).toContainText("SVC-SELECTOR-NO-MATCH");
  await all.getByText("SVC-SELECTOR-NO-MATCH").click();
  await expect(all.getByRole("button", { name: "Apply this edit" })).toBeVisible();
  expect(await violations(app)).toEqual([]);
});

for (const colorScheme of ["light", "dark"] as const)
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });
    test(`axe finds nothing wrong with the card of the reasons in ${colorScheme}`, async ({ app }) => {
      await broken(app);
      await expect(cardOf(app).getByRole("button", { name: "Apply this edit" })).toBeVisible({ timeout: 20_000 });
      await app.panel("Reachability");
      await expect(app.dock.getByRole("grid")).toBeVisible({ timeout: 30_000 });
      expect(await violations(app)).toEqual([]);
    });
  });

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  test("the reasons stand under the walk", async ({ app }) => {
    const { page } = app;
    await app.open();
    await app.running();
    await page.getByRole("button", { name: "YAML", exact: true }).click();
    await app.paste(TEXT);
    await page.getByRole("button", { name: "Map", exact: true }).click();
    await app.send("node/worker-1", "service/shop/web:80");
    await page.getByRole("button", { name: "Walk", exact: true }).click();
    const card = page.getByRole("region", { name: "Why not" });
    await expect(card.getByRole("button", { name: "Apply this edit" })).toBeVisible({ timeout: 20_000 });
    expect(await violations(app)).toEqual([]);
    await card.getByRole("button", { name: "Apply this edit" }).click();
    await expect(card).toHaveCount(0);
  });
});
