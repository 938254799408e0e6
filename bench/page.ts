/** What the measured page is asked: frames, keys, heaps. */
import type { CDPSession, Page } from "@playwright/test";

export interface Times {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
  readonly most: number;
}

export function timesOf(values: readonly number[]): Times {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { count: sorted.length, median: at(0.5), p95: at(0.95), most: sorted.at(-1) ?? Number.NaN };
}

/** Milliseconds from frame to frame while `drive` goes on. */
export async function frames(page: Page, drive: () => Promise<void>): Promise<readonly number[]> {
  await page.evaluate(() => {
    const own = window as unknown as { benchFrames: number[]; benchOn: boolean };
    own.benchFrames = [];
    own.benchOn = true;
    let before = performance.now();
    const tick = (now: number): void => {
      own.benchFrames.push(now - before);
      before = now;
      if (own.benchOn) requestAnimationFrame(tick);
    };
    requestAnimationFrame((now) => {
      before = now;
      requestAnimationFrame(tick);
    });
  });
  await drive();
  return page.evaluate(() => {
    const own = window as unknown as { benchFrames: number[]; benchOn: boolean };
    own.benchOn = false;
    return own.benchFrames;
  });
}

/** The map of cards, or that of cells when there are too many. */
export const MAP = ".react-flow__pane, [data-testid=overview]";

/** Drags the map to and fro. */
export async function pan(page: Page, seconds: number): Promise<void> {
  const box = await page.locator(MAP).first().boundingBox();
  if (box === null) throw new Error("no map");
  const [x, y] = [box.x + box.width / 2, box.y + box.height - 12];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const end = Date.now() + seconds * 1000;
  for (let i = 0; Date.now() < end; i++)
    await page.mouse.move(x + 120 * Math.sin(i / 12), y - 80 * Math.abs(Math.sin(i / 17)));
  await page.mouse.up();
}

/** From each keydown to the end of the frame that shows it, and tasks of over 50 ms meanwhile. */
export async function watchKeys(
  page: Page,
): Promise<() => Promise<{ readonly keys: readonly number[]; readonly long: readonly number[] }>> {
  await page.evaluate(() => {
    const own = window as unknown as { benchKeys: number[]; benchLong: number[] };
    own.benchKeys = [];
    own.benchLong = [];
    addEventListener(
      "keydown",
      (event) => {
        requestAnimationFrame(() => {
          // A message comes after the paint of this frame.
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => own.benchKeys.push(performance.now() - event.timeStamp);
          port2.postMessage(0);
        });
      },
      { capture: true },
    );
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) own.benchLong.push(duration);
    }).observe({ type: "longtask" });
  });
  return () =>
    page.evaluate(() => {
      const own = window as unknown as { benchKeys: number[]; benchLong: number[] };
      return { keys: own.benchKeys, long: own.benchLong };
    });
}

const MB = 1_000_000;

/** Used heap of the page and of its simulator, in MB. */
export async function heaps(page: Page): Promise<{ readonly page: number; readonly worker: number }> {
  const session = await page.context().newCDPSession(page);
  const used = (result: unknown): number => (result as { readonly usedSize: number }).usedSize / MB;
  const own = used(await session.send("Runtime.getHeapUsage"));
  const workers = await workerHeaps(session);
  await session.detach();
  return { page: own, worker: Math.max(0, ...workers.map(used)) };
}

/** Workers have sessions of their own, which are spoken to through the page's. */
async function workerHeaps(session: CDPSession): Promise<readonly unknown[]> {
  const answers: Promise<unknown>[] = [];
  session.on("Target.attachedToTarget", ({ sessionId }) => {
    answers.push(
      new Promise((resolve) => {
        session.on("Target.receivedMessageFromTarget", (event) => {
          const message = JSON.parse(event.message) as { readonly id?: number; readonly result?: unknown };
          if (event.sessionId === sessionId && message.id === 1) resolve(message.result);
        });
        void session.send("Target.sendMessageToTarget", {
          sessionId,
          message: JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" }),
        });
      }),
    );
  });
  await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  await new Promise((resolve) => setTimeout(resolve, 300));
  return Promise.all(answers);
}
