import { DropdownMenu } from "radix-ui";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { mirror as store, useMirror } from "../../mirror/store.ts";
import type { ObjectKey } from "../../model/meta/types.ts";
import type { Choices } from "../controls/requests.ts";
import { Button } from "../shell/Button.tsx";
import { Icon } from "../shell/icons.tsx";
import { say } from "../shell/page.ts";
import { useSession, type Session } from "../shell/session.ts";
import { REGIONS } from "../shell/useKeys.ts";
import { useUi } from "../state.ts";
import { overPage } from "../shell/portal.ts";
// What can be done is not part of the first picture; this host comes right after it, and keys listen from then on.
import "./all.ts";
import { deedsOf, senderOf, targetsOf, type Entry } from "./deeds.ts";
import styles from "./Menu.module.css";
import { nameOf } from "./palette.ts";
import { command, perform } from "./perform.ts";
import { useActs, type Picking } from "./state.ts";

const NONE: Choices = { from: [], to: [] };
/** How long a finger rests before it means the menu, as on the systems that have no event for it. */
const LONG_PRESS_MS = 500;
/** A finger that moved this far is panning. */
const SLOP = 10;

/** The element of the page that shows an object, and the object. */
function shownAt(target: EventTarget | null): { readonly element: HTMLElement; readonly object: ObjectKey } | null {
  const element = target instanceof Element ? target.closest<HTMLElement>("[data-object]") : null;
  const object = element?.dataset["object"];
  return element === null || object === undefined || object === "" ? null : { element, object: object as ObjectKey };
}

const elementOf = (object: ObjectKey): HTMLElement | null =>
  document.querySelector<HTMLElement>(`[data-object="${CSS.escape(object)}"]`);

/** Opens the menu of an object beside an element that shows it. */
function openMenu(object: ObjectKey, x: number, y: number, byKey: boolean): void {
  useUi.getState().set({ object });
  useActs.setState({ menu: { object, x, y, byKey }, note: null });
}

/** Menus of everything that shows an object, pointing at the other end of a request, and what is said at an element. */
export function MenuHost() {
  useMenuGestures();
  const menu = useActs((state) => state.menu);
  const picking = useActs((state) => state.picking);
  return (
    <>
      {menu !== null && <ObjectMenu key={`${menu.object} ${String(menu.x)} ${String(menu.y)}`} {...menu} />}
      {picking !== null && <PickBar picking={picking} />}
      <NoteCard />
    </>
  );
}

/** Right click, the Menu key and ⇧F10 (browsers send `contextmenu` for all of them), and a finger that rests. */
function useMenuGestures(): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    let from = { x: 0, y: 0 };
    let opened = false;
    const stop = (): void => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    };
    const onMenu = (event: MouseEvent): void => {
      const found = shownAt(event.target);
      if (found === null || useActs.getState().picking !== null) return;
      event.preventDefault();
      stop();
      // By key there is no pointer: the menu opens at the card.
      const box = found.element.getBoundingClientRect();
      const inside =
        event.clientX >= box.left &&
        event.clientX <= box.right &&
        event.clientY >= box.top &&
        event.clientY <= box.bottom;
      openMenu(
        found.object,
        inside ? event.clientX : box.left + 12,
        inside ? event.clientY : box.top + 12,
        event.button !== 2,
      );
    };
    const onDown = (event: PointerEvent): void => {
      opened = false;
      stop();
      const found = event.pointerType === "touch" ? shownAt(event.target) : null;
      if (found === null || useActs.getState().picking !== null) return;
      from = { x: event.clientX, y: event.clientY };
      timer = setTimeout(() => {
        opened = true;
        openMenu(found.object, from.x, from.y, false);
      }, LONG_PRESS_MS);
    };
    const onMove = (event: PointerEvent): void => {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLOP) stop();
    };
    // The tap that ends a long press is not also a choice.
    const onClick = (event: MouseEvent): void => {
      if (!opened) return;
      opened = false;
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener("contextmenu", onMenu);
    addEventListener("pointerdown", onDown, true);
    addEventListener("pointermove", onMove, true);
    addEventListener("pointerup", stop, true);
    addEventListener("pointercancel", stop, true);
    addEventListener("click", onClick, true);
    return () => {
      stop();
      removeEventListener("contextmenu", onMenu);
      removeEventListener("pointerdown", onDown, true);
      removeEventListener("pointermove", onMove, true);
      removeEventListener("pointerup", stop, true);
      removeEventListener("pointercancel", stop, true);
      removeEventListener("click", onClick, true);
    };
  }, []);
}

function useChoices(session: Session): Choices {
  const revision = useMirror((state) => state.revision);
  const [choices, setChoices] = useState(NONE);
  useEffect(() => {
    let current = true;
    session.client.query("choices", {}).then(
      (answer) => current && setChoices(answer),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [session, revision]);
  return choices;
}

interface ObjectMenuProps {
  readonly object: ObjectKey;
  readonly x: number;
  readonly y: number;
  readonly byKey: boolean;
}

function ObjectMenu({ object, x, y, byKey }: ObjectMenuProps) {
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // By key one expects to stand on the first entry; by pointer on none.
    if (!byKey) return;
    const frame = requestAnimationFrame(() => content.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus());
    return () => cancelAnimationFrame(frame);
  }, [byKey]);
  const session = useSession();
  const choices = useChoices(session);
  const objects = useMirror((state) => state.objects);
  const broken = useMirror((state) => state.broken);
  const entries = deedsOf(object, { objects, broken, choices });
  const close = (): void => useActs.setState({ menu: null });
  return (
    <DropdownMenu.Root open modal={false} onOpenChange={(open) => !open && close()}>
      <DropdownMenu.Trigger asChild>
        <button
          type="button"
          tabIndex={-1}
          aria-label={nameOf(object)}
          className={styles["anchor"]}
          style={{ left: x, top: y }}
        />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={overPage()}>
        <DropdownMenu.Content
          ref={content}
          className={styles["menu"]}
          align="start"
          sideOffset={2}
          collisionPadding={8}
          loop
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (useActs.getState().picking === null) elementOf(object)?.focus();
          }}
        >
          <DropdownMenu.Label className={styles["label"]}>{nameOf(object)}</DropdownMenu.Label>
          {entries.length === 0 && <p className={styles["gone"]}>It is not there any more.</p>}
          <Entries entries={entries} onChoose={(entry) => entry.deed && void perform(session, entry.deed, object)} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface EntriesProps {
  readonly entries: readonly Entry[];
  readonly onChoose: (entry: Entry) => void;
}

function Entries({ entries, onChoose }: EntriesProps): ReactNode {
  return entries.map((entry, at) => (
    <div key={entry.id}>
      {entry.apart === true && at > 0 && <DropdownMenu.Separator className={styles["line"]} />}
      {entry.entries === undefined ? (
        <DropdownMenu.Item className={styles["item"]} onSelect={() => onChoose(entry)}>
          <Words entry={entry} />
        </DropdownMenu.Item>
      ) : (
        <DropdownMenu.Sub>
          <DropdownMenu.SubTrigger className={styles["item"]}>
            <Words entry={entry} />
            <span className={styles["more"]} aria-hidden="true">
              ›
            </span>
          </DropdownMenu.SubTrigger>
          <DropdownMenu.Portal container={overPage()}>
            <DropdownMenu.SubContent className={styles["menu"]} collisionPadding={8} sideOffset={2} loop>
              <Entries entries={entry.entries} onChoose={onChoose} />
            </DropdownMenu.SubContent>
          </DropdownMenu.Portal>
        </DropdownMenu.Sub>
      )}
    </div>
  ));
}

function Words({ entry }: { readonly entry: Entry }) {
  return (
    <>
      <span className={styles["title"]}>{entry.title}</span>
      {entry.current === true && <Icon name="check" size={14} />}
      {entry.current === true && <span className="kh-hidden"> as it is now</span>}
      {entry.detail !== undefined && <span className={styles["detail"]}>{entry.detail}</span>}
    </>
  );
}

/** Sends, or opens the connection, once both ends are known. */
async function finish(
  session: Session,
  picking: Picking,
  object: ObjectKey,
  end: { from: string } | { to: string; protocol: "tcp" | "udp" | "sctp" | "icmp" },
): Promise<void> {
  useActs.setState({ picking: null });
  const from = "from" in end ? end.from : (picking.from ?? "");
  const to = "to" in end ? { value: end.to, protocol: end.protocol } : picking.to;
  if (to === null) return;
  const request = { from, to: to.value, protocol: to.protocol };
  await command(session, { type: picking.what, request }, object);
}

/** While the other end is pointed at: what to do, and the way out. Cards take a click, or Enter. */
function PickBar({ picking }: { readonly picking: Picking }) {
  const session = useSession();
  const choices = useChoices(session);
  const [ports, setPorts] = useState<{ readonly object: ObjectKey; readonly x: number; readonly y: number } | null>(
    null,
  );
  const bar = useRef<HTMLDivElement>(null);

  useEffect(() => {
    document.documentElement.dataset["picking"] = "";
    // Over the head of the map, which is where one looks now.
    const map = document.getElementById(REGIONS.map)?.getBoundingClientRect();
    if (map !== undefined && bar.current !== null) {
      bar.current.style.top = `${String(map.top + 4)}px`;
      bar.current.style.left = `${String(map.left + map.width / 2)}px`;
      bar.current.style.maxWidth = `${String(Math.max(280, map.width - 16))}px`;
    }
    const cancel = (): void => {
      useActs.setState({ picking: null });
      say("Nothing was sent.");
    };
    const take = (found: { readonly element: HTMLElement; readonly object: ObjectKey }): void => {
      const { objects, broken } = store.getState();
      if (picking.from === null) {
        const from = senderOf(found.object);
        if (from === null)
          useActs.setState({
            note: {
              object: found.object,
              refused: true,
              message: `${nameOf(found.object)} sends nothing. Choose a pod, a node or a client.`,
            },
          });
        else void finish(session, picking, found.object, { from });
        return;
      }
      const to = targetsOf(found.object, { choices });
      const [only] = to;
      if (only === undefined) {
        const what =
          deedsOf(found.object, { objects, broken, choices }).length === 0
            ? "cannot be dialled"
            : "has no port to dial";
        useActs.setState({
          note: {
            object: found.object,
            refused: true,
            message: `${nameOf(found.object)} ${what}. Choose a Service, a pod, or a node with a node port.`,
          },
        });
      } else if (to.length === 1)
        void finish(session, picking, found.object, { to: only.value, protocol: only.protocol ?? "tcp" });
      else {
        const box = found.element.getBoundingClientRect();
        setPorts({ object: found.object, x: box.left + 12, y: box.bottom });
      }
    };
    const onClick = (event: MouseEvent): void => {
      const found = shownAt(event.target);
      if (found === null) return;
      event.preventDefault();
      event.stopPropagation();
      take(found);
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        cancel();
      } else if (event.key === "Enter") {
        const found = shownAt(event.target);
        if (found === null) return;
        event.preventDefault();
        event.stopPropagation();
        take(found);
      }
    };
    addEventListener("click", onClick, true);
    addEventListener("keydown", onKey, true);
    return () => {
      delete document.documentElement.dataset["picking"];
      removeEventListener("click", onClick, true);
      removeEventListener("keydown", onKey, true);
    };
  }, [picking, session, choices]);

  const words =
    picking.from === null
      ? `Who dials ${picking.to?.value ?? ""}? Choose a pod, a node or a client on the map.`
      : `${picking.what === "connect" ? "Connect" : "Send"} from ${picking.from}: choose a Service, a pod or a node on the map.`;
  useEffect(() => say(`${words} Arrows move, Enter chooses, Escape leaves.`), [words]);
  return (
    <>
      <div ref={bar} className={styles["pick"]} role="status">
        <Icon name="send" />
        <p>
          {words} <span className={styles["keys"]}>Arrows and Enter do, too.</span>
        </p>
        <Button onClick={() => useActs.setState({ picking: null })}>Cancel</Button>
      </div>
      {ports !== null && (
        <DropdownMenu.Root open modal={false} onOpenChange={(open) => !open && setPorts(null)}>
          <DropdownMenu.Trigger asChild>
            <button
              type="button"
              tabIndex={-1}
              aria-label={`Which port of ${nameOf(ports.object)}`}
              className={styles["anchor"]}
              style={{ left: ports.x, top: ports.y }}
            />
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal container={overPage()}>
            <DropdownMenu.Content className={styles["menu"]} align="start" collisionPadding={8} loop>
              <DropdownMenu.Label className={styles["label"]}>Which port of {nameOf(ports.object)}</DropdownMenu.Label>
              {targetsOf(ports.object, { choices }).map(({ value, label, protocol = "tcp" }) => (
                <DropdownMenu.Item
                  key={`${value} ${protocol}`}
                  className={styles["item"]}
                  onSelect={() => void finish(session, picking, ports.object, { to: value, protocol })}
                >
                  <span className={styles["title"]}>{value}</span>
                  <span className={styles["detail"]}>
                    {label.split(" ").at(-1)} {protocol.toUpperCase()}
                  </span>
                </DropdownMenu.Item>
              ))}
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
      )}
    </>
  );
}

/** What came of the last action, at the element it was done to, or over the foot of the page. */
function NoteCard() {
  const note = useActs((state) => state.note);
  const card = useRef<HTMLDivElement>(null);
  const close = (): void => useActs.setState({ note: null });
  useEffect(() => {
    const at = card.current;
    if (note === null || at === null) return;
    const box = note.object === null ? null : (elementOf(note.object)?.getBoundingClientRect() ?? null);
    const { offsetWidth: width, offsetHeight: height } = at;
    const left = box === null ? (innerWidth - width) / 2 : Math.min(innerWidth - width - 8, Math.max(8, box.left));
    const below = box === null ? innerHeight - height - 16 : box.bottom + 8;
    const top = box !== null && below + height > innerHeight - 8 ? Math.max(8, box.top - height - 8) : below;
    at.style.left = `${String(left)}px`;
    at.style.top = `${String(top)}px`;
    // What was done is seen in the picture, too; what was refused stays until it is read.
    const timer = note.refused ? null : setTimeout(close, 6_000);
    return () => {
      if (timer !== null) clearTimeout(timer);
    };
  }, [note]);
  if (note === null) return null;
  return (
    <div
      ref={card}
      className={styles["note"]}
      data-refused={note.refused || undefined}
      role={note.refused ? "alert" : undefined}
    >
      <Icon name={note.refused ? "error" : "check"} />
      <p>{note.message}</p>
      <Button look="bare" icon="close" aria-label="Dismiss" onClick={close} />
    </div>
  );
}
