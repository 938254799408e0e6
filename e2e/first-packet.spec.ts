import { readFileSync } from "node:fs";
import { expect, test } from "./app.ts";

test("I open the page and a request is already on its way, and I see which pod answered and by which rule", async ({
  app,
}) => {
  const response = await app.open();
  await app.running();
  await expect(app.scenario).toHaveValue("shop-web");

  // Nothing was clicked, and the playhead moves until the walk is over.
  await expect(app.inspector.getByRole("heading", { name: "Walk 1" })).toBeVisible();
  await expect(app.inspector.getByText("curl 203.0.113.10 from 198.51.100.24")).toBeVisible();
  await expect(app.dock.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  expect(await app.position()).toBe(await app.hops());
  await expect(app.said).toContainText(/Walk 1, delivered: client internet reaches pod shop\/web-/i);

  // The ladder ends in the pod that answered, which is one of the three on the map.
  const answered = app.ladder.getByRole("button", { name: /^Hop \d+ of \d+: pod web-/ });
  const name = await answered.getAttribute("aria-label");
  const pod = /pod (web-[\w-]+)/.exec(name ?? "")?.[1] ?? "no pod";
  const backend = app.map.getByRole("button", { name: new RegExp(`^Pod shop/${pod}, `) });
  await expect(backend).toHaveAccessibleName(/ready, chosen with probability 1\/3$/);
  const ip = /10\.244\.\d+\.\d+/.exec((await backend.getAttribute("aria-label")) ?? "")?.[0] ?? "no address";

  // The rule that rewrote the destination, and the header before and after it.
  await app.ladder.getByRole("button", { name: `PREROUTING, dst ${ip}:8080` }).click();
  await expect(app.hopTitle).toHaveText(/^Hop \d+$/);
  await expect(app.hop.getByText("DNAT", { exact: true })).toBeVisible();
  await expect(app.hop.getByRole("row", { name: /^dst / })).toContainText(`${ip}:8080 (changed)`);
  const rule = app.hop.getByRole("paragraph").filter({ hasText: /^-A KUBE-SVC-/ });
  await expect(rule).toContainText(`"shop/web -> ${ip}:8080" `);
  await expect(rule).toContainText(/ -j KUBE-SEP-[A-Z2-7]{16}$/);
  await expect(app.hop.getByRole("button", { name: `rule DNAT --to-destination ${ip}:8080` })).toBeVisible();
  await expect(app.hop.getByText(/^\d+ considered, \d+ matched$/)).toBeVisible();

  // The headers that the README's hosts are told to send are the ones that all this ran under.
  const documented = readFileSync("public/_headers", "utf8");
  const csp = response?.headers()["content-security-policy"] ?? "none";
  expect(csp).toContain("default-src 'none'");
  expect(documented).toContain(`Content-Security-Policy: ${csp}\n`);
});
