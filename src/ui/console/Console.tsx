import { useEffect, useMemo, useRef, type ReactElement } from "react";
import { useMirror } from "../../mirror/store.ts";
import { usePlayback } from "../playback.ts";
import { Icon } from "../shell/icons.tsx";
import { useSession } from "../shell/session.ts";
import { useMedia } from "../shell/useMedia.ts";
import { useUi } from "../state.ts";
import { chipsOf } from "./chips.ts";
import styles from "./Console.module.css";
import type { KeyName } from "./keys.ts";
import { useWanted } from "./open.ts";
import { consoleOf, type ConsoleHandle } from "./terminal.ts";

/** A terminal on the cluster shown: example lines above it, and below what came of the last one. */
export function Console(): ReactElement {
  const console = consoleOf(useSession());
  const box = useRef<HTMLDivElement>(null);
  const touch = useMedia("(pointer: coarse)");
  useEffect(() => (box.current === null ? undefined : console.attach(box.current)), [console]);
  useEffect(() => {
    // Whoever opened it has asked before this was there.
    const serve = (): void => {
      const { focus, lines } = useWanted.getState();
      if (!focus && lines.length === 0) return;
      useWanted.setState({ focus: false, lines: [] });
      for (const line of lines) console.run(line);
      if (focus) console.focus();
    };
    serve();
    return useWanted.subscribe(serve);
  }, [console]);
  return (
    <div className={styles["console"]}>
      <div className={styles["bar"]}>
        <Chips console={console} />
        <Tail console={console} />
      </div>
      <div className={styles["terminal"]} ref={box} data-testid="terminal" />
      {touch && <TouchKeys console={console} />}
      <Spoken console={console} />
    </div>
  );
}

function Chips({ console }: { readonly console: ConsoleHandle }): ReactElement {
  const objects = useMirror((state) => state.objects);
  const mode = useMirror((state) => state.mode);
  const id = useUi((state) => state.walk);
  const request = useMirror((state) => state.walks.find((walk) => walk.id === id)?.request ?? null);
  const chips = useMemo(() => chipsOf({ objects, mode, request }), [objects, mode, request]);
  return (
    <ul className={styles["chips"]} aria-label="Examples: each is typed and run" tabIndex={-1}>
      {chips.map((line) => (
        <li key={line}>
          <button
            type="button"
            className={styles["chip"]}
            onClick={() => {
              console.run(line);
              console.focus();
            }}
          >
            {line}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What came of the last line, and how to leave. */
function Tail({ console }: { readonly console: ConsoleHandle }): ReactElement {
  const doing = console.state((state) => state.doing);
  const code = console.state((state) => state.code);
  const walks = console.state((state) => state.walks);
  const leaving = console.state((state) => state.leaving);
  const screenReader = console.state((state) => state.screenReader);
  const known = useMirror((state) => state.walks);
  const last = known.find(({ id }) => id === walks.at(-1));
  return (
    <div className={styles["tail"]}>
      {leaving && <span className={styles["hint"]}>Tab leaves the console</span>}
      {doing === "watching" && <span className={styles["hint"]}>watching · Ctrl-C ends it</span>}
      {doing === "reading" && code !== null && code !== 0 && <span className={styles["exit"]}>exit {code}</span>}
      {last !== undefined && (
        <button
          type="button"
          className={styles["walk"]}
          title="Put this walk on the map"
          onClick={() => {
            useUi.getState().set({ walk: last.id });
            usePlayback.getState().show(last);
          }}
        >
          <Icon name="walk" />
          {walks.length > 1 ? `walks ${String(walks[0])}–${String(last.id)}` : `walk ${String(last.id)}`}
        </button>
      )}
      <button
        type="button"
        className={styles["toggle"]}
        aria-pressed={screenReader}
        title="Offers the output to screen readers line by line"
        onClick={() => console.setScreenReader(!screenReader)}
      >
        Screen reader
      </button>
    </div>
  );
}

const TOUCH_KEYS: readonly (readonly [KeyName, string, string])[] = [
  ["tab", "Tab", "Complete"],
  ["up", "↑", "Earlier line"],
  ["down", "↓", "Later line"],
  ["left", "←", "Left"],
  ["right", "→", "Right"],
  ["interrupt", "Ctrl-C", "End or discard"],
  ["search", "Ctrl-R", "Search earlier lines"],
];

/** Keys that keyboards on glass do not have. */
function TouchKeys({ console }: { readonly console: ConsoleHandle }): ReactElement {
  return (
    <div className={styles["keys"]} role="group" aria-label="Terminal keys">
      {TOUCH_KEYS.map(([name, label, does]) => (
        <button
          key={name}
          type="button"
          className={styles["key"]}
          aria-label={`${label}: ${does}`}
          // The keyboard stays open.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => console.press(name)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

/** The last answer in a few words. Two regions take turns, so that the same answer twice is still said twice. */
function Spoken({ console }: { readonly console: ConsoleHandle }): ReactElement {
  const { text, count } = console.state((state) => state.spoken);
  return (
    <div className="kh-hidden" aria-live="polite" data-testid="console-said">
      <p>{count % 2 === 0 ? text : ""}</p>
      <p>{count % 2 === 1 ? text : ""}</p>
    </div>
  );
}
