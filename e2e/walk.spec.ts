import { expect, test, type App } from "./app.ts";

test("I pause, step, scrub and change the speed, and the hop on show follows", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  const url = page.url();
  const hops = await app.hops();
  expect(hops).toBeGreaterThan(20);
  const at = (position: number): Promise<void> =>
    expect(app.playhead).toHaveAttribute("aria-valuenow", String(position));
  const play = app.dock.getByRole("button", { name: "Play", exact: true });
  const pause = app.dock.getByRole("button", { name: "Pause" });

  await test.step("by buttons", async () => {
    await page.keyboard.press("0");
    await at(1);
    await expect(app.hopTitle).toHaveText("Hop 1");
    await app.dock.getByRole("button", { name: "Next hop" }).click();
    await app.dock.getByRole("button", { name: "Next hop" }).click();
    await at(3);
    await expect(app.hopTitle).toHaveText("Hop 3");
    await app.dock.getByRole("button", { name: "Previous hop" }).click();
    await at(2);
    await expect(app.clock).toHaveText(/^0\.000 \d{3} s$/);
  });

  await test.step("by keys", async () => {
    await app.map.focus();
    await page.keyboard.press("ArrowRight");
    await at(3);
    await page.keyboard.press("ArrowLeft");
    await at(2);
    await page.keyboard.press("j");
    await at(3);
    await page.keyboard.press("k");
    await at(2);
    await page.keyboard.press("9");
    await at(hops);
    await expect(app.hopTitle).toHaveText(/^Reply hop \d+$/);
    await page.keyboard.press("0");
    await at(1);
    // Space plays and pauses.
    await page.keyboard.press("Space");
    await expect(pause).toBeVisible();
    await page.keyboard.press("0");
    await expect(play).toBeVisible();
    await page.keyboard.press("Space");
    await page.keyboard.press("Space");
    await expect(play).toBeVisible();
  });

  await test.step("by the slider, with keys and with the pointer", async () => {
    await app.playhead.focus();
    await page.keyboard.press("Home");
    await at(1);
    await page.keyboard.press("ArrowRight");
    await at(2);
    await page.keyboard.press("End");
    await at(hops);
    const box = await app.playhead.boundingBox();
    if (box === null) throw new Error("The slider has no box");
    await page.mouse.move(box.x + box.width - 30, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 });
    await expect.poll(() => app.position()).toBeLessThan(hops);
    expect(await app.position()).toBeGreaterThan(1);
    await page.mouse.move(box.x + 2, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await at(1);
  });

  await test.step("at every speed", async () => {
    const speeds = app.dock.getByRole("combobox", { name: "Speed: virtual time per second" });
    for (const speed of ["100×", "10×", "1×", "1/10", "1/100", "1/300", "1/1000"]) {
      await speeds.selectOption(speed);
      await expect(speeds.locator("option:checked")).toHaveText(speed);
      await app.map.focus();
      await page.keyboard.press("0");
      await at(1);
      await page.keyboard.press("Space");
      await at(hops);
      await expect(play).toBeVisible();
    }
  });

  expect(page.url()).toBe(url);
});

test("I open the rules of the node, and each hop marks its own rule and leads back to the line that made it", async ({
  app,
}) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.editing();
  await app.ladder.getByRole("button", { name: /PREROUTING, dst 10\.244\./ }).click();
  await app.panel("Rules");
  const node = app.dock.getByRole("combobox", { name: "Node" });
  const where = /(worker-\d), /.exec((await app.hop.textContent()) ?? "")?.[1] ?? "no node";
  await expect(node).toHaveValue(where);

  const rules = app.dock.getByRole("listbox", { name: `Rules of ${where}` });
  const chosen = rules.getByRole("option", { selected: true });
  await expect(chosen).toContainText(/-A KUBE-SEP-\w{16} .*-j DNAT --to-destination 10\.244\.\d\.\d:8080/);
  await expect(chosen.getByRole("img", { name: "matched", exact: true })).toBeVisible();
  await expect(app.dock.getByText(/^This walk matched it: |This walk matched it: /)).toBeVisible();

  // Another hop, another rule.
  await app.ladder.getByRole("button", { name: /^Hop \d+ of \d+: worker-\d · POSTROUTING, src / }).click();
  await expect(chosen).toContainText(/-A KUBE-POSTROUTING .*-j MASQUERADE/);
  await expect(chosen.getByRole("img", { name: "matched", exact: true })).toBeVisible();

  // On a node that the packet did not cross no rule is marked.
  const crossed = (await app.ladder.textContent()) ?? "";
  const aside = ["worker-1", "worker-2", "worker-3"].find((name) => !crossed.includes(name)) ?? "no node";
  await node.selectOption(aside);
  await expect(app.dock.getByRole("listbox", { name: `Rules of ${aside}` }).getByRole("option")).not.toHaveCount(0);
  await expect(app.dock.getByRole("img", { name: "matched", exact: true })).toHaveCount(0);

  // Because: from the rule to the line. The line is out of sight, and comes into it.
  await app.ladder.getByRole("button", { name: /PREROUTING, dst 10\.244\./ }).click();
  await app.editor.focus();
  await page.keyboard.press("ControlOrMeta+End");
  await expect(app.editorPane.getByText("to: lb/shop/web:80")).toBeVisible();
  await expect(app.editorPane.getByText("targetPort: 8080")).toHaveCount(0);
  await app.hop.getByRole("button", { name: "YAML line 15, targetPort: 8080" }).click();
  await expect(app.editorPane.getByText("targetPort: 8080")).toBeVisible();
});

test("I ask for all outcomes of a ClusterIP request and get three, each with exactly 1/3", async ({ app }) => {
  await app.open();
  await app.scenario.selectOption("clusterip");
  await expect(app.inspector.getByText(/^curl 10\.\d+\.\d+\.\d+ from 10\.244\.1\.\d+$/)).toBeVisible();
  await app.panel("Outcomes");
  const table = app.dock.getByRole("table");
  await expect(app.dock.getByText(/3 outcomes, every branch followed in a fork at revision \d+\./)).toBeVisible();
  const rows = table.getByRole("row").filter({ has: app.page.getByRole("rowheader", { name: "1/3", exact: true }) });
  await expect(rows).toHaveCount(3);
  await expect(rows.filter({ hasText: "delivered" })).toHaveCount(3);
  const backends = await rows.getByText(/10\.244\.\d+\.\d+:8080$/).allTextContents();
  expect(new Set(backends).size).toBe(3);

  // An outcome that was not drawn can be walked all the same.
  const other = rows.getByRole("button", { name: /^Show this walk: 1\/3, / }).last();
  const ip = /10\.244\.\d+\.\d+/.exec((await other.getAttribute("aria-label")) ?? "")?.[0] ?? "no address";
  await other.click();
  await expect(app.inspector.getByRole("heading", { name: "Possible walk" })).toBeVisible();
  await expect(app.ladder.getByRole("button", { name: `dst ${ip}:8080` })).toBeVisible();
});

/** Plays the walk on from the balancer's wire for 80 ms of wall time, 4 ms at a time: how many pictures there were. */
async function picturesOnTheWire(app: App): Promise<number> {
  const { page } = app;
  await page.clock.install({ time: new Date("2026-01-01T00:00:00Z") });
  await app.open();
  await app.running();
  await app.panel("Trace table");
  const wire = app.dock.getByRole("row").filter({ hasText: /^↓.*cloud LB\s*link/ });
  await wire.getByRole("button").click();
  await expect(app.hop.getByText("cloud LB, link")).toBeVisible();
  const title = await app.hopTitle.innerText();
  // From here on wall time is the test's own.
  await page.clock.pauseAt(new Date("2026-01-01T01:00:00Z"));
  await app.dock.getByRole("button", { name: "Play", exact: true }).click();
  // The first frame puts away what marks a packet that stands.
  await page.clock.runFor(20);
  const pictures = new Set<string>();
  for (let frame = 0; frame < 20; frame++) {
    await page.clock.runFor(4);
    pictures.add(await app.map.locator("canvas").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL()));
  }
  await expect(app.hopTitle).toHaveText(title);
  await page.clock.resume();
  return pictures.size;
}

test("I watch the packet glide along the wire between two hops", async ({ app }) => {
  expect(await picturesOnTheWire(app)).toBeGreaterThan(2);
});

test.describe("with reduced motion", () => {
  test.use({ contextOptions: { reducedMotion: "reduce" } });

  test("I prefer reduced motion: the packet stands on each hop until the next", async ({ app }) => {
    expect(await picturesOnTheWire(app)).toBe(1);
  });

  test("I prefer reduced motion: nothing on the page animates, whatever I do", async ({ app }) => {
    const { page } = app;
    // Whatever moves or fades for longer than one frame.
    await page.addInitScript(() => {
      const moved: string[] = [];
      Object.assign(window, { moved });
      const note = (event: Event): void => {
        for (const one of (event.target as Element).getAnimations({ subtree: true })) {
          const { duration } = one.effect?.getComputedTiming() ?? {};
          if (typeof duration === "number" && duration > 16) moved.push(`${event.type} of ${String(duration)} ms`);
        }
      };
      document.addEventListener("animationstart", note);
      document.addEventListener("transitionrun", note);
    });
    await app.open();
    await app.running();
    await app.panel("Trace table");
    await app.editing();
    // The whole walk, hop by hop, to the last but one of the reply.
    const rows = app.dock.getByRole("row").filter({ hasText: /^[↓↑]/ });
    await expect(rows.nth(20)).toBeAttached();
    const hops = await rows.count();
    await app.map.focus();
    await page.keyboard.press("0");
    for (let hop = 2; hop < hops; hop++) {
      await page.keyboard.press("ArrowRight");
      const animated = await page.evaluate(() =>
        document.getAnimations().flatMap(({ effect, playState }) => {
          const { duration } = effect?.getComputedTiming() ?? {};
          return playState === "running" && typeof duration === "number" && duration > 16 ? [duration] : [];
        }),
      );
      expect(animated, `at hop ${String(hop)}`).toEqual([]);
    }
    await expect(app.hopTitle).toHaveText(/^Reply hop \d+$/);
    await page.getByRole("button", { name: "Switch to the dark theme" }).click();
    await app.panel("Outcomes");
    await page.getByRole("button", { name: "Fold intent" }).click();
    await expect(page.getByRole("button", { name: "Unfold intent" })).toBeVisible();
    await app.retype("replicas: 3", "replicas: 4");
    await expect(app.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(4);
    await page.getByRole("button", { name: "Help and keys" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
    expect(await page.evaluate(() => (window as unknown as { moved: string[] }).moved)).toEqual([]);
  });
});
