import { expect, test, type App } from "./app.ts";
import type { Page } from "@playwright/test";

const tab = (app: App, name: RegExp | string) => app.editorPane.getByRole("tab", { name });

/** Drops files onto the page, as from the desktop. */
async function drop(page: Page, files: readonly { readonly name: string; readonly text: string }[]): Promise<void> {
  const data = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer();
    for (const { name, text } of all) transfer.items.add(new File([text], name, { type: "application/yaml" }));
    return transfer;
  }, files);
  await page.dispatchEvent("main", "dragover", { dataTransfer: data });
  await expect(page.getByText("Drop manifests to open each in a tab")).toBeVisible();
  await page.dispatchEvent("main", "drop", { dataTransfer: data });
  await expect(page.getByText("Drop manifests to open each in a tab")).toBeHidden();
}

const pod = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n  namespace: shop\n  labels:\n    app: web\nspec:\n  containers:\n    - name: c\n      image: traefik/whoami:v1.10\n`;

test("I keep my manifests in several files: add, rename, move, close and undo, with the keyboard alone", async ({
  app,
}) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.editing();
  await app.editorPane.getByRole("button", { name: "Add a file" }).focus();
  await page.keyboard.press("Enter");
  // A new file asks for its name.
  await expect(app.editorPane.getByRole("textbox", { name: "New name of untitled.yaml" })).toBeFocused();
  await page.keyboard.type("extra");
  await page.keyboard.press("Enter");
  await expect(tab(app, "extra.yaml")).toBeFocused();
  await expect(tab(app, "extra.yaml")).toHaveAttribute("aria-selected", "true");
  await app.paste(pod("extra"));
  const extra = app.map.getByRole("button", { name: /^Pod shop\/extra/ });
  await expect(extra).toBeVisible();
  await expect(app.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(3);

  // Out of the text, to the tabs, and renamed.
  await tab(app, "extra.yaml").focus();
  await page.keyboard.press("F2");
  await page.keyboard.type("pods");
  await page.keyboard.press("Enter");
  await expect(tab(app, "pods.yaml")).toBeFocused();
  await page.keyboard.press("Control+Shift+ArrowLeft");
  await expect(app.editorPane.getByRole("tab")).toHaveText(["pods.yaml", "scenario.yaml"]);
  await page.keyboard.press("ArrowRight");
  await expect(tab(app, "scenario.yaml")).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("ArrowLeft");

  // Closing takes its objects away, and Undo brings them back.
  await page.keyboard.press("Delete");
  await expect(tab(app, "pods.yaml")).toHaveCount(0);
  await expect(extra).toBeHidden();
  await app.editorPane.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(tab(app, "pods.yaml")).toBeVisible();
  await expect(extra).toBeVisible();

  // A reload and a link hold the files.
  await page.reload();
  await app.running();
  await expect(app.editorPane.getByRole("tab")).toHaveText(["pods.yaml", "scenario.yaml"]);
});

test("I make a mistake in one of two files and see on its tab where it is", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.editing();
  await drop(page, [{ name: "a.yaml", text: pod("a").replace("containers", "contaners") }]);
  await expect(tab(app, /^a\.yaml, \d errors?$/)).toBeVisible();
  await expect(tab(app, "scenario.yaml")).toBeVisible();
  await expect(app.verdict).toContainText("Not applied: the cluster is that of revision");
  await tab(app, "scenario.yaml").click();
  const problem = app.problems.getByRole("button", { name: /unknown field "spec\.contaners"/ });
  await expect(problem).toContainText("a.yaml Line 9");
  await problem.click();
  await expect(tab(app, /^a\.yaml/)).toHaveAttribute("aria-selected", "true");
  await expect(app.editor).toBeFocused();
  await page.keyboard.press("ControlOrMeta+.");
  await page.getByRole("option", { name: 'Change "contaners" to "containers"' }).click();
  await expect(app.verdict).toHaveText(/^5 objects admitted/);
  await expect(app.map.getByRole("button", { name: /^Pod shop\/a/ })).toBeVisible();
});

test("I read beside my lines what the cluster made of them, and they stay there while I type elsewhere", async ({
  app,
}) => {
  await app.open();
  await app.running();
  await app.editing();
  const lineOf = (words: RegExp) => app.editorPane.locator(".view-line").filter({ hasText: words });
  await expect(lineOf(/app:.*3\s+pods\s+match/)).toBeVisible();
  await expect(lineOf(/targetPort:.*3\/3\s+ready/)).toBeVisible();
  await app.retype("selector:", "selectr:");
  await expect(app.problems).toBeVisible();
  await expect(lineOf(/targetPort:.*3\/3\s+ready/)).toBeVisible();
});

test("I mistype a label and one quick fix selects the pods that I meant", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.editing();
  await app.paste((await app.text()).replace("  selector:\n    app: web\n", "  selector:\n    app: wbe\n"));
  const fix = app.editorPane.getByRole("button", { name: "Change app: wbe to app: web (3 pods)" });
  await expect(fix).toBeVisible();
  await fix.click();
  await expect(fix).toBeHidden();
  expect(await app.text()).toContain("  selector:\n    app: web\n");
  await app.editor.focus();
  await page.keyboard.press("ControlOrMeta+Z");
  await expect(fix).toBeVisible();
});

test("I complete a selector with the labels that my pods really carry", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.editing();
  await app.paste((await app.text()).replace("  selector:\n    app: web\n", "  selector:\n    app: \n"));
  await app.editor.focus();
  await page.keyboard.press("ControlOrMeta+Home");
  for (let n = 0; n < 10; n++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  await page.keyboard.press("ControlOrMeta+Space");
  const offered = page.getByRole("option", { name: /^web.*3 pods/ });
  await expect(offered).toBeVisible();
  await offered.click();
  await expect(app.problems).toBeHidden();
  expect(await app.text()).toContain("  selector:\n    app: web\n");
});

test("I reload, and undo goes back to before the reload", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.retype("replicas: 3", "replicas: 4");
  const web = app.map.getByRole("button", { name: /^Pod shop\/web-/ });
  await expect(web).toHaveCount(4);
  // Until the version is on disk.
  await expect
    .poll(() =>
      page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            const request = indexedDB.open("kubehop");
            request.addEventListener("success", () => {
              const read = request.result.transaction("undo").objectStore("undo").get("draft");
              read.addEventListener("success", () => {
                request.result.close();
                resolve((read.result as { changes: unknown[] } | undefined)?.changes.length ?? 0);
              });
            });
          }),
      ),
    )
    .toBeGreaterThan(0);
  await page.reload();
  await app.running();
  await app.editing();
  expect(await app.text()).toContain("replicas: 4");
  await app.editor.focus();
  // Once for each rest in the typing, of which the second may be none.
  await page.keyboard.press("ControlOrMeta+Z");
  await page.keyboard.press("ControlOrMeta+Z");
  await expect(web).toHaveCount(3);
  expect(await app.text()).toContain("replicas: 3");
});

test("I drop two manifests and a note, and each is taken for what it is", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.editing();
  await drop(page, [
    { name: "a.yaml", text: pod("a") },
    { name: "b.yaml", text: `apiVersion: v1\nkind: List\nitems:\n- ${pod("b").replaceAll("\n", "\n  ").trimEnd()}\n` },
    { name: "notes.txt", text: "buy milk\n" },
  ]);
  await expect(app.editorPane.getByRole("tab")).toHaveText(["scenario.yaml", "a.yaml", "b.yaml"]);
  await expect(app.editorPane.getByText("a.yaml, b.yaml opened. Nothing left this browser.")).toBeVisible();
  await expect(app.editorPane.getByText(/^notes\.txt is no manifest/)).toBeVisible();
  await expect(app.map.getByRole("button", { name: /^Pod shop\/a/ })).toBeVisible();
  await expect(app.map.getByRole("button", { name: /^Pod shop\/b/ })).toBeVisible();
  await expect(app.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(3);
});

test("I format a file and no comment of mine is lost", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.retype("replicas: 3", "replicas:   3   # mine");
  await app.editor.focus();
  await page.keyboard.press("Shift+Alt+F");
  await expect(app.said).toHaveText("scenario.yaml is formatted.");
  expect(await app.text()).toContain("  replicas: 3 # mine\n");
});

test("I hold my text against the live object, and see that it is so", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.editing();
  await app.editorPane.getByRole("button", { name: "File menu" }).click();
  await page.getByRole("menuitem", { name: "Compare with the live objects" }).click();
  const object = app.editorPane.getByRole("combobox", { name: "Object of scenario.yaml" });
  await object.selectOption({ label: "Deployment shop/web" });
  await expect(app.editorPane.getByText("Everything that the text writes of it is so in the cluster.")).toBeVisible();
});
