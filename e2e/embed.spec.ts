import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./app.ts";

test("a page of somebody else holds a frame, drives it hop by hop, and hears where the packet is", async ({
  page,
  baseURL,
}) => {
  const html = `<!doctype html><title>A blog</title><script>
    window.told = [];
    addEventListener("message", ({ data }) => { if (data.kubehop === 1) window.told.push(data); });
    window.ask = (message) => document.querySelector("iframe").contentWindow.postMessage({ kubehop: 1, ...message }, "*");
  </script><iframe width="800" height="450" src="${baseURL ?? ""}/?embed=1&scenario=nodeport"></iframe>`;
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
  await new Promise<void>((done) => server.listen(0, done));
  try {
    await page.goto(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
    const frame = page.frameLocator("iframe");
    const hop = frame.getByRole("region", { name: "Current hop" });
    const told = (event: string) =>
      page.evaluate(
        (wanted) =>
          (window as unknown as { told: { event: string }[] }).told.filter((one) => one.event === wanted).at(-1),
        event,
      );
    const ask = (message: object) =>
      page.evaluate((one) => (window as unknown as { ask: (message: object) => void }).ask(one), message);
    await expect(hop.getByText("delivered")).toBeVisible({ timeout: 60_000 });
    await ask({ do: "seek", hop: 2 });
    await expect(hop).toContainText("Hop 2");
    await ask({ do: "step", by: 1 });
    await expect(hop).toContainText("Hop 3");
    await expect.poll(() => told("state")).toMatchObject({ hop: 3, playing: false, walk: 1 });
    await ask({ do: "seek", hop: 999 });
    await expect.poll(() => told("refused")).toMatchObject({ why: "There is no hop 999." });
    await expect(frame.getByRole("button", { name: "Open in kubehop" })).toBeVisible();
    const found = await new AxeBuilder({ page }).include("iframe").analyze();
    expect(found.violations.filter(({ id }) => id !== "frame-title").map(({ id }) => id)).toEqual([]);
  } finally {
    server.close();
  }
});
