import { expect, test } from "./app.ts";
import { look } from "./look.ts";

/** Forty nodes with two zones: more than cards can show. */
const LARGE = [
  ...Array.from(
    { length: 40 },
    (_, i) => `apiVersion: v1
kind: Node
metadata:
  name: worker-${String(i + 1).padStart(2, "0")}
  labels: {topology.kubernetes.io/zone: zone-${i % 2 === 0 ? "a" : "b"}}
spec: {podCIDR: 10.244.${String(i + 1)}.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.56.${String(i + 11)}}]}
`,
  ),
  `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`,
  `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 40
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx}]}}
`,
].join("---\n");

test("I hide what I do not look at, read how much that is, and get it back", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  const before = await app.pods.count();
  await page.getByRole("button", { name: "Filter and find" }).click();
  const bar = page.getByRole("search", { name: "Filter the map" });
  await bar.getByLabel("Namespace").selectOption("kube-system");
  await expect(bar.getByRole("status")).toContainText(/showing 2 of 3 Services, 1 of \d pods/);
  await expect(app.pods).toHaveCount(1);
  await bar.getByRole("button", { name: "Show all" }).click();
  await expect(app.pods).toHaveCount(before);
});

test("I look at the walk alone", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  const only = page.getByRole("button", { name: "Only this walk" });
  await only.click();
  await expect(only).toHaveAttribute("aria-pressed", "true");
  await expect(app.map.locator('[data-card="node/worker-3"]')).toHaveCount(0);
  await expect(app.map.locator('[data-card="node/worker-1"]')).toBeVisible();
  await expect(app.pods).toHaveCount(1);
  await only.click();
  await expect(app.map.locator('[data-card="node/worker-3"]')).toBeVisible();
});

test("I move a node with the keyboard, find it there after a reload, and put everything back", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  const card = app.map.locator('[data-card="node/worker-1"]');
  const top = async (): Promise<number> => (await card.boundingBox())?.y ?? 0;
  const first = await top();
  await card.focus();
  await page.keyboard.press("Alt+ArrowDown");
  await expect.poll(top).toBeGreaterThan(first + 20);
  await page.reload();
  await app.running();
  await expect.poll(top).toBeGreaterThan(first + 20);
  await page.getByRole("button", { name: "Filter and find" }).click();
  await page.getByRole("button", { name: "Reset places" }).click();
  await page.getByRole("button", { name: "Filter and find" }).click();
  await expect.poll(async () => Math.abs((await top()) - first)).toBeLessThan(2);
});

test("I find an element by its name", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await page.getByRole("button", { name: "Filter and find" }).click();
  await page.getByLabel("Find on the map").fill("node worker-2");
  await page.getByLabel("Find on the map").press("Enter");
  await expect(app.map.locator('[data-card="node/worker-2"]')).toHaveAttribute("aria-pressed", "true");
});

test("I look at forty nodes from afar, choose one by the arrows and open it", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.editing();
  await app.paste(LARGE);
  const cells = page.getByTestId("overview");
  await expect(cells).toBeVisible({ timeout: 60_000 });
  await expect(app.map.getByRole("heading", { name: /41 nodes have the rules of default\/web/ })).toBeVisible();
  await look(app, "forty nodes");
  await cells.focus();
  // The first is the control plane's own node, which has no zone.
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(cells.getByRole("option", { selected: true })).toHaveText(/worker-03, zone-a, \d pods?/);
  await page.keyboard.press("Enter");
  await expect(app.map.locator('[data-card="node/worker-03"]')).toBeVisible();
  await expect(app.map.locator('[data-card="node/worker-01"]')).toHaveCount(0);
  await page.getByRole("button", { name: "All nodes" }).click();
  await expect(cells).toBeVisible();
});
