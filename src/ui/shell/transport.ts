import type { FromWorker, ToWorker, Transport } from "../../wire/protocol.ts";

/**
 * A worker as a transport. A worker that cannot start, or that dies of an uncaught error, says so as a fault: it has no
 * other way to be heard.
 */
export function workerTransport(worker: Worker): Transport<ToWorker, FromWorker> {
  let handler: ((message: FromWorker) => void) | null = null;
  const fault = (message: string): void => handler?.({ kind: "fault", id: null, message, revision: 0, commands: [] });
  worker.addEventListener("message", (event: MessageEvent<FromWorker>) => handler?.(event.data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fault(event.message === "" ? "The simulator's script could not be loaded." : event.message);
  });
  worker.addEventListener("messageerror", () => fault("A message from the simulator could not be read."));
  return {
    post: (message) => worker.postMessage(message),
    listen: (next) => {
      handler = next;
    },
    close: () => worker.terminate(),
  };
}
