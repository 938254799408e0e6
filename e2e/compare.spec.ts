import { expect, test } from "./app.ts";

test("a teacher compares iptables and nftables for one packet, in step, with the keyboard", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  await page.locator("body").press("c");
  const compare = page.getByRole("region", { name: "Compare modes" });
  const summary = compare.getByTestId("compare-summary");
  await expect(summary).toContainText(/iptables looked at \d+ rules, nftables at \d+ rules/, { timeout: 60_000 });
  await expect(compare.getByRole("heading", { level: 2 })).toHaveText("One packet, four proxy modes");

  // Two columns are enough for this lesson.
  const modes = compare.getByRole("group", { name: "Modes compared" });
  await modes.getByRole("button", { name: "IPVS" }).press("Enter");
  await modes.getByRole("button", { name: "userspace" }).press("Enter");
  const table = compare.getByRole("table");
  await expect(table.getByRole("columnheader")).toHaveCount(3);
  await expect(summary).toContainText("Same backend, same source seen.");
  // The last two stay.
  await expect(modes.getByRole("button", { name: "iptables" })).toBeDisabled();

  const current = table.locator("tr[aria-current=step]");
  const place = current.getByRole("rowheader");
  await expect(place).toContainText("outside client");
  await page.keyboard.press("j");
  await expect(place).toContainText("router");
  await page.keyboard.press("ArrowDown");
  await expect(place).toContainText("cloud LB");
  await page.keyboard.press("k");
  await expect(place).toContainText("router");
  for (let i = 0; i < 3; i++) await page.keyboard.press("j");
  await expect(place).not.toContainText(/router|cloud LB|outside client/);

  // What both do at this place, with the rules that each looked at.
  const at = compare.getByRole("region", { name: /^At / });
  await expect(at.getByRole("heading", { level: 4 })).toHaveText(["iptables", "nftables"]);
  await page.keyboard.press("d");
  await expect(app.said).toContainText(", differs. iptables: ");
  await expect(current.getByText("≠")).toBeVisible();
  await expect(at.getByRole("list", { name: "Rules looked at" }).first()).toBeVisible();

  await page.keyboard.press("Escape");
  await expect(compare).toHaveCount(0);
  await expect(app.map).toBeVisible();
});

test("I compare a text of my own, there and back, and switch the cluster to the mode of a column", async ({ app }) => {
  const { page } = app;
  await app.open();
  await app.running();
  // A text of one's own sends nothing by itself.
  await app.paste(`apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
`);
  await expect(app.verdict).toContainText("2");
  await app.send("node/worker-1", "service/default/web:80");
  await expect(app.inspector).toContainText("delivered");
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  const compare = page.getByRole("region", { name: "Compare modes" });
  const table = compare.getByRole("table");
  await expect(table.getByRole("columnheader")).toHaveCount(5);
  await expect(table.getByRole("row", { name: /^Ping 10\./ })).toContainText("timeout");
  await expect(table.getByRole("row", { name: /^Ping 10\./ })).toContainText("refused");

  await compare.getByRole("button", { name: "Reply", exact: true }).click();
  await expect(table.getByRole("rowheader").first()).toContainText("pod web-");
  await compare.getByRole("button", { name: "Only differences" }).click();
  await expect(table.getByRole("rowheader").first()).not.toContainText("pod web-");

  await table
    .getByRole("columnheader", { name: /nftables/ })
    .getByRole("button")
    .click();
  await expect(app.said).toContainText("kube-proxy was restarted in nftables mode");
  await expect(table.getByRole("columnheader", { name: /nftables/ })).toContainText("runs now");
  await expect(page.getByRole("radio", { name: "nftables" })).toBeChecked();
});
