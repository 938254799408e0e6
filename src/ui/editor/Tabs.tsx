import { lazy, Suspense, useEffect, useRef, useState, type DragEvent, type KeyboardEvent } from "react";
import { Icon } from "../shell/icons.tsx";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { nameProblem } from "./files.ts";
import { count } from "./problems.ts";
import { activate, addFiles, closeTab, moveTab, renameTab, useTabs, type Tab } from "./tabs.ts";
import styles from "./Tabs.module.css";

const FileMenu = lazy(() => import("./FileMenu.tsx").then(({ FileMenu: component }) => ({ default: component })));

/** What a dragged tab carries, so that dropped files are not taken for one. */
const DRAGGED = "application/x-kubehop-tab";

export const PANEL_ID = "kh-editor-file";
const tabId = (id: number): string => `kh-tab-${String(id)}`;

/** Problems of one file. */
export interface Tally {
  readonly errors: number;
  readonly warnings: number;
}

interface TabsProps {
  readonly tallies: ReadonlyMap<number, Tally>;
  /** Moves on into the text. */
  readonly onEnter: () => void;
  readonly onFormat: () => void;
}

/** The files of the text, one tab each. Arrows move, F2 renames, Delete closes, Ctrl+Shift+arrows reorder, the menu has it all. */
export function Tabs({ tallies, onEnter, onFormat }: TabsProps) {
  const session = useSession();
  const tabs = useTabs((state) => state.tabs);
  const active = useTabs((state) => state.active);
  const inSight = useUi((state) => state.editorView === "text");
  const [renaming, setRenaming] = useState<number | null>(null);
  const [menu, setMenu] = useState<{ readonly tab: number; readonly x: number; readonly y: number } | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const more = useRef<HTMLButtonElement>(null);

  const focusTab = (id: number): void => {
    requestAnimationFrame(() => document.getElementById(tabId(id))?.focus());
  };
  const shown = tabs.findIndex(({ id }) => id === active);

  // The open one is in sight, however many there are.
  useEffect(() => {
    document.getElementById(tabId(active))?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [active, tabs.length]);

  const close = (id: number): void => {
    const at = tabs.findIndex((tab) => tab.id === id);
    const next = tabs[at + 1] ?? tabs[at - 1];
    closeTab(session, id);
    if (next !== undefined) focusTab(useTabs.getState().active);
  };

  const onKey = (event: KeyboardEvent, at: number, id: number): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by !== undefined && event.ctrlKey && event.shiftKey) {
      moveTab(session, id, at + by);
      focusTab(id);
    } else if (by !== undefined && !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey) {
      const next = tabs[(at + by + tabs.length) % tabs.length];
      if (next !== undefined) {
        activate(next.id);
        focusTab(next.id);
      }
    } else if (event.key === "Home" || event.key === "End") {
      const next = event.key === "Home" ? tabs[0] : tabs.at(-1);
      if (next !== undefined) {
        activate(next.id);
        focusTab(next.id);
      }
    } else if (event.key === "F2") setRenaming(id);
    else if (event.key === "Delete") close(id);
    else if (event.key === "ArrowDown") onEnter();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const openMenu = (tab: number, element: Element): void => {
    const box = element.getBoundingClientRect();
    setMenu({ tab, x: box.left, y: box.bottom });
  };

  return (
    <div className={styles["row"]}>
      <div ref={list} className={styles["list"]} role="tablist" aria-label="Files" data-arrows>
        {tabs.map((tab, at) =>
          tab.id === renaming ? (
            <Rename
              key={tab.id}
              tab={tab}
              others={tabs.filter((one) => one !== tab).map(({ name }) => name)}
              onDone={(name) => {
                setRenaming(null);
                if (name !== null && name !== tab.name) renameTab(session, tab.id, name);
                focusTab(tab.id);
              }}
            />
          ) : (
            <button
              key={tab.id}
              id={tabId(tab.id)}
              type="button"
              role="tab"
              className={styles["tab"]}
              aria-selected={tab.id === active && inSight}
              aria-controls={PANEL_ID}
              aria-label={labelOf(tab, tallies.get(tab.id))}
              tabIndex={at === shown ? 0 : -1}
              title={tab.name}
              draggable={tabs.length > 1}
              onClick={() => activate(tab.id)}
              onDoubleClick={() => setRenaming(tab.id)}
              onAuxClick={(event) => {
                if (event.button === 1) close(tab.id);
              }}
              onContextMenu={(event) => {
                event.preventDefault();
                openMenu(tab.id, event.currentTarget);
              }}
              onKeyDown={(event) => onKey(event, at, tab.id)}
              onDragStart={(event) => {
                event.dataTransfer.setData(DRAGGED, String(tab.id));
                event.dataTransfer.effectAllowed = "move";
              }}
              onDragOver={(event) => {
                if (event.dataTransfer.types.includes(DRAGGED)) event.preventDefault();
              }}
              onDrop={(event: DragEvent) => {
                const dragged = Number(event.dataTransfer.getData(DRAGGED));
                if (dragged > 0) moveTab(session, dragged, at);
              }}
            >
              <span className={styles["name"]}>{tab.name}</span>
              <Mark tally={tallies.get(tab.id)} />
            </button>
          ),
        )}
      </div>
      <button
        type="button"
        className={styles["square"]}
        aria-label="Add a file"
        title="Add a file"
        onClick={() => {
          addFiles(session, [{ name: "untitled.yaml", text: "" }]);
          setRenaming(useTabs.getState().active);
        }}
      >
        <Icon name="plus" size={14} />
      </button>
      <button
        ref={more}
        type="button"
        className={styles["square"]}
        aria-label="File menu"
        title="File menu"
        aria-haspopup="menu"
        aria-expanded={menu !== null}
        onClick={(event) => openMenu(active, event.currentTarget)}
      >
        <Icon name="more" size={14} />
      </button>
      <Suspense>
        {menu !== null && (
          <FileMenu
            at={menu}
            tab={menu.tab}
            onClose={(refocus) => {
              setMenu(null);
              if (refocus) focusTab(menu.tab);
            }}
            onRename={() => setRenaming(menu.tab)}
            onFormat={onFormat}
          />
        )}
      </Suspense>
    </div>
  );
}

function labelOf({ name }: Tab, tally: Tally | undefined): string {
  const parts = [name];
  if ((tally?.errors ?? 0) > 0) parts.push(count(tally?.errors ?? 0, "error"));
  if ((tally?.warnings ?? 0) > 0) parts.push(count(tally?.warnings ?? 0, "warning"));
  return parts.join(", ");
}

/** How many problems a file has: errors in an octagon, else warnings in a triangle. */
function Mark({ tally }: { readonly tally: Tally | undefined }) {
  const { errors = 0, warnings = 0 } = tally ?? {};
  if (errors + warnings === 0) return null;
  return (
    <span className={styles["mark"]} data-tone={errors > 0 ? "reject" : "warn"}>
      <Icon name={errors > 0 ? "error" : "warning"} size={12} />
      {errors > 0 ? errors : warnings}
    </span>
  );
}

interface RenameProps {
  readonly tab: Tab;
  readonly others: readonly string[];
  /** Null: the name stays. */
  readonly onDone: (name: string | null) => void;
}

function Rename({ tab, others, onDone }: RenameProps) {
  const [name, setName] = useState(tab.name);
  const field = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  const problem = nameProblem(name, others);
  useEffect(() => {
    const input = field.current;
    if (input === null) return;
    input.focus();
    const dot = input.value.lastIndexOf(".");
    input.setSelectionRange(0, dot > 0 ? dot : input.value.length);
  }, []);
  const finish = (kept: string | null): void => {
    if (done.current) return;
    done.current = true;
    onDone(kept);
  };
  return (
    <span className={styles["rename"]} role="presentation">
      <input
        ref={field}
        aria-label={`New name of ${tab.name}`}
        aria-invalid={problem !== null}
        aria-description={problem ?? "Enter keeps the name, Escape the old one."}
        title={problem ?? undefined}
        spellCheck={false}
        value={name}
        size={Math.max(8, name.length)}
        onChange={(event) => setName(event.target.value)}
        onBlur={() => finish(problem === null ? name : null)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && problem === null) finish(name);
          else if (event.key === "Escape") finish(null);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
    </span>
  );
}
