/** A walk before a room: predicted, revealed, broken and mended, on a projector's screen. */
import { expect, test, type App } from "./app.ts";
import { look } from "./look.ts";

const SHOW = "[aria-modal=true]";

/** Steps until a question stands, answering those before it. */
async function stepTo(app: App, ask: string): Promise<void> {
  const { page } = app;
  const question = page.getByRole("region", { name: "Question" });
  const heading = question.getByRole("heading");
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press("ArrowRight");
    if ((await heading.count()) > 0 && (await heading.textContent()) === ask) return;
  }
  throw new Error(`"${ask}" is never asked`);
}

test.describe("on a projector", () => {
  test.use({ viewport: { width: 1920, height: 1080 } });

  test("a room predicts which source the pod sees, and is shown, with the keyboard alone", async ({ app }) => {
    const { page } = app;
    const { keyboard } = page;
    await app.open();
    await app.running();
    await app.panel("Trace table");
    const row = app.dock.getByRole("row", { name: /pod web-.* sees the source / }).first();
    const seen = / sees the source ([\d.]+)/.exec((await row.textContent()) ?? "")?.[1] ?? "";
    expect(seen).toMatch(/^192\.168\.56\.\d+$/);
    await keyboard.press("0");
    for (let step = 0; step < 4; step++) await keyboard.press("j");
    await expect(app.hopTitle).toHaveText("Hop 5");

    await keyboard.press("p");
    const show = page.getByRole("dialog", { name: "Present: LoadBalancer, three workers" });
    await expect(show).toBeFocused();
    await keyboard.press("Home");
    await expect(page.getByTestId("present-hop")).toHaveText(/^hop 1 of \d+$/);
    await stepTo(app, "Which source address will the pod see?");
    const choices = show.getByRole("list").getByRole("listitem");
    await expect(choices).toHaveText([
      /^A198\.51\.100\.24the client/,
      /^B203\.0\.113\.10the load balancer/,
      /^C192\.168\.56\.\d+worker-\d, eth0/,
      /^D10\.244\.\d\.1worker-\d, cni0/,
    ]);
    await expect(show.getByText("This is so")).toHaveCount(0);
    await expect(page.getByTestId("present-live")).toContainText("Question: Which source address will the pod see?");
    for (const key of ["a", "1", "b", "c", "3", "3", "d", "Shift+D", "Shift+Digit1"]) await keyboard.press(key);
    await expect(page.getByTestId("hands")).toHaveText("5");

    await keyboard.press("Space");
    const right = choices.filter({ hasText: "This is so" });
    await expect(right).toHaveCount(1);
    await expect(right).toContainText(seen);
    await expect(right).toContainText("3 hands");
    await expect(page.getByTestId("present-live")).toContainText(`Answer: ${seen}. `);
    await keyboard.press("ArrowRight");
    await expect(show.getByRole("region", { name: "Hop" })).toContainText(`rewrites the source 198.51.100.24:`);
    await expect(show.getByRole("region", { name: "Hop" })).toContainText("-j MASQUERADE");
    await keyboard.press("End");
    await expect(show.getByRole("list", { name: "Who had it" })).toContainText("3 of 5");

    await keyboard.press("Escape");
    await expect(show).toBeHidden();
    await expect(app.hopTitle).toHaveText("Hop 5");
    await expect(app.dock.getByRole("tab", { name: "Trace table" })).toBeFocused();
  });

  test("a presenter shines on a hop, points, notes, breaks it and mends it", async ({ app }) => {
    const { page } = app;
    const { keyboard } = page;
    await app.open();
    await app.running();
    const before = await page.getByRole("button", { name: /^Pod shop\/web-/ }).count();
    await page.getByRole("button", { name: /^Present/ }).click();
    const show = page.getByRole("dialog", { name: /^Present: / });
    await expect(show).toBeFocused();
    await keyboard.press("Home");
    for (let step = 0; step < 5; step++) await keyboard.press("ArrowRight");

    await keyboard.press("s");
    const light = await page.getByTestId("spotlight").boundingBox();
    const card = await show.getByRole("button", { name: /^Cloud load balancer/ }).boundingBox();
    if (light === null || card === null) throw new Error("nothing is lit");
    expect(light.x).toBeLessThan(card.x);
    expect(light.x + light.width).toBeGreaterThan(card.x + card.width);
    expect(light.width).toBeLessThan(card.width * 1.5);
    await keyboard.press("s");
    await expect(page.getByTestId("spotlight")).toHaveCount(0);

    await keyboard.press("l");
    await page.mouse.move(700, 400);
    await expect(page.getByTestId("laser")).toHaveAttribute("data-at", "700,400");
    await keyboard.press("l");
    await expect(page.getByTestId("laser")).toHaveCount(0);

    await keyboard.press("n");
    const notes = show.getByRole("complementary", { name: "Speaker notes" });
    await notes.getByRole("textbox").fill("Say why: s, l and n are letters here.");
    await keyboard.press("Escape");
    await keyboard.press("n");
    await expect(notes).toBeHidden();
    await keyboard.press("n");
    await expect(notes.getByRole("textbox")).toHaveValue("Say why: s, l and n are letters here.");
    await keyboard.press("n");

    await keyboard.press("x");
    await expect(show.getByRole("button", { name: /Mistype the selector/ })).toBeFocused();
    await keyboard.press("1");
    await expect(show.getByText("walk 2 of 2")).toBeVisible();
    await expect(show.getByText("Mistype the selector")).toBeVisible();
    await stepTo(app, "What does the client get?");
    // The names of the rows do not tell either where the packet goes.
    await expect(show.getByText("INPUT", { exact: true })).toHaveCount(0);
    await keyboard.press("Space");
    await expect(show.getByText("INPUT", { exact: true })).toHaveCount(1);
    await expect(show.getByRole("listitem").filter({ hasText: "This is so" })).toContainText("Refused");
    await keyboard.press("End");
    await expect(show.getByRole("region", { name: "What happened" })).toContainText("refused");
    await keyboard.press("m");
    await expect(show.getByRole("region", { name: "What happened" })).toContainText("delivered");
    await expect(show.getByText("walk 2 of 2")).toBeHidden();
    await keyboard.press("Escape");
    await expect(show).toBeHidden();
    await expect(page.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(before);
    await app.editing();
    expect(await app.text()).toContain("app: web\n");
  });

  test("a lesson's own question is put to the room, its step is done, and the next one follows", async ({ app }) => {
    const { page } = app;
    const { keyboard } = page;
    await app.open();
    await app.running();
    await page.getByRole("button", { name: "Lessons" }).click();
    await page
      .getByRole("dialog", { name: "Lessons" })
      .getByRole("button", { name: /Source IP/ })
      .press("Enter");
    const lesson = page.getByRole("region", { name: "Lesson 13" });
    await expect(lesson.getByText("Your goal")).toBeVisible();
    const asked = await lesson.getByText(/^Predict: /).textContent();
    await app.map.press("p");
    const show = page.getByRole("dialog", { name: /^Present: Lesson 13: / });
    await expect(show).toBeFocused();
    await expect(show.getByRole("region", { name: "Question" }).getByRole("heading")).toHaveText(
      asked?.replace("Predict: ", "") ?? "",
    );
    await keyboard.press("b");
    await keyboard.press("Space");
    await expect(show.getByRole("listitem").filter({ hasText: "This is so" })).toHaveCount(1);
    await keyboard.press("Space");
    await expect(page.getByTestId("present-hop")).toBeVisible();
    await keyboard.press("End");
    await expect(show.getByRole("region", { name: "What happened" })).toContainText("delivered");
    await expect(show.getByRole("button", { name: /^Next: / })).toBeVisible();
    await keyboard.press("ArrowRight");
    await expect(show.getByRole("region", { name: "Step" })).toContainText("step 2 of 5");
    await keyboard.press("Escape");
    await expect(lesson.getByText("1 of 5 goals met")).toBeVisible();
  });

  test("nobody is shut out of a presentation", async ({ app }) => {
    const { page } = app;
    await page.goto("./?present=1");
    const show = page.getByRole("dialog", { name: /^Present: / });
    await expect(page.getByTestId("present-hop")).toBeVisible({ timeout: 30_000 });
    await page.keyboard.press("Home");
    await stepTo(app, "Which pod will answer?");
    await page.keyboard.press("a");
    await page.keyboard.press("Space");
    await look(app, "an answer", SHOW);
    await page.keyboard.press("x");
    await page.keyboard.press("n");
    await look(app, "what to break, and notes", SHOW);
    await page.keyboard.press("Escape");
    await page.keyboard.press("End");
    await look(app, "what happened", SHOW);
    await page.keyboard.press("Escape");
    await expect(show).toBeHidden();
    expect(page.url()).not.toContain("present");
  });
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("a presentation works there too, by finger", async ({ app }) => {
    const { page } = app;
    await page.goto("./?present=1");
    await expect(page.getByTestId("present-hop")).toBeVisible({ timeout: 30_000 });
    const show = page.getByRole("dialog", { name: /^Present: / });
    const question = show.getByRole("region", { name: "Question" });
    for (let step = 0; step < 20 && (await question.count()) === 0; step++)
      await show.getByRole("button", { name: "One hop on" }).tap();
    await question.getByRole("button", { name: /^B/ }).tap();
    await expect(page.getByTestId("hands")).toHaveText("1");
    await question.getByRole("button", { name: "One hand less for B" }).tap();
    await expect(page.getByTestId("hands")).toHaveText("0");
    await look(app, "a question", SHOW, 40);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await show.getByRole("button", { name: "leave" }).tap();
    await expect(show).toBeHidden();
  });
});
