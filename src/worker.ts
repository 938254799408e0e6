/** The simulator's thread: one host on one world. */
import { createHost } from "./wire/host.ts";
import type { FromWorker, ToWorker } from "./wire/protocol.ts";
import { createWorld } from "./world/world.ts";

/** The two members of the worker's scope that are used here; the page's types have no DedicatedWorkerGlobalScope. */
interface Scope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  close(): void;
}
const scope = self as unknown as Scope;

createHost(
  {
    post: (message) => scope.postMessage(message),
    listen: (handler) => {
      scope.onmessage = (event) => handler(event.data);
    },
    close: () => scope.close(),
  },
  createWorld({ seed: null }),
);
