import { readFile } from "node:fs/promises";
import type { Download } from "@playwright/test";
import { expect, test } from "./app.ts";

/** What was saved, by name and content. */
async function saved(download: Promise<Download>): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const file = await download;
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

test("an engineer pastes the iptables-save of a node and sees which rules are stale, and what they do to a packet", async ({
  app,
}) => {
  const { page, dock, inspector } = app;
  await app.open();
  await app.running();
  await app.panel("Drift");
  await dock.getByRole("combobox", { name: "Node" }).selectOption("worker-1");

  // The node's own rules first: nothing drifts.
  const export_ = inspector.getByRole("button", { name: "Export" });
  await export_.click();
  const rules = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Rules of a node" }).click();
  const { name, bytes } = await saved(rules);
  expect(name).toBe("worker-1.iptables-save.txt");
  const dump = bytes.toString();
  const box = dock.getByRole("textbox", { name: /^Paste what iptables-save printed on the real worker-1/ });
  await box.fill(dump);
  await dock.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(dock.getByRole("status")).toContainText("No drift");

  // An endpoint that is gone here still stands in the dump, and a rule of Docker.
  const stale = dump
    .replace(/^(-A KUBE-SEP-\S+ .*--to-destination )\S+$/m, "$1" + "10.244.9.9:8080")
    .replace(/^-A PREROUTING/m, "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n-A PREROUTING");
  await dock.getByRole("button", { name: "Paste another" }).click();
  await box.fill(stale);
  await dock.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(dock.getByRole("status")).toContainText("1 row drifts");
  const row = dock.getByRole("listbox", { name: "Rules that drift" }).getByRole("option");
  await expect(row).toHaveAccessibleName(
    /^differs, nat KUBE-SEP-.*It leads to 10\.244\.9\.9:8080 instead of 10\.244\./,
  );
  await row.click();
  await expect(dock.getByRole("region", { name: "About the rule" })).toContainText("It leads to 10.244.9.9:8080");
  await dock.getByRole("combobox", { name: "Rows" }).selectOption("foreign");
  const docker = dock.getByRole("option", { name: /^Docker, nat PREROUTING.*Asked before kube-proxy's rules/ });
  await expect(docker).toBeVisible();

  // The request on show, on both sets of rules.
  await dock.getByRole("button", { name: "Run packets on it" }).click();
  await expect(dock.getByRole("table", { name: "Pasted rules" })).toBeVisible();
  await expect(dock.getByRole("table", { name: "Rules of worker-1 here" })).toContainText("delivered");
  await expect(dock.getByRole("table", { name: "Pasted rules" })).toContainText(/timeout|unreachable/);
});

test("what is no dump, or half of one, is refused with what was seen and what to do", async ({ app }) => {
  const { dock } = app;
  await app.open();
  await app.running();
  await app.panel("Drift");
  const compare = async (text: string): Promise<void> => {
    await dock.getByRole("textbox", { name: /^Paste what/ }).fill(text);
    await dock.getByRole("button", { name: "Compare", exact: true }).click();
  };
  await compare("apiVersion: v1\nkind: Service\n");
  await expect(dock).toContainText(
    'it begins with "apiVersion: v1". It looks like a manifest: paste it into the editor.',
  );
  await dock.getByRole("button", { name: "Paste another" }).click();
  await compare("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j KUBE-SERVICES\n");
  await expect(dock).toContainText("The dump ends inside table nat, without COMMIT: it was cut off.");
});

test("someone saves a walk as Mermaid, capture and picture, and each file is what it says", async ({ app }) => {
  const { page, inspector } = app;
  await app.open();
  await app.running();
  const save = async (...path: readonly string[]): Promise<{ readonly name: string; readonly bytes: Buffer }> => {
    await inspector.getByRole("button", { name: "Export" }).click();
    const download = page.waitForEvent("download");
    // By keyboard: a mouse would have to glide into the menu that opens beside.
    for (const item of path) await page.getByRole("menuitem", { name: item }).press("Enter");
    return saved(download);
  };

  const text = await save("Text .txt");
  expect(text.name).toBe("walk-1.txt");
  expect(text.bytes.toString()).toMatch(/^Walk 1: delivered after /);
  await expect(page.getByRole("region", { name: /Notes/ })).toContainText("Saved walk-1.txt");

  const mermaid = await save("Mermaid diagram .mmd");
  expect(mermaid.bytes.toString()).toMatch(/^sequenceDiagram\n {2}title curl .*\n[\s\S]*->>[\s\S]*-->>/);

  const pcap = await save("Packets .pcap", "At worker-1");
  expect(pcap.name).toBe("walk-1-worker-1.pcap");
  expect(pcap.bytes.readUInt32LE(0)).toBe(0xa1b2c3d4);
  expect(pcap.bytes.readUInt32LE(20)).toBe(101);
  expect(pcap.bytes[40]).toBe(0x45);

  const svg = await save("Picture .svg");
  const drawing = svg.bytes.toString();
  expect(drawing).toMatch(/^<svg /);
  expect(drawing).toContain("worker-3");
  expect(drawing).toContain("data:font/woff2;base64,");
  expect(drawing).not.toMatch(/<script|https?:\/\/localhost/);

  const png = await save("Picture .png");
  expect(png.name).toBe("walk-1-map.png");
  expect(png.bytes.subarray(1, 4).toString()).toBe("PNG");
  expect(png.bytes.readUInt32BE(16)).toBeGreaterThan(800);

  const live = await save("Live objects .yaml");
  expect(live.bytes.toString()).toMatch(/^apiVersion: v1\nkind: List\n[\s\S]*kind: EndpointSlice/);
});
