import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { objectKey } from "../src/model/meta/types.ts";
import type { Command, FromWorker, SavedHistory, ToWorker } from "../src/wire/protocol.ts";
import { createWorld } from "../src/world/world.ts";

const text = readFileSync("src/scenarios/shop-web/scenario.yaml", "utf8");
const send = (to: string): Command => ({ type: "send", request: { from: "client/internet", to, protocol: "tcp" } });

test("The same text, seed and commands give the same journal hash in Node and in the browser", async ({ page }) => {
  const here = createWorld({ seed: 11 });
  here.dispatch({ type: "text", text });
  here.dispatch(send("lb/shop/web:80"));
  const victims = here.objects.list("Pod", "shop").filter((pod) => pod.metadata.name.startsWith("web-"));
  here.dispatch({ type: "kill", pod: objectKey("Pod", "shop", victims[0]?.metadata.name ?? "") });
  here.dispatch({ type: "run", micros: 2_500_000 });
  here.dispatch({ type: "delete", key: objectKey("Pod", "shop", victims[1]?.metadata.name ?? ""), force: true });
  here.dispatch(send("lb/shop/web:80"));
  const history: SavedHistory = { seed: 11, commands: here.commands };
  expect(here.commands.map((c) => c.command.type)).toEqual(["text", "send", "kill", "run", "delete", "send"]);
  expect(here.frame(true).walks).toHaveLength(2);

  const started = page.waitForEvent("worker");
  await page.goto("/");
  const url = (await started).url();
  const there = await page.evaluate(
    ([script, saved]) =>
      new Promise<string>((resolve, reject) => {
        const worker = new Worker(script, { type: "module" });
        const post = (message: ToWorker): void => worker.postMessage(message);
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
          if (data.kind === "ready") post({ kind: "load", id: 1, history: saved, upTo: null });
          if (data.kind === "done") post({ kind: "query", id: 2, name: "journalHash", params: {} });
          if (data.kind === "fault") reject(new Error(data.message));
          if (data.kind === "answer") resolve((data.answer as { hash: string }).hash);
        };
        post({ kind: "hello", version: 1 });
      }),
    [url, history] as const,
  );
  expect(there).toBe(here.journalHash());
});
