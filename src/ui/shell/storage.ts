/** localStorage as a convenience: blocked, full or absent, it costs nothing but memory of the last visit. */

const PREFIX = "kubehop.";

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // A full or blocked disk: the page works the same, it only forgets.
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}
