import { useEffect, useState } from "react";

/** How long something must hold before it is shown. */
const SETTLED_MS = 500;

/** The value as it was when it last rested; at once when `nothing` says that there is nothing to show. The value must keep its identity. */
export function useSettled<T>(value: T, nothing: boolean): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(() => value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return nothing ? value : settled;
}
