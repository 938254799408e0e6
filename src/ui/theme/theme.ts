/** Light or dark: the stored choice, else what the system prefers, followed while nothing was chosen. */
import { useUi } from "../state.ts";
import { recall, remember } from "../shell/storage.ts";

export type Theme = "light" | "dark";

const DARK = "(prefers-color-scheme: dark)";

const stored = (): Theme | null => {
  const theme = recall("theme");
  return theme === "light" || theme === "dark" ? theme : null;
};

function apply(theme: Theme): void {
  document.documentElement.setAttribute("data-theme", theme);
  useUi.getState().set({ theme });
}

/** Called once, before the first render. */
export function startTheme(): void {
  const system = matchMedia(DARK);
  apply(stored() ?? (system.matches ? "dark" : "light"));
  system.addEventListener("change", () => {
    if (stored() === null) apply(system.matches ? "dark" : "light");
  });
}

export function toggleTheme(): Theme {
  const next: Theme = useUi.getState().theme === "dark" ? "light" : "dark";
  remember("theme", next);
  apply(next);
  return next;
}
