import { expect, test, type App } from "./app.ts";

/** Presses a key until a control has the focus; at most once around the page. */
async function reach(app: App, key: "Tab" | "Shift+Tab", name: string | RegExp, role: string): Promise<void> {
  const named = (text: string): boolean => (typeof name === "string" ? text === name : name.test(text));
  for (let pressed = 0; pressed < 80; pressed++) {
    await app.page.keyboard.press(key);
    const focus = await app.page.evaluate(() => {
      const { activeElement } = document;
      if (!(activeElement instanceof HTMLElement)) return { role: "", name: "" };
      const implied = { BUTTON: "button", A: "link", SELECT: "combobox" }[activeElement.tagName] ?? "";
      const label = activeElement instanceof HTMLInputElement ? activeElement.labels?.[0]?.textContent : null;
      return {
        role: activeElement.getAttribute("role") ?? implied,
        name: activeElement.getAttribute("aria-label") ?? label ?? activeElement.textContent,
      };
    });
    if (focus.role === role && named(focus.name.trim())) return;
    // In the editor Tab indents, until Escape lets it out: its name says so.
    if (focus.name.includes("Press Escape, then Tab")) await app.page.keyboard.press("Escape");
  }
  throw new Error(`${role} ${String(name)} cannot be reached with ${key}`);
}

test("I do the whole job with the keyboard alone: send, step, read, edit, leave the editor, look up rules", async ({
  app,
}) => {
  const { page } = app;
  const { keyboard } = page;
  await app.open();
  await app.running();
  await app.editing();

  await test.step("choose who sends to whom, and send", async () => {
    await keyboard.press("s");
    const from = page.getByRole("combobox", { name: "From" });
    await expect(from).toBeFocused();
    await keyboard.type("curl");
    await expect(page.getByRole("option", { name: /^pod\/shop\/curl/ })).toBeVisible();
    await keyboard.press("ArrowDown");
    await keyboard.press("Enter");
    await expect(from).toHaveValue("pod/shop/curl");
    await keyboard.press("Tab");
    const to = page.getByRole("combobox", { name: "to", exact: true });
    await expect(to).toBeFocused();
    await keyboard.type("service/shop/web");
    await expect(page.getByRole("option", { name: /^service\/shop\/web:80/ })).toBeVisible();
    await keyboard.press("ArrowDown");
    await keyboard.press("Enter");
    await expect(to).toHaveValue("service/shop/web:80");
    await reach(app, "Tab", "Send", "button");
    await keyboard.press("Enter");
    await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
    await expect(app.said).toContainText("Walk 2, delivered");
  });

  await test.step("step through the hops and read each", async () => {
    await keyboard.press("i");
    await expect(app.inspector).toBeFocused();
    await keyboard.press("0");
    await expect(app.hopTitle).toHaveText("Hop 1");
    const seen: string[] = [];
    for (let step = 0; step < 40 && !seen.some((text) => text.includes("rewrites the destination")); step++) {
      await keyboard.press("j");
      await expect(app.hopTitle).toHaveText(`Hop ${String(step + 2)}`);
      seen.push((await page.getByTestId("hop-live").textContent()) ?? "");
    }
    await expect(app.hop.getByText("DNAT", { exact: true })).toBeVisible();
    await expect(page.getByTestId("hop-live")).toContainText(/^Hop \d+ of \d+, worker-1, .*rewrites the destination/);
    await keyboard.press("k");
    await keyboard.press("j");
    await expect(app.hop.getByRole("row", { name: /^dst .*\(changed\)$/ })).toBeVisible();
    // Because: the line behind the rule.
    await keyboard.press("b");
    await expect(app.said).toContainText(/^Line \d+: /);
  });

  await test.step("edit the YAML and leave the editor again", async () => {
    await keyboard.press("e");
    await expect(app.editor).toBeFocused();
    await keyboard.press("ControlOrMeta+F");
    await expect(page.getByRole("textbox", { name: "Find" })).toBeFocused();
    await keyboard.type("replicas: 3");
    await expect(page.getByText(/^1 of 1$/)).toHaveCount(1);
    await keyboard.press("Escape");
    await expect(app.editor).toBeFocused();
    await keyboard.type("replicas: 4");
    await expect(app.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(4);
    // One Escape may close a list of suggestions; the last one lets Tab out.
    await keyboard.press("Escape");
    await keyboard.press("Escape");
    await expect(app.said).toContainText("Tab now leaves the editor.");
    await keyboard.press("Tab");
    await expect(app.editor).not.toBeFocused();
    expect(
      await page.evaluate(() => document.activeElement?.closest("[aria-label=Editor] [role=code]") ?? null),
    ).toBeNull();
  });

  await test.step("switch the dock's tab", async () => {
    await keyboard.press("t");
    await expect(app.dock).toBeFocused();
    await keyboard.press("Tab");
    await expect(app.dock.getByRole("tab", { name: "Timeline" })).toBeFocused();
    await keyboard.press("ArrowRight");
    await expect(app.dock.getByRole("tab", { name: "Console" })).toBeFocused();
    await keyboard.press("ArrowRight");
    await expect(app.dock.getByRole("tab", { name: "Rules" })).toBeFocused();
    await expect(app.dock.getByRole("listbox", { name: /^Rules of worker-\d$/ })).toBeVisible();
    await reach(app, "Tab", /^Rules of worker-\d$/, "listbox");
    await keyboard.press("Home");
    const chosen = app.dock.getByRole("listbox", { name: /^Rules of / }).getByRole("option", { selected: true });
    await expect(chosen).toHaveAttribute("aria-posinset", "1");
    await keyboard.press("ArrowDown");
    await expect(chosen).toHaveAttribute("aria-posinset", "2");
  });

  await test.step("walk the map, open a node, and come back", async () => {
    await keyboard.press("m");
    await expect(app.map).toBeFocused();
    await reach(app, "Tab", /^(API server|Outside client|Node|Pod|Service|EndpointSlice)/, "button");
    // Down out of the band of intent, past the client, to a node.
    const node = page.locator(":focus").and(app.map.getByRole("button", { name: /^Node worker-\d, / }));
    for (let press = 0; press < 5 && (await node.count()) === 0; press++) await keyboard.press("ArrowDown");
    await expect(node).toHaveCount(1);
    const name = /worker-\d/.exec((await node.getAttribute("aria-label")) ?? "")?.[0] ?? "no node";
    await keyboard.press("Enter");
    await expect(app.map.getByRole("button", { name: new RegExp(`^Node ${name}, `) })).toHaveAttribute(
      "aria-pressed",
      "true",
    );
    await expect(app.dock.getByRole("listbox", { name: `Rules of ${name}` })).toBeVisible();
    await keyboard.press("Escape");
    await expect(app.map).toBeFocused();
  });

  await test.step("toggle the theme and read the help", async () => {
    await reach(app, "Shift+Tab", "Switch to the dark theme", "button");
    await keyboard.press("Enter");
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    await expect(page.getByRole("button", { name: "Switch to the light theme" })).toBeFocused();
    await app.map.press("?");
    await expect(page.getByRole("dialog", { name: "kubehop: see every hop" })).toBeVisible();
    await keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
  });
});
