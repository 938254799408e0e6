import type { Worker } from "@playwright/test";
import { expect, test, type App } from "./app.ts";

/** The simulator's own worker, among Monaco's. */
function simulator(app: App): Worker {
  const found = app.page.workers().find((worker) => /\/worker-[^/]+\.js$/.test(worker.url()));
  if (found === undefined) throw new Error("The page has no simulator");
  return found;
}

const edited = /^Pod shop\/web-/;

async function withAnEditAndAWalk(app: App): Promise<string> {
  await app.open();
  await app.running();
  await app.retype("replicas: 3", "replicas: 2");
  await expect(app.map.getByRole("button", { name: edited })).toHaveCount(2);
  await app.send("pod/shop/curl", "service/shop/web:80");
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
  return app.text();
}

async function restartAndReplay(app: App, text: string): Promise<void> {
  const { page } = app;
  const next = page.waitForEvent("worker");
  await page.getByRole("button", { name: "Restart and replay" }).click();
  await next;
  await expect(app.said).toContainText("The simulator was restarted and your commands were replayed.");
  await expect(page.getByRole("button", { name: "Restart and replay" })).toBeHidden();
  // Both walks are there again, on the edited cluster, and the next request is the third.
  await expect(app.map.getByRole("button", { name: edited })).toHaveCount(2);
  await expect(app.dock.getByRole("button", { name: /^Walk [12], / })).toHaveCount(2);
  expect(await app.text()).toBe(text);
  await app.send("client/internet", "lb/shop/web:80");
  await expect(app.inspector.getByRole("heading", { name: "Walk 3" })).toBeVisible();
}

test("The simulator hangs: the page says so, keeps my text, and restarts it with everything replayed", async ({
  app,
}) => {
  const { page } = app;
  const text = await withAnEditAndAWalk(app);
  // An endless loop, as a bug of ours would be: no message is ever answered again.
  void simulator(app)
    .evaluate(() => {
      for (;;);
    })
    .catch(() => {});
  await page.getByRole("form", { name: "Send a request" }).getByRole("button", { name: "Send" }).click();
  const notice = page.getByRole("region", { name: "The simulator stopped answering" });
  await expect(notice).toBeVisible({ timeout: 30_000 });
  await expect(notice).toContainText(
    /without a reply, so we ended it at revision \d+\. Your text and \d+ commands are safe\./,
  );
  // The page itself is alive: the last picture can still be read.
  await app.panel("Trace table");
  await expect(app.dock.getByRole("row").nth(5)).toBeVisible();
  await app.panel("Timeline");
  await restartAndReplay(app, text);
});

test("The simulator dies in silence while I do nothing: the page notices by itself", async ({ app }) => {
  const text = await withAnEditAndAWalk(app);
  await simulator(app).evaluate(() => self.close());
  await expect(app.page.getByRole("region", { name: "The simulator stopped answering" })).toBeVisible({
    timeout: 40_000,
  });
  await restartAndReplay(app, text);
});

test("The simulator throws: the page says that the fault is ours, and everything can go on", async ({ app }) => {
  const { page } = app;
  const text = await withAnEditAndAWalk(app);
  await simulator(app).evaluate(
    () =>
      void setTimeout(() => {
        throw new Error("a bug for this test");
      }, 0),
  );
  const notice = page.getByRole("region", { name: "A fault of ours stopped the last step" });
  await expect(notice).toContainText("a bug for this test");
  await expect(notice).toContainText("your text and commands are untouched");
  await restartAndReplay(app, text);
});
