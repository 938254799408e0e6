/**
 * What the page costs, in headless Chromium on the built app: frames with many packets and many cards, typing, first picture. Printed
 * and never asserted; of several runs the best is told, for a machine is seldom alone. KUBEHOP_DIST names a build, else one is made;
 * KUBEHOP_BENCH_NODES the nodes of the largest cluster.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "@playwright/test";
import { build, preview } from "vite";
import { browserArgs, findBrowser } from "../scripts/browser.ts";
import { atRest, underLoad } from "./clusters.ts";
import { frames, heaps, MAP, pan, timesOf, type Times, watchKeys } from "./page.ts";

type Row = (name: string, ...cells: readonly string[]) => void;

const RUNS = 3;
const SECONDS = 4;

const ms = (value: number): string => `${value.toFixed(1)} ms`;
const best = (all: readonly Times[]): Times => all.reduce((a, b) => (b.p95 < a.p95 ? b : a));
const cells = ({ count, median, p95, most }: Times): readonly string[] => [
  String(count),
  ms(median),
  ms(p95),
  ms(most),
];

interface Bench {
  readonly url: string;
  readonly browser: Browser;
  readonly row: Row;
}

/** A page of its own at a link, once its simulator has answered. */
async function opened({ browser, url }: Bench, hash: string, seconds = 60): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  // The bundler of this script names functions by a helper that the page has not.
  await context.addInitScript("globalThis.__name = (named) => named;");
  const page = await context.newPage();
  page.on("pageerror", (error) => console.log(`  page error: ${error.message}`));
  await page.goto(url + hash);
  await page
    .locator(MAP)
    .first()
    .waitFor({ timeout: seconds * 1000 });
  return page;
}

async function settled(page: Page, nodes: number, seconds: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.body.innerText.includes(wanted) || document.querySelectorAll("[data-card]").length > 3,
    String(nodes),
    { timeout: seconds * 1000 },
  );
  await page.waitForTimeout(1500);
}

async function benchFirst(bench: Bench): Promise<void> {
  const first: number[] = [];
  for (let i = 0; i < RUNS + 1; i++) {
    const page = await opened(bench, "");
    await page.waitForFunction(() => performance.getEntriesByName("kubehop-first-path").length > 0);
    first.push(await page.evaluate(() => performance.getEntriesByName("kubehop-first-path")[0]?.startTime ?? NaN));
    await page.context().close();
  }
  const times = timesOf(first);
  bench.row(
    "navigation to the first packet's path, default scenario",
    ms(Math.min(...first)),
    ms(times.median),
    ms(times.most),
  );

  const page = await opened(bench, "");
  await page.waitForFunction(() => performance.getEntriesByName("kubehop-first-path").length > 0);
  const editor = page.getByRole("textbox", { name: "Scenario YAML. Press Escape, then Tab" });
  await editor.waitFor({ state: "attached" });
  const edits: number[] = [];
  for (let i = 0; i < RUNS * 2; i++) {
    const [from, to] = i % 2 === 0 ? ["replicas: 3", "replicas: 4"] : ["replicas: 4", "replicas: 3"];
    await editor.focus();
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.press("ControlOrMeta+F");
    await page.getByRole("textbox", { name: "Find" }).fill(from);
    await page.getByText(/^1 of \d+$/).waitFor({ state: "attached" });
    await page.keyboard.press("Escape");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Backspace");
    await page.waitForTimeout(600);
    const took = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const pods = (): number =>
            document.querySelectorAll("[data-card^='pod/shop/'], [data-card*='Pod/shop/']").length;
          const before = pods();
          addEventListener(
            "keydown",
            (event) => {
              const look = (): void => {
                if (pods() === before) requestAnimationFrame(look);
                else resolve(performance.now() - event.timeStamp);
              };
              requestAnimationFrame(look);
            },
            { capture: true, once: true },
          );
        }),
    );
    await page.waitForTimeout(50);
    await page.keyboard.press(to.at(-1) ?? "4");
    edits.push(
      await Promise.race([took, new Promise<number>((resolve) => setTimeout(() => resolve(Number.NaN), 5_000))]),
    );
    await page.waitForTimeout(600);
  }
  const edit = timesOf(edits.filter((value) => !Number.isNaN(value)));
  bench.row(
    "key to the changed map (120 ms of it typing rests)",
    ms(Math.min(...edits.filter((v) => !Number.isNaN(v)))),
    ms(edit.median),
    ms(edit.most),
  );
  await page.context().close();
}

async function benchPackets(bench: Bench): Promise<void> {
  for (const [nodes, pods, packets] of [
    [20, 9, 100],
    [20, 9, 1_000],
  ] as const) {
    const page = await opened(bench, underLoad(nodes, pods, packets));
    const note = page.getByTestId("in-flight");
    await note.waitFor({ timeout: 300_000 });
    await page.waitForTimeout(1000);
    const counted = (await note.textContent())?.split(" ")[0] ?? "?";
    const runs: Times[] = [];
    for (let i = 0; i < RUNS; i++) {
      await page.locator("#kh-map").focus();
      await page.keyboard.press("0");
      await page.keyboard.press("Space");
      runs.push(timesOf(await frames(page, () => page.waitForTimeout(1800))));
    }
    const edges = nodes + nodes * pods;
    bench.row(`${counted} packets in flight, ${edges} edges (${nodes} nodes x ${pods} pods)`, ...cells(best(runs)));
    await page.context().close();
  }
}

async function benchPanning(bench: Bench): Promise<void> {
  for (const [nodes, pods] of [
    [20, 9],
    [40, 24],
  ] as const) {
    const page = await opened(bench, atRest(nodes, pods));
    await settled(page, nodes, 120);
    const runs: Times[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(timesOf(await frames(page, () => pan(page, SECONDS))));
    const asCells = await page.getByTestId("overview").isVisible();
    bench.row(`panning ${nodes + nodes * pods} map elements${asCells ? ", nodes as cells" : ""}`, ...cells(best(runs)));
    await page.context().close();
  }
}

async function benchLarge(bench: Bench, nodes: number): Promise<void> {
  const started = Date.now();
  const page = await opened(bench, atRest(nodes, 30), 1_200);
  await page.waitForFunction(
    () =>
      document.querySelector("[data-testid='ready'], [data-lod]") !== null &&
      !document.body.innerText.includes("starting"),
    undefined,
    { timeout: 1_200_000 },
  );
  await settled(page, nodes, 1_200);
  const seconds = (Date.now() - started) / 1000;
  const runs: Times[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(timesOf(await frames(page, () => pan(page, SECONDS))));
  bench.row(`aggregated, ${nodes} nodes x 30 pods: panning`, ...cells(best(runs)));
  const used = await heaps(page);
  bench.row(
    "  heap of the page, of its simulator; built in",
    `${used.page.toFixed(0)} MB`,
    `${used.worker.toFixed(0)} MB`,
    `${seconds.toFixed(0)} s`,
  );
  await page.context().close();
}

/** A text of about so many lines: Services with their Deployments, after an annotation to type into on its sixth line. */
export function longText(lines: number): string {
  const each = `apiVersion: v1
kind: Service
metadata:
  name: NAME
spec:
  selector:
    app: NAME
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
spec:
  replicas: 1
  selector:
    matchLabels:
      app: NAME
  template:
    metadata:
      labels:
        app: NAME
    spec:
      containers:
        - name: c
          image: nginx
---
`;
  const count = Math.ceil(lines / (each.split("\n").length - 1));
  const text = Array.from({ length: count }, (_, i) => each.replaceAll("NAME", `web-${i}`)).join("");
  return text.replace("  name: web-0\n", "  name: web-0\n  annotations:\n    note: it\n");
}

async function benchTyping(bench: Bench): Promise<void> {
  const page = await opened(bench, "");
  const editor = page.getByRole("textbox", { name: "Scenario YAML. Press Escape, then Tab" });
  await editor.waitFor({ state: "attached" });
  const text = longText(2_000);
  await page.evaluate((words) => navigator.clipboard.writeText(words), text);
  await editor.focus();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("ControlOrMeta+V");
  await page.waitForTimeout(8_000);
  const runs: Times[] = [];
  const long: Times[] = [];
  for (let i = 0; i < RUNS; i++) {
    const read = await watchKeys(page);
    await page.keyboard.press("ControlOrMeta+Home");
    for (let line = 1; line < 6; line++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("End");
    // With rests between words, so that the cluster applies while the next one is typed.
    for (const word of [" says", " every", " word", " of", " this", " is", " applied", " while", " I", " type"]) {
      await page.keyboard.type(word, { delay: 70 });
      await page.waitForTimeout(130);
    }
    const { keys, long: tasks } = await read();
    runs.push(timesOf(keys));
    long.push(timesOf(tasks));
  }
  const which = runs.indexOf(best(runs));
  bench.row(`typing in ${text.split("\n").length - 1} lines while the cluster applies`, ...cells(best(runs)));
  const tasks = long[which];
  bench.row(
    "  tasks of over 50 ms meanwhile",
    String(tasks?.count ?? 0),
    ...(tasks === undefined || tasks.count === 0 ? [] : [ms(tasks.median), ms(tasks.p95), ms(tasks.most)]),
  );
  await page.context().close();
}

/** All rows; `only`: those whose part is named. */
export async function benchBrowser(row: Row, only: string | null = null): Promise<void> {
  const executablePath = findBrowser();
  if (executablePath === null) {
    row("no Chromium: `npx playwright install chromium`, or set PW_CHROMIUM_PATH");
    return;
  }
  const given = process.env["KUBEHOP_DIST"];
  const outDir = given ?? mkdtempSync(join(tmpdir(), "kubehop-bench-"));
  if (given === undefined) await build({ logLevel: "error", build: { outDir, emptyOutDir: true } });
  const server = await preview({ build: { outDir }, preview: { port: 0, host: "127.0.0.1" }, logLevel: "error" });
  const browser = await chromium.launch({ executablePath, args: browserArgs() });
  const url = server.resolvedUrls?.local[0] ?? server.resolvedUrls?.network[0] ?? "";
  const bench: Bench = { url, browser, row };
  try {
    if (only === null || only === "first") {
      row("first picture", "best", "median", "worst");
      await benchFirst(bench);
    }
    row("best of several runs", "frames or keys", "median", "p95", "worst");
    if (only === null || only === "packets") await benchPackets(bench);
    if (only === null || only === "pan") await benchPanning(bench);
    if (only === null || only === "typing") await benchTyping(bench);
    if (only === null || only === "large") await benchLarge(bench, Number(process.env["KUBEHOP_BENCH_NODES"] ?? 5_000));
  } finally {
    await browser.close();
    await server.close();
    if (given === undefined) rmSync(outDir, { recursive: true, force: true });
  }
}
