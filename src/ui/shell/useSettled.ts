import { useEffect, useState } from "react";
import { usePage } from "./page.ts";

/** How long something must hold before it is shown. */
const SETTLED_MS = 700;

/**
 * The value as it was when it last rested, the typing included; at once when `nothing` says that there is nothing to show. The value
 * must keep its identity.
 */
export function useSettled<T>(value: T, nothing: boolean): T {
  const [settled, setSettled] = useState(value);
  const draft = usePage((state) => state.draft);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(() => value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value, draft]);
  return nothing ? value : settled;
}
