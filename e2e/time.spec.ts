import { expect, test, type App } from "./app.ts";

/** The moment that the page shows, as its slider says it. */
const moment = (app: App) => app.dock.getByRole("slider", { name: "Moment shown" });
const web = (app: App) => app.map.getByRole("button", { name: /^Pod shop\/web-/ });
const lookingBack = (app: App) => app.page.getByRole("region", { name: "Looking back" });

/** Three pods become one, at once. */
async function scaleDown(app: App): Promise<void> {
  await app.retype("replicas: 3", "replicas: 1");
  await expect(web(app)).toHaveCount(1);
}

test("I look back to before the pods went, see the old endpoints, and come back", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await scaleDown(app);
  await expect(moment(app)).toHaveAttribute("aria-valuetext", /the present/);
  await moment(app).focus();
  await page.keyboard.press("ArrowLeft");
  await expect(lookingBack(app)).toContainText("What you do now begins a fork here: what came later is put aside.");
  await page.keyboard.press("Home");
  await expect(moment(app)).toHaveAttribute("aria-valuetext", /^0\.000 000 s of /);
  await expect(web(app)).toHaveCount(3);
  await lookingBack(app).getByRole("button", { name: "Back to the present" }).click();
  await expect(lookingBack(app)).toBeHidden();
  await expect(web(app)).toHaveCount(1);
});

test("I go back to right after a request, begin a fork there, and undo it", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await scaleDown(app);
  await app.dock.getByRole("button", { name: "List", exact: true }).click();
  const events = app.dock.getByRole("table", { name: "Events" });
  const sent = events.getByRole("row").filter({ has: page.getByRole("cell", { name: "packets", exact: true }) });
  await sent.getByRole("button", { name: /^Look at the moment after: / }).click();
  await expect(web(app)).toHaveCount(3);
  await app.send("pod/shop/curl", "service/shop/web:80");
  const fork = page.getByRole("region", { name: "A fork has begun" });
  await expect(fork).toContainText("Put aside: kubectl apply --prune");
  await expect(web(app)).toHaveCount(3);
  await fork.getByRole("button", { name: "Undo the fork" }).click();
  await expect(web(app)).toHaveCount(1);
  await expect(fork).toBeHidden();
  await expect(app.dock.getByRole("combobox", { name: "Histories put aside" })).toContainText("1 put aside");
});

test("I drag the moment along the timeline with the mouse", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.editing();
  const box = await moment(app).boundingBox();
  const labels = await app.dock.getByText("API server", { exact: true }).first().boundingBox();
  if (box === null || labels === null) throw new Error("The timeline has no box");
  await page.mouse.move(box.x, box.y + 5);
  await page.mouse.down();
  await page.mouse.move(labels.x + 160, box.y + 5, { steps: 6 });
  await page.mouse.up();
  await expect(lookingBack(app)).toBeVisible();
  await expect(web(app)).toHaveCount(0);
  await page.mouse.move(labels.x + 160, box.y + 5);
  await page.mouse.down();
  await page.mouse.move(box.x + 4, box.y + 5, { steps: 6 });
  await page.mouse.up();
  await expect(lookingBack(app)).toBeHidden();
  await expect(web(app)).toHaveCount(3);
});

test("I jump to the failure", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await expect(app.dock.getByRole("button", { name: "Next failure" })).toBeDisabled();
  await app.retype("app: web", "app: nobody");
  await app.send("pod/shop/curl", "service/shop/web:80");
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
  await app.dock.getByRole("button", { name: /^Walk 1, / }).click();
  await expect(app.inspector.getByRole("heading", { name: "Walk 1" })).toBeVisible();
  await app.map.focus();
  await page.keyboard.press("x");
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
  await expect(app.inspector.getByText("refused").first()).toBeVisible();
});

test("I watch an apply step by step with the keyboard", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.retype("replicas: 3", "replicas: 4");
  await expect(web(app)).toHaveCount(4);
  await app.map.focus();
  const chip = app.dock.getByRole("button", { name: /^Apply: \d+ steps$/ });
  await chip.focus();
  await page.keyboard.press("Enter");
  const story = app.inspector.getByRole("region", { name: "What this apply did" });
  await expect(story.getByText(/^Step 1 of \d+/)).toBeVisible();
  await page.keyboard.press("j");
  await expect(story.getByText(/^Step 2 of \d+/)).toBeVisible();
  await page.keyboard.press("]");
  await expect(story.getByText(/^Step 3 of \d+/)).toBeVisible();
  await page.keyboard.press("k");
  await expect(story.getByText(/^Step 2 of \d+/)).toBeVisible();
  const step = story.getByRole("region", { name: "Step", exact: true });
  await expect(step.getByText(/^etcd holds it as revision \d+\.$/)).toBeVisible();
  await expect(step.getByLabel(/^Change of /).first()).toContainText("+ ");
  // The last steps are the rules of the nodes.
  const last = story
    .getByRole("list", { name: "Steps" })
    .getByRole("button", { name: /rules of worker-1/ })
    .last();
  await last.focus();
  await page.keyboard.press("Enter");
  await expect(step.getByRole("list", { name: "Rules that changed on worker-1" })).toContainText("KUBE-SEP-");
  await story.getByRole("button", { name: /^Close the story/ }).click();
  await expect(lookingBack(app)).toBeHidden();
  await expect(app.ladder).toBeVisible();
});

test("I read all events as a list, and follow why one happened", async ({ app }) => {
  await app.open();
  await app.running();
  await app.dock.getByRole("button", { name: "List", exact: true }).click();
  await app.dock.getByRole("searchbox", { name: "Filter events" }).fill("rules written");
  const table = app.dock.getByRole("table", { name: "Events" });
  const rules = table.getByRole("row").filter({ hasText: "rules written, up to revision" }).last();
  const cause = rules.getByRole("button", { name: /^Because: / });
  const title = ((await cause.getAttribute("aria-label")) ?? "").replace("Because: ", "");
  await app.dock.getByRole("searchbox", { name: "Filter events" }).fill("");
  await table
    .getByRole("row")
    .filter({ hasText: "rules written, up to revision" })
    .last()
    .getByRole("button", { name: /^Because: / })
    .click();
  await expect(table.locator("tr[data-picked]")).toContainText(title);
});

test("I let changes take their time and watch a rollout happen", async ({ app }) => {
  await app.open();
  await app.running();
  await app.editing();
  await app.dock.getByRole("combobox", { name: "How changes go" }).selectOption("run");
  await app.retype("replicas: 3", "replicas: 5");
  await expect(app.verdict).toContainText("admitted");
  await expect(web(app)).toHaveCount(3);
  await app.dock.getByRole("button", { name: "Cluster", exact: true }).click();
  await app.dock.getByRole("button", { name: "Play", exact: true }).click();
  await expect(web(app)).toHaveCount(5, { timeout: 30_000 });
  await app.dock.getByRole("button", { name: "Pause" }).click();
  await expect(moment(app)).toHaveAttribute("aria-valuetext", /the present/);
});

test("My link follows what I look at, and Back goes to the walk before", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.map.focus();
  await page.keyboard.press("9");
  await page.getByRole("button", { name: "Share" }).click();
  await expect(page.getByRole("heading", { name: /^Copied, / })).toBeVisible();
  const first = page.url();
  await app.send("pod/shop/curl", "service/shop/web:80");
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
  await expect.poll(() => page.url()).not.toBe(first);
  await page.goBack();
  await expect(app.inspector.getByRole("heading", { name: "Walk 1" })).toBeVisible();
  await page.goForward();
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
  await page.reload();
  await app.running();
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
});
