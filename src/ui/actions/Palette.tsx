import { Command } from "cmdk";
import { Dialog } from "radix-ui";
import { useEffect, useMemo, useState } from "react";
import { mirror as store, useMirror } from "../../mirror/store.ts";
import { SCENARIOS } from "../../scenarios/index.ts";
import type { ObjectKey } from "../../model/meta/types.ts";
import type { Choices } from "../controls/requests.ts";
import { say } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useLayout } from "../shell/useMedia.ts";
import { useUi } from "../state.ts";
import "./all.ts";
import { best } from "./fuzzy.ts";
import { linesOf, nameOf, paletteLines, type Line } from "./palette.ts";
import styles from "./Palette.module.css";
import { perform } from "./perform.ts";
import { caps } from "./strokes.ts";

/** Lines shown at most; what is not among them wants another word. */
const SHOWN = 60;
/** Lines of each group before anything is typed. */
const SOME = 12;
const NONE: Choices = { from: [], to: [] };

const close = (): void => useUi.getState().set({ palette: false });

/** Before anything is typed the list shows what kinds of lines there are, not all of them. */
function someOfEach(lines: readonly Line[]): readonly Line[] {
  const counts = new Map<string, number>();
  return lines.filter(({ group }) => {
    const count = (counts.get(group) ?? 0) + 1;
    counts.set(group, count);
    return count <= SOME;
  });
}

/** Everything that can be done or gone to, by name. An object opens a second page: what can be done with it. */
export function Palette() {
  const session = useSession();
  const layout = useLayout();
  const mirror = useMirror((state) => state);
  const selected = useUi((state) => state.object);
  const [choices, setChoices] = useState(NONE);
  const [typed, setTyped] = useState("");
  const [object, setObject] = useState<ObjectKey | null>(null);

  useEffect(() => {
    let current = true;
    session.client.query("choices", {}).then(
      (answer) => current && setChoices(answer),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [session]);

  const some = typed.trim() !== "";
  const lines = useMemo(
    () =>
      object === null
        ? paletteLines({ session, layout }, mirror, choices, SCENARIOS, selected, some)
        : linesOf(object, mirror, choices),
    [session, layout, mirror, choices, selected, some, object],
  );
  const shown = useMemo(
    () => (some || object !== null ? best(lines, typed, SHOWN) : someOfEach(lines)),
    [lines, typed, some, object],
  );
  const groups = [...new Set(shown.map(({ group }) => group))];

  const back = (): void => {
    setObject(null);
    setTyped("");
  };

  const choose = (line: Line): void => {
    const { chosen } = line;
    if (chosen.kind === "object") {
      // Jumped to at once; what can be done with it is the next page.
      useUi.getState().set({ object: chosen.object, ...(layout === "phone" ? {} : { center: "map" }) });
      setObject(chosen.object);
      setTyped("");
      return;
    }
    close();
    switch (chosen.kind) {
      case "action":
        // When the dialog has gone: actions move focus, and it would take that back.
        requestAnimationFrame(() => chosen.action.run({ session, layout }));
        return;
      case "deed":
        requestAnimationFrame(() => void perform(session, chosen.deed, chosen.object));
        return;
      case "scenario":
        void session.openScenario(chosen.scenario).then(() => say(`Scenario ${chosen.scenario.title} opened.`));
        return;
      case "walk":
        if (store.getState().walks.some(({ id }) => id === chosen.walk)) useUi.getState().set({ walk: chosen.walk });
        return;
    }
  };

  return (
    <Dialog.Root open onOpenChange={close}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles["scrim"]} />
        <Dialog.Content
          className={styles["dialog"]}
          aria-describedby={undefined}
          onEscapeKeyDown={(event) => {
            if (object === null) return;
            event.preventDefault();
            back();
          }}
        >
          <Dialog.Title className="kh-hidden">Command palette</Dialog.Title>
          <Command label="Commands" shouldFilter={false} loop>
            <div className={styles["field"]}>
              {object !== null && (
                <button
                  type="button"
                  className={styles["crumb"]}
                  onClick={back}
                  aria-label={`Back from ${nameOf(object)}`}
                >
                  ‹ {nameOf(object)}
                </button>
              )}
              <Command.Input
                className={styles["input"]}
                value={typed}
                onValueChange={setTyped}
                placeholder={object === null ? "Find an action, object or scenario" : "What with it?"}
                onKeyDown={(event) => {
                  if (event.key === "Backspace" && typed === "" && object !== null) back();
                }}
              />
              <kbd className={styles["esc"]}>Esc</kbd>
            </div>
            <Command.List className={styles["list"]}>
              <Command.Empty className={styles["empty"]}>
                Nothing is called that. Try a pod’s name, “drain” or “theme”.
              </Command.Empty>
              {groups.map((group) => (
                <Command.Group key={group} heading={group} className={styles["group"]}>
                  {shown
                    .filter((line) => line.group === group)
                    .map((line) => (
                      <Command.Item
                        key={line.id}
                        value={line.id}
                        className={styles["item"]}
                        onSelect={() => choose(line)}
                      >
                        <span className={styles["title"]}>{line.title}</span>
                        {line.detail !== undefined && <span className={styles["detail"]}>{line.detail}</span>}
                        {line.chosen.kind === "object" && (
                          <span className={styles["detail"]} aria-hidden="true">
                            ›
                          </span>
                        )}
                        {line.keys?.map((stroke) => (
                          <span key={stroke} className={styles["keys"]}>
                            {caps(stroke).map((cap) => (
                              <kbd key={cap}>{cap}</kbd>
                            ))}
                          </span>
                        ))}
                      </Command.Item>
                    ))}
                </Command.Group>
              ))}
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
