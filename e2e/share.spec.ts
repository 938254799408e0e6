import { deflateRawSync, crc32 } from "node:zlib";
import { appOn, expect, test } from "./app.ts";

test("I copy a link and whoever opens it sees my very picture: text, walk, selection and hop", async ({
  app,
  browser,
  baseURL,
}) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.retype("replicas: 3", "replicas: 2");
  await expect(app.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(2);
  await app.send("pod/shop/curl", "service/shop/web:80");
  await expect(app.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
  await app.map.getByRole("button", { name: /^Node worker-2, / }).click();
  await app.map.focus();
  await page.keyboard.press("0");
  for (let step = 0; step < 3; step++) await page.keyboard.press("ArrowRight");
  await expect(app.hopTitle).toHaveText("Hop 4");
  const command = await app.inspector.getByText(/^curl .* from 10\.244/).textContent();
  const text = await app.text();

  await page.getByRole("button", { name: "Share" }).click();
  const notice = page.getByRole("heading", { name: /^Copied, [\d,]+ characters$/ });
  await expect(notice).toBeVisible();
  const url = await page.evaluate(() => navigator.clipboard.readText());
  await expect(notice).toHaveText(`Copied, ${url.length.toLocaleString("en")} characters`);
  expect(url).toBe(page.url());
  expect(url.startsWith(`${baseURL ?? ""}/#v1.`)).toBe(true);

  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  try {
    const other = appOn(await context.newPage());
    await other.page.goto(url);
    await other.running();
    await expect(other.inspector.getByRole("heading", { name: "Walk 2" })).toBeVisible();
    await expect(other.inspector.getByText(command ?? "no command")).toBeVisible();
    await expect(other.hopTitle).toHaveText("Hop 4");
    await expect(other.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(2);
    await expect(other.map.getByRole("button", { name: /^Node worker-2, / })).toHaveAttribute("aria-pressed", "true");
    await expect(other.dock.getByRole("button", { name: /^Walk [12], / })).toHaveCount(2);
    await other.editing();
    expect(await other.text()).toBe(text);
    await expect(other.hop).toHaveText((await app.hop.textContent()) ?? "no hop");
  } finally {
    await context.close();
  }
});

/** A hash of format v`version` around these bytes, as the page itself would make it but for the dictionary. */
function hashOf(version: number, content: Buffer): string {
  const body = deflateRawSync(content, { level: 9 });
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return `#v${String(version)}.${Buffer.concat([sum, body]).toString("base64url")}`;
}

const BAD: readonly { readonly what: string; readonly hash: string; readonly why: string | RegExp }[] = [
  { what: "mistyped", hash: "#v1.%7Bnot%20ours%7D", why: "it holds characters that no link of ours has" },
  { what: "cut short", hash: "#v1.AAAA", why: "it was cut short" },
  { what: "changed on its way", hash: `#v1.${"k".repeat(2_000)}`, why: "it was cut short or changed on its way" },
  { what: "600,000 characters long", hash: `#v1.${"A".repeat(600_000)}`, why: "it is too long" },
  {
    what: "a bomb that unpacks to 300 MB",
    hash: hashOf(1, Buffer.alloc(300_000_000, 32)),
    why: "it unpacks to more than a scenario can be",
  },
  {
    what: "made by hand, with a command that does not exist",
    hash: hashOf(1, Buffer.from(JSON.stringify({ scenario: null, history: { seed: 1, commands: [{ type: "rm" }] } }))),
    why: "its content is not a kubehop history",
  },
];

for (const { what, hash, why } of BAD) {
  test(`I open a link that is ${what}: the page says so and shows the default scenario`, async ({ app }) => {
    const { page } = app;
    await app.open(hash);
    const notice = page.getByRole("region", { name: "This link is damaged" });
    await expect(notice).toContainText(`It could not be read: ${String(why)}`);
    await app.running();
    await expect(app.scenario).toHaveValue("shop-web");
    await expect(app.inspector.getByRole("heading", { name: "Walk 1" })).toBeVisible();
    // The bad hash is gone, so that a reload does not meet it again.
    expect(new URL(page.url()).hash).toBe("");
    await notice.getByRole("button", { name: "Go on with this scenario" }).click();
    await expect(notice).toBeHidden();
  });
}

test("I open a link from a newer kubehop: the page says so and offers the YAML that is in it", async ({ app }) => {
  const { page } = app;
  const text =
    "apiVersion: v1\nkind: Service\nmetadata: {name: later}\nspec: {selector: {app: later}, ports: [{port: 80}]}\n";
  await app.open(hashOf(7, Buffer.from(JSON.stringify({ story: [{ text }] }))));
  const notice = page.getByRole("region", { name: "This link is from a newer kubehop" });
  await expect(notice).toContainText("It uses format v7, this page reads v1.");
  await app.running();
  await notice.getByRole("button", { name: "Open the YAML" }).click();
  await expect(app.map.getByRole("button", { name: /^Service default\/later, / })).toBeVisible();
  await app.editing();
  expect(await app.text()).toBe(text);
});

test("I go back and forth between a link and the page before it", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await app.scenario.selectOption("nodeport");
  await expect(app.inspector.getByText("curl 192.168.56.13:30000 from 198.51.100.24")).toBeVisible();
  await page.getByRole("button", { name: "Share" }).click();
  await expect(page.getByRole("heading", { name: /^Copied, / })).toBeVisible();
  const link = page.url();

  // Another scenario is another page; Back is the link again, and Forward the scenario.
  await app.scenario.selectOption("clusterip");
  await expect(app.ladder.getByRole("button", { name: /^Hop 1 of \d+: pod client, / })).toBeVisible();
  expect(new URL(page.url()).hash).toBe("");
  await page.goBack();
  await expect(app.inspector.getByText("curl 192.168.56.13:30000 from 198.51.100.24")).toBeVisible();
  await expect(app.scenario).toHaveValue("nodeport");
  expect(page.url()).toBe(link);
  await page.goForward();
  await expect(app.ladder.getByRole("button", { name: /^Hop 1 of \d+: pod client, / })).toBeVisible();
  await expect(app.scenario).toHaveValue("clusterip");
});
