/** Every view, light and dark: axe, contrast, and targets that can be hit. */
import { expect, test, type App } from "./app.ts";
import { look } from "./look.ts";

/** Where views are: the lower panel, the middle, what opens over the page, the editor. */
const DOCK = "#kh-dock";
const MAP = "#kh-map";
const OVER = "[role=dialog], [role=menu], [data-radix-popper-content-wrapper]";
const EDITOR = "[aria-label=Editor]";

async function dockTab(app: App, name: string): Promise<void> {
  await app.panel(name);
  await expect(app.dock.getByRole("tabpanel", { name, exact: true })).toBeVisible();
}

test("nobody is shut out of the map, a node's netfilter, the comparison and the tabs of the dock", async ({ app }) => {
  const { page, dock } = app;
  await app.open();
  await app.running();
  await app.editing();
  await expect(dock.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  await look(app, "map, with the timeline's lanes");

  await dock.getByRole("button", { name: "List", exact: true }).click();
  await expect(dock.getByRole("table", { name: "Events" })).toBeVisible();
  await look(app, "events as a list", DOCK);
  await dockTab(app, "Trace table");
  await look(app, "trace table", DOCK);
  await app.ladder.getByRole("button", { name: /PREROUTING, dst 10\.244\./ }).click();
  await app.hop.getByRole("button", { name: "Open netfilter" }).click();
  await expect(app.map.getByText(/^KUBE-SVC-/).first()).toBeVisible();
  await dockTab(app, "Rules");
  await expect(dock.getByRole("listbox", { name: /^Rules of / })).toBeVisible();
  await look(app, "netfilter, and rules", `${DOCK}, ${MAP}`);
  await dockTab(app, "Outcomes");
  await look(app, "outcomes", DOCK);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(page.getByTestId("compare-summary")).toContainText("rules");
  await look(app, "comparison");
});

test("nobody is shut out of the console, traffic and drift", async ({ app }) => {
  const { page, dock } = app;
  await app.open();
  await app.running();
  await dockTab(app, "Traffic");
  await dock
    .getByRole("form", { name: "Steady load" })
    .getByRole("button", { name: /^Start/ })
    .click();
  await expect(dock.getByRole("region", { name: "Load 1" })).toContainText("300 answered");
  await look(app, "a load", DOCK);
  await dock.getByRole("tab", { name: "Connections" }).click();
  await dock.getByRole("button", { name: /^Connect internet to/ }).click();
  await expect(dock.getByRole("row", { name: /^1 .*ESTAB/ })).toBeVisible();
  await look(app, "a connection", DOCK);
  for (const view of ["Conntrack", "Balancers", "Commands"]) {
    await dock.getByRole("tab", { name: view }).click();
    await look(app, view, DOCK);
  }

  await dockTab(app, "Drift");
  await look(app, "drift, before anything is pasted", DOCK);
  await dock
    .getByRole("textbox", { name: /^Paste what/ })
    .fill("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j KUBE-SERVICES\nCOMMIT\n");
  await dock.getByRole("button", { name: "Compare", exact: true }).click();
  await dock.getByRole("listbox", { name: "Rules that drift" }).getByRole("option").first().click();
  await look(app, "drift", DOCK);

  await dockTab(app, "Console");
  await expect(page.getByRole("textbox", { name: "Console input" })).toBeAttached();
  await look(app, "console", DOCK);
});

test("nobody is shut out of what opens over the page", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Help and keys" }).click();
  for (const tab of ["Keys", "How to read the picture", "What is simulated"]) {
    await dialog.getByRole("tab", { name: tab }).click();
    await look(app, `help, ${tab}`, OVER);
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await page.keyboard.press("ControlOrMeta+K");
  await expect(dialog.getByRole("option").first()).toBeVisible();
  await look(app, "palette", OVER);
  await page.keyboard.press("Escape");
  await app.map.getByRole("button", { name: /^Pod shop\/curl/ }).focus();
  await page.keyboard.press("Shift+F10");
  await expect(page.getByRole("menu").first()).toBeVisible();
  await look(app, "menu of a pod", OVER);
  await page.keyboard.press("Escape");
  await app.inspector.getByRole("button", { name: "Export" }).click();
  await expect(page.getByRole("menuitem", { name: "Text .txt" })).toBeVisible();
  await look(app, "export", OVER);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "More about the request: HTTP, DNS, IP family, recent" }).click();
  await page.getByRole("button", { name: "Filter and find" }).click();
  await page.getByRole("button", { name: "Share" }).click();
  await expect(page.getByRole("heading", { name: /^Copied, / })).toBeVisible();
  await look(app, "more of a request, the filter, a toast");
});

test("nobody is shut out of the editor's views, the story of an apply and a look back", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.editing();
  await app.editorPane.getByRole("button", { name: "File menu" }).click();
  await look(app, "menu of a file", OVER);
  await page.getByRole("menuitem", { name: "Compare with the live objects" }).click();
  await expect(app.editorPane.getByRole("combobox", { name: "Object of scenario.yaml" })).toBeVisible();
  await look(app, "text beside the live objects", EDITOR);
  await app.editorPane.getByRole("button", { name: "Back to the text" }).click();
  const objects = app.editorPane.getByRole("button", { name: /^Objects \d+$/ });
  await objects.click();
  await look(app, "objects", EDITOR);
  await objects.click();

  await app.retype("replicas: 3", "replicas: 4");
  await expect(app.pods).toHaveCount(5);
  await app.dock.getByRole("button", { name: /^Apply: \d+ steps$/ }).click();
  await expect(app.inspector.getByRole("region", { name: "What this apply did" })).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.getByRole("region", { name: "Looking back" })).toBeVisible();
  await look(app, "an apply, looking back");
  await app.inspector.getByRole("button", { name: /^Close the story/ }).click();

  await app.retype("replicas: 4", "replicsa: 4");
  await expect(page.getByRole("heading", { name: "The API server said no" })).toBeVisible();
  await look(app, "a refused text");
  await app.editor.focus();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("Delete");
  await expect(page.getByRole("heading", { name: "No objects yet" })).toBeVisible();
  await look(app, "an empty cluster");
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("nobody is shut out of the phone's views, and a finger hits everything", async ({ app }) => {
    const { page } = app;
    await app.open();
    await app.running();
    await look(app, "walk", "html", 40);
    const views = page.getByRole("navigation", { name: "Views" });
    await views.getByRole("button", { name: "Map" }).tap();
    await expect(app.map).toBeVisible();
    await look(app, "map", "html", 40);
    await views.getByRole("button", { name: "Details" }).tap();
    for (const tab of ["Timeline", "Rules", "Trace table", "Traffic"]) {
      await dockTab(app, tab);
      await look(app, tab, "html", 40);
    }
    await views.getByRole("button", { name: "YAML" }).tap();
    await app.editing();
    await look(app, "YAML", "html", 40);
  });
});
