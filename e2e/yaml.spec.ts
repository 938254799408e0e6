import { expect, test } from "./app.ts";

test("I type another number of replicas and the fourth pod appears on the map", async ({ app }) => {
  await app.open();
  await app.running();
  const web = app.map.getByRole("button", { name: /^Pod shop\/web-/ });
  await expect(web).toHaveCount(3);
  await app.retype("replicas: 3", "replicas: 4");
  await expect(web).toHaveCount(4);
  await expect(app.verdict).toHaveText(/^4 objects admitted, revision \d+$/);
  // Undo takes it back word by word, on the map as well.
  await app.page.keyboard.press("ControlOrMeta+Z");
  await app.page.keyboard.press("ControlOrMeta+Z");
  await expect(web).toHaveCount(3);
  expect(await app.text()).toContain("replicas: 3");
});

test("I leave a line half typed and the last good cluster stays, with the line that is wrong", async ({ app }) => {
  await app.open();
  await app.running();
  await app.retype("replicas: 3", "replicas");
  await expect(app.problems.getByRole("button", { name: /^Line 2\d / })).toBeVisible();
  await expect(app.page.getByRole("heading", { name: /^Line \d+ is not YAML yet$/ })).toBeVisible();
  await expect(
    app.page.getByText(/^The map still shows revision \d+, the last text that was admitted\.$/),
  ).toBeVisible();
  await expect(app.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(3);
  // Half-typed text is no hindrance to sending.
  await app.send("pod/shop/curl", "service/shop/web:80");
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
  await app.editor.focus();
  await app.page.keyboard.press("ControlOrMeta+Z");
  await expect(app.page.getByRole("heading", { name: /is not YAML yet$/ })).toBeHidden();
  await expect(app.problems).toBeHidden();
});

test("I misspell a field and am told so in the API server's words, and one click mends it", async ({ app }) => {
  const words = 'strict decoding error: unknown field "spec.selectr"';
  await app.open();
  await app.running();
  await app.retype("selector:", "selectr:");
  await expect(app.page.getByRole("heading", { name: "The API server said no" })).toBeVisible();
  const problem = app.problems.getByRole("button", { name: words });
  await expect(problem).toHaveText(`Line 10 ${words}`);
  await expect(app.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(3);

  // The marker is in the text: going to it puts the caret there, and its hover says the same.
  await problem.click();
  await expect(app.editor).toBeFocused();
  await app.page.keyboard.press("ControlOrMeta+K");
  await app.page.keyboard.press("ControlOrMeta+I");
  await expect(app.page.getByRole("tooltip").filter({ hasText: words })).toBeVisible();
  await app.page.keyboard.press("Escape");

  // The quick fix of the editor.
  await app.page.keyboard.press("ControlOrMeta+.");
  await app.page.getByRole("option", { name: 'Change "selectr" to "selector"' }).click();
  await expect(app.problems).toBeHidden();
  await expect(app.verdict).toHaveText(/^4 objects admitted/);
  expect(await app.text()).toContain("  selector:\n    app: web\n  ports");

  // Undo brings the misspelling back, and the footer mends it too.
  await app.editor.focus();
  await app.page.keyboard.press("ControlOrMeta+Z");
  await app.editorPane.getByRole("button", { name: 'Change "selectr" to "selector"' }).click();
  await expect(app.problems).toBeHidden();
  expect(await app.text()).toContain("  selector:\n    app: web\n  ports");
});

test("I ask for a completion and a description, and the editor knows the Service's fields", async ({ app }) => {
  await app.open();
  await app.running();
  await app.retype("  externalTrafficPolicy: Cluster", "  ");
  await app.page.keyboard.press("ControlOrMeta+Space");
  const offered = app.page.getByRole("option", { name: /^externalTrafficPolicy/ });
  await expect(offered).toBeVisible();
  await offered.click();
  await app.page.keyboard.type("Local");
  await app.page.keyboard.press("Escape");
  await expect(app.problems).toBeHidden();
  expect(await app.text()).toMatch(/^ {2}externalTrafficPolicy: Local$/m);

  await app.retype("targetPort", "targetPort");
  await app.page.keyboard.press("ControlOrMeta+K");
  await app.page.keyboard.press("ControlOrMeta+I");
  await expect(app.page.getByRole("tooltip").filter({ hasText: /pod/i })).toBeVisible();
});

test("I learn ClusterIP from nothing: I type a Service line by line, and am helped on until it answers", async ({
  app,
}) => {
  const { page } = app;
  const { keyboard } = page;
  await app.open();
  await app.editing();
  await app.scenario.selectOption("empty");
  await expect(page.getByRole("heading", { name: "No objects yet" })).toBeVisible();
  await app.editor.focus();
  const line = async (text: string): Promise<void> => {
    await keyboard.type(text);
    await keyboard.press("Enter");
  };

  // Half a word is no refusal; a word that is typed out is no completion.
  await keyboard.type("api");
  await expect(page.getByRole("heading", { name: "Line 1 is no object yet" })).toBeVisible();
  await keyboard.type("Version: v");
  await expect(page.getByRole("option", { name: /^v1/ })).toBeVisible();
  await line("1");
  await line("kind: Service");
  await line("metadata:");
  await line("name: hello");
  await expect(page.getByRole("heading", { name: "The API server said no" })).toBeVisible();
  await expect(app.problems).toContainText("spec.ports: Required value");
  await keyboard.press("Shift+Tab");
  await line("spec:");
  await line("selector:");
  await line("app: hello");
  await keyboard.press("Shift+Tab");
  await line("ports:");
  await keyboard.type("- port: 80");
  await keyboard.press("Escape");
  await expect(app.verdict).toHaveText(/^1 object admitted/);
  await expect(app.map.getByRole("button", { name: /^Service default\/hello/ })).toBeVisible();
  expect(await app.text()).toBe(
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: hello\nspec:\n  selector:\n    app: hello\n  ports:\n    - port: 80",
  );

  await app.send("node/worker-1", "service/default/hello:80");
  await expect(app.inspector.getByRole("heading", { name: "No pod carries app=hello" })).toBeVisible();
  await app.editorPane.getByRole("button", { name: "Add a Deployment that matches" }).click();
  await expect(app.map.getByRole("button", { name: /^Pod default\/hello-/ })).toHaveCount(3);
  await app.send("node/worker-1", "service/default/hello:80");
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
  await expect(app.inspector).toContainText("delivered");

  // What I typed is there tomorrow, and one undo takes the Deployment away again.
  await page.reload();
  await app.editing();
  await expect(app.map.getByRole("button", { name: /^Pod default\/hello-/ })).toHaveCount(3);
  await app.editor.focus();
  await keyboard.press("ControlOrMeta+Z");
  await expect(app.map.getByRole("button", { name: /^Pod default\/hello-/ })).toHaveCount(0);
});
