/** localStorage as a convenience: blocked, full or absent, it costs nothing but memory of the last visit. */

const PREFIX = "kubehop.";

let keeps = true;

/** From now on nothing is kept, and nothing that was kept is seen: the page is a frame in somebody else's. */
export function keepNothing(): void {
  keeps = false;
}

export function remember(key: string, value: string | null): void {
  if (!keeps) return;
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // A full or blocked disk: the page works the same, it only forgets.
  }
}

export function recall(key: string): string | null {
  if (!keeps) return null;
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}
