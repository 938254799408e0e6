/** How components reach the worker. */
import { createContext, use } from "react";
import type { Client } from "../../wire/client.ts";

export const ClientContext = createContext<Client | null>(null);

/** The page's one connection. Null in tests and previews that have no worker: then nothing can be asked. */
export function useClient(): Client | null {
  return use(ClientContext);
}
