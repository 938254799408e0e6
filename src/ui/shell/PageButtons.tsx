import { toggleTheme } from "../theme/theme.ts";
import { useUi } from "../state.ts";
import { Button } from "./Button.tsx";
import { say, usePage } from "./page.ts";
import { useSession } from "./session.ts";

interface PageButtonProps {
  /** With its words beside the icon. */
  readonly words?: boolean;
  readonly onDone?: () => void;
}

export function ThemeButton({ words = false, onDone }: PageButtonProps) {
  const theme = useUi((state) => state.theme);
  const label = theme === "dark" ? "Switch to the light theme" : "Switch to the dark theme";
  return (
    <Button
      look={words ? "plain" : "bare"}
      icon={theme === "dark" ? "sun" : "moon"}
      aria-label={words ? undefined : label}
      onClick={() => {
        say(`${toggleTheme() === "dark" ? "Dark" : "Light"} theme.`);
        onDone?.();
      }}
    >
      {words ? label : undefined}
    </Button>
  );
}

export function ResetButton({ words = false, onDone }: PageButtonProps) {
  const session = useSession();
  const title = usePage((state) => state.scenario.title);
  return (
    <Button
      look={words ? "plain" : "bare"}
      icon="reset"
      aria-label={words ? undefined : `Reset: back to the start of ${title}`}
      onClick={() => {
        void session.reset();
        onDone?.();
      }}
    >
      {words ? "Reset the scenario" : undefined}
    </Button>
  );
}
