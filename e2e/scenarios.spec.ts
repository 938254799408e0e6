import { expect, test } from "./app.ts";

test("I pick each lifecycle, see its own walk, and Reset takes me back after an edit", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();

  await test.step("ClusterIP, from a pod", async () => {
    await app.scenario.selectOption("clusterip");
    await expect(app.said).toContainText("Scenario ClusterIP, from a pod opened.");
    await expect(app.ladder.getByRole("button", { name: /^Hop 1 of \d+: pod client, dst 10\./ })).toBeVisible();
    await expect(app.pods).toHaveCount(4);
  });

  await test.step("NodePort, from outside", async () => {
    await app.scenario.selectOption("nodeport");
    await expect(app.inspector.getByText("curl 192.168.56.13:30000 from 198.51.100.24")).toBeVisible();
    await expect(app.inspector.getByText("delivered", { exact: true }).first()).toBeVisible();
    await expect(app.pods).toHaveCount(2);
  });

  await test.step("LoadBalancer, header kept", async () => {
    await app.scenario.selectOption("loadbalancer");
    await expect(app.inspector.getByText("curl 203.0.113.10 from 198.51.100.24")).toBeVisible();
    await expect(
      app.map.getByRole("button", { name: /^Cloud load balancer, 203\.0\.113\.10, keeps the header$/ }),
    ).toBeVisible();
    // The reply goes straight back: it meets no balancer.
    await expect(app.ladder.getByText("reply passes it by")).toBeVisible();
    await expect(app.pods).toHaveCount(3);
  });

  await test.step("an edit, and back", async () => {
    await app.retype("replicas: 3", "replicas: 1");
    await expect(app.pods).toHaveCount(1);
    await expect(page.getByRole("combobox", { name: "Scenario (its text was edited)" })).toBeVisible();
    await page.getByRole("button", { name: "Reset: back to the start of LoadBalancer, header kept" }).click();
    await expect(app.pods).toHaveCount(3);
    await expect(page.getByRole("combobox", { name: "Scenario", exact: true })).toHaveValue("loadbalancer");
    await expect(app.inspector.getByRole("heading", { name: "Walk 1" })).toBeVisible();
    expect(await app.text()).toContain("replicas: 3");
  });

  await test.step("the empty cluster says what to do", async () => {
    await app.scenario.selectOption("empty");
    await expect(page.getByRole("heading", { name: "No objects yet" })).toBeVisible();
    await expect(app.inspector.getByRole("heading", { name: "Nothing has been sent" })).toBeVisible();
    await page.getByRole("button", { name: "Open LoadBalancer, three workers" }).click();
    await expect(app.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(3);
  });
});

test("I pick another scenario while the first is still being built, and its text is what I see", async ({ app }) => {
  await app.open();
  await app.scenario.selectOption("empty");
  await expect(app.page.getByRole("heading", { name: "No objects yet" })).toBeVisible();
  await app.editing();
  // Of an empty text, the copy is its line's end.
  expect((await app.text()).trim()).toBe("");
});
