import { expect, test } from "./app.ts";
import { look } from "./look.ts";

const RAW = "https://raw.githubusercontent.com/someone/lab/main/web.yaml";
const YAML = `apiVersion: v1
kind: Service
metadata: { name: from-afar }
spec: { ports: [{ port: 80 }] }
`;

test("a link brings a file from elsewhere, and nothing is fetched before I say so", async ({ app, page }) => {
  const asked: string[] = [];
  let body = "<!doctype html><html>";
  await page.route("https://raw.githubusercontent.com/**", (route) => {
    asked.push(route.request().url());
    return route.fulfill({ body, headers: { "access-control-allow-origin": "*" } });
  });
  await page.goto(`./?src=${encodeURIComponent(RAW)}`);
  await app.running();
  const load = page.getByRole("button", { name: "Load it" });
  await expect(load).toBeVisible();
  expect(asked).toEqual([]);
  await look(app, "a file from elsewhere is offered");
  await load.click();
  await expect(page.getByText("It is a web page, not YAML.")).toBeVisible();
  await look(app, "and refused");
  body = `a: ${"x".repeat(1_000_001)}`;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("larger than 1 MB")).toBeVisible();
  body = YAML;
  await page.getByRole("button", { name: "Try again" }).click();
  await app.editing();
  await expect(app.verdict).toHaveText(/^1 object admitted/);
  expect(await app.text()).toContain("from-afar");
  expect(asked).toEqual([RAW, RAW, RAW]);
  expect(new URL(page.url()).search).toBe("");
});

test("a link to a file on a host that is not trusted is refused, and the page goes on", async ({ app, page }) => {
  await page.goto("./?src=https%3A%2F%2Fevil.example%2Fweb.yaml");
  await app.running();
  await expect(page.getByText("not from evil.example")).toBeVisible();
  await page.getByRole("button", { name: "Go on without it" }).click();
  await expect(page.getByText("not from evil.example")).toHaveCount(0);
});
