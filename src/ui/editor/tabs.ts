/** The files of the text as tabs: which is open, what was closed last, and all that can be done to them. The text itself stays the page's draft. */
import { create } from "zustand";
import { say, usePage } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { filesOf, freeName, joinFiles, type SourceFile } from "./files.ts";

export interface Tab extends SourceFile {
  /** Stays the same while the file is edited, renamed and moved. */
  readonly id: number;
}

interface TabsState {
  /** Never empty. */
  readonly tabs: readonly Tab[];
  /** Id of the open one. */
  readonly active: number;
  /** What Undo brings back. */
  readonly closed: { readonly tab: Tab; readonly at: number } | null;
}

let nextId = 1;

/** Gives the files of a text the ids that they had: by name, else, for one that was renamed, by place. */
function adopt(files: readonly SourceFile[], before: readonly Tab[]): readonly Tab[] {
  const names = new Set(files.map(({ name }) => name));
  const free = new Set(before);
  const take = (found: Tab | undefined): number | null => {
    if (found === undefined) return null;
    free.delete(found);
    return found.id;
  };
  const byName = files.map(({ name }) => take(before.find((tab) => tab.name === name && free.has(tab))));
  return files.map((file, at) => {
    const here = before[at];
    const id =
      byName[at] ?? take(here !== undefined && free.has(here) && !names.has(here.name) ? here : undefined) ?? nextId++;
    return { ...file, id };
  });
}

const first = adopt(filesOf(usePage.getState().draft), []);

export const useTabs = create<TabsState>()(() => ({ tabs: first, active: first[0]?.id ?? 0, closed: null }));

usePage.subscribe(({ draft }, { draft: before }) => {
  if (draft === before) return;
  const { tabs, active, closed } = useTabs.getState();
  const files = filesOf(draft);
  // What a key changes is one file's text.
  const next = adopt(files, tabs);
  const was = tabs.findIndex(({ id }) => id === active);
  const still = next.some(({ id }) => id === active);
  useTabs.setState({
    tabs: next,
    active: still ? active : (next[Math.min(Math.max(0, was), next.length - 1)]?.id ?? 0),
    closed,
  });
});

export const activeTab = ({ tabs, active }: Pick<TabsState, "tabs" | "active">): Tab =>
  tabs.find(({ id }) => id === active) ?? (tabs[0] as Tab);

/** Opens a tab, with the text in sight. */
export function activate(id: number): void {
  useTabs.setState({ active: id });
  useUi.getState().set({ editorView: "text" });
}

/** What was typed into one file, as the page's whole text. */
export function editTab(session: Session, id: number, text: string): void {
  const { tabs } = useTabs.getState();
  session.edit(joinFiles(tabs.map((tab) => (tab.id === id ? { ...tab, text } : tab))));
}

function put(session: Session, tabs: readonly Tab[]): void {
  useTabs.setState({ tabs });
  session.replaceText(joinFiles(tabs));
}

const namesOf = (tabs: readonly Tab[]): readonly string[] => tabs.map(({ name }) => name);

/** Adds files at the end, under free names, and opens the first of them. An empty first file makes way. */
export function addFiles(session: Session, files: readonly SourceFile[]): readonly string[] {
  const { tabs } = useTabs.getState();
  const kept = tabs.length === 1 && tabs[0]?.text.trim() === "" ? [] : [...tabs];
  const added: Tab[] = [];
  for (const file of files) {
    const name = freeName(file.name, [...namesOf(kept), ...namesOf(added)]);
    added.push({ name, text: file.text, id: nextId++ });
  }
  const opened = added[0];
  if (opened === undefined) return [];
  useTabs.setState({ tabs: [...kept, ...added], active: opened.id, closed: null });
  useUi.getState().set({ editorView: "text" });
  session.replaceText(joinFiles([...kept, ...added]));
  return namesOf(added);
}

/** Replaces all files by these. */
export function replaceFiles(session: Session, files: readonly SourceFile[]): void {
  const tabs: Tab[] = [];
  for (const file of files) tabs.push({ name: freeName(file.name, namesOf(tabs)), text: file.text, id: nextId++ });
  const opened = tabs[0];
  if (opened === undefined) return;
  useTabs.setState({ tabs, active: opened.id, closed: null });
  useUi.getState().set({ editorView: "text" });
  session.replaceText(joinFiles(tabs));
}

/**
 * Opens a text in a tab of that name, as the console's `kubectl edit` does: in the tab that has the name already, where its text is
 * replaced as one edit that can be undone, else in a new one.
 */
export function openInTab(session: Session, name: string, text: string): void {
  const { tabs } = useTabs.getState();
  const there = tabs.find((tab) => tab.name === name);
  if (there === undefined) {
    addFiles(session, [{ name, text }]);
  } else {
    activate(there.id);
    put(
      session,
      tabs.map((tab) => (tab.id === there.id ? { ...tab, text } : tab)),
    );
  }
  say(`${name} is open in the editor.`);
}

export function renameTab(session: Session, id: number, name: string): void {
  const { tabs } = useTabs.getState();
  put(
    session,
    tabs.map((tab) => (tab.id === id ? { ...tab, name } : tab)),
  );
  say(`The file is now ${name}.`);
}

/** Closing a file takes its objects out of the cluster; {@link reopenTab} brings both back. The last file stays. */
export function closeTab(session: Session, id: number): void {
  const { tabs, active } = useTabs.getState();
  const at = tabs.findIndex((tab) => tab.id === id);
  const tab = tabs[at];
  if (tab === undefined || tabs.length === 1) return;
  const left = tabs.filter((one) => one !== tab);
  const next = id === active ? (left[Math.min(at, left.length - 1)]?.id ?? active) : active;
  useTabs.setState({ tabs: left, active: next, closed: { tab, at } });
  session.replaceText(joinFiles(left));
  say(`${tab.name} is closed. Undo brings it back.`);
}

export function reopenTab(session: Session): void {
  const { tabs, closed } = useTabs.getState();
  if (closed === null) return;
  const tab = { ...closed.tab, name: freeName(closed.tab.name, namesOf(tabs)) };
  const next = tabs.toSpliced(closed.at, 0, tab);
  useTabs.setState({ tabs: next, active: tab.id, closed: null });
  session.replaceText(joinFiles(next));
  say(`${tab.name} is back.`);
}

export const forgetClosed = (): void => useTabs.setState({ closed: null });

/** Moves a file to another place among the tabs, counted from 0. Order is the order in which documents are applied. */
export function moveTab(session: Session, id: number, to: number): void {
  const { tabs } = useTabs.getState();
  const at = tabs.findIndex((tab) => tab.id === id);
  const tab = tabs[at];
  const place = Math.min(Math.max(0, to), tabs.length - 1);
  if (tab === undefined || at === place) return;
  put(session, tabs.toSpliced(at, 1).toSpliced(place, 0, tab));
  say(`${tab.name} is number ${String(place + 1)} of ${String(tabs.length)}.`);
}
