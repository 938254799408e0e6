import { useEffect, useRef, type ReactNode } from "react";
import { Icon } from "../shell/icons.tsx";
import { useMirror } from "../../mirror/store.ts";
import { clock } from "../inspector/wording.ts";
import { useLesson } from "../lessons/state.ts";
import { usePlayback } from "../playback.ts";
import { useSession } from "../shell/session.ts";
import { toggleTheme } from "../theme/theme.ts";
import { useUi } from "../state.ts";
import { backward, toggleAsking } from "./control.ts";
import { goForward, goOn, stepToDo } from "./lesson.ts";
import { mend } from "./mend.ts";
import { shownQuestion, standing, useShow } from "./show.ts";
import { toggleFullScreen } from "./fullscreen.ts";
import styles from "./Present.module.css";

interface KeyButtonProps {
  /** As `aria-keyshortcuts` has it. */
  readonly shortcut: string;
  readonly cap: string;
  readonly word: ReactNode;
  /** Said instead of the word, which is short. */
  readonly label?: string;
  readonly on?: boolean | undefined;
  readonly strong?: boolean;
  readonly disabled?: boolean;
  readonly act: () => void;
}

/** A control with its key on it. */
function KeyButton({ shortcut, cap, word, label, on, strong = false, disabled = false, act }: KeyButtonProps) {
  return (
    <button
      type="button"
      className={styles["key"]}
      data-strong={strong || undefined}
      aria-keyshortcuts={shortcut}
      aria-pressed={on}
      aria-label={label}
      disabled={disabled}
      onClick={act}
    >
      <kbd>{cap}</kbd>
      <span>{word}</span>
    </button>
  );
}

/** Everything that can be done, each with its key, and the time. */
export function Foot({ onLeave }: { readonly onLeave: () => void }) {
  const session = useSession();
  const { asking, spotlight, laser, notes, breaking, broken } = useShow();
  const stands = useShow((state) => standing(state) !== null);
  const told = useShow((state) => shownQuestion(state) !== null && standing(state) === null);
  const walks = useMirror((state) => state.walks.length);
  const toBegin = useLesson((state) => stepToDo(state) !== null && state.mark.walks === walks) && !stands;
  const playing = usePlayback((state) => state.playing);
  const empty = usePlayback((state) => state.walk === null);
  const dark = useUi((state) => state.theme === "dark");
  const { setState } = useShow;
  return (
    <footer className={styles["foot"]}>
      <KeyButton
        shortcut="Space"
        cap="Space"
        word={stands ? "reveal" : toBegin ? "see it" : told ? "go on" : playing ? "pause" : "play"}
        strong
        disabled={empty && !stands && !told && !toBegin}
        act={() => goOn(session)}
      />
      <KeyButton shortcut="ArrowLeft" cap="←" word="" label="One hop back" disabled={empty} act={backward} />
      <KeyButton
        shortcut="ArrowRight"
        cap="→"
        word="hop"
        label="One hop on"
        disabled={empty && !stands}
        act={goForward}
      />
      <KeyButton shortcut="S" cap="S" word="spotlight" on={spotlight} act={() => setState({ spotlight: !spotlight })} />
      <KeyButton shortcut="L" cap="L" word="laser" on={laser} act={() => setState({ laser: !laser })} />
      <KeyButton shortcut="N" cap="N" word="notes" on={notes} act={() => setState({ notes: !notes })} />
      <KeyButton shortcut="Q" cap="Q" word="questions" on={asking} act={toggleAsking} />
      <KeyButton
        shortcut="X"
        cap="X"
        word="break it"
        on={breaking}
        disabled={empty}
        act={() => setState({ breaking: !breaking })}
      />
      {broken !== null && (
        <KeyButton
          shortcut="M"
          cap="M"
          word="mend"
          strong
          label={`Mend: ${broken.title}`}
          act={() => void mend(session)}
        />
      )}
      <span className={styles["gap"]} />
      <Clock />
      <KeyButton
        shortcut="T"
        cap="T"
        word={<Icon name={dark ? "sun" : "moon"} />}
        label={dark ? "Switch to the light theme" : "Switch to the dark theme"}
        act={() => void toggleTheme()}
      />
      <KeyButton shortcut="F" cap="F" word={<Icon name="map" />} label="Full screen" act={toggleFullScreen} />
      <KeyButton shortcut="Escape" cap="Esc" word="leave" act={onLeave} />
    </footer>
  );
}

/** The virtual time. Written past React: it changes with every frame. */
function Clock() {
  const ref = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const show = (): void => {
      const { walk, at } = usePlayback.getState();
      if (ref.current !== null) ref.current.textContent = walk === null ? "" : clock(at);
    };
    show();
    return usePlayback.subscribe(show);
  }, []);
  return <span ref={ref} className={styles["clock"]} role="timer" aria-live="off" aria-label="Virtual time" />;
}
