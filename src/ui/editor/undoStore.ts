/** The log of versions in IndexedDB, so that undo goes back beyond a reload. Blocked, full or absent, it costs nothing but that. */
import { create } from "zustand";
import { usePage } from "../shell/page.ts";
import { emptyLog, logged, readLog, versionsOf, type UndoLog } from "./undoLog.ts";

const DATABASE = "kubehop";
const STORE = "undo";
/** How long the text rests before it is a version: typing is taken back in such steps after a reload. */
const REST_MS = 400;
/** The editor does not wait longer for a disk. */
const PATIENCE_MS = 1_500;

/** Whether the disk takes no history: said once in the editor's footer. */
export const useUndoStore = create<{ readonly forgetful: boolean }>()(() => ({ forgetful: false }));

const slot = (): string => (location.hash === "" ? "draft" : "link");
const base = (): string => (location.hash === "" ? usePage.getState().scenario.slug : location.hash);

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("no database")));
    request.addEventListener("blocked", () => reject(new Error("the database is blocked")));
  });
  return opened;
}

async function load(): Promise<UndoLog | null> {
  const store = (await database()).transaction(STORE, "readonly").objectStore(STORE);
  return new Promise((resolve, reject) => {
    const request = store.get(slot());
    request.addEventListener("success", () => resolve(readLog(request.result)));
    request.addEventListener("error", () => reject(request.error ?? new Error("not read")));
  });
}

async function save(where: string, log: UndoLog): Promise<void> {
  const transaction = (await database()).transaction(STORE, "readwrite");
  transaction.objectStore(STORE).put(log, where);
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    for (const event of ["error", "abort"] as const)
      transaction.addEventListener(event, () => reject(transaction.error ?? new Error("not written")));
  });
}

const forget = (): void => useUndoStore.setState({ forgetful: true });

let log: UndoLog | null = null;
let resting: ReturnType<typeof setTimeout> | null = null;

/** Whether the last change was a step back. */
let undoing = false;

export function tellUndone(undone: boolean): void {
  undoing = undone;
}

function record(): void {
  if (resting !== null) clearTimeout(resting);
  resting = null;
  const { draft } = usePage.getState();
  const next = log === null || log.base !== base() ? emptyLog(base(), draft) : logged(log, draft, undoing);
  if (next === log) return;
  log = next;
  void save(slot(), next).catch(forget);
}

let kept: Promise<readonly string[]> | null = null;

/**
 * Begins to keep the versions of the text, and gives those from before the page was loaded, the oldest first; none when they belong to
 * another scenario or link.
 */
export function keepVersions(): Promise<readonly string[]> {
  kept ??= begin();
  return kept;
}

async function begin(): Promise<readonly string[]> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE_MS));
  const found = await Promise.race([load(), late]).catch(() => {
    forget();
    return null;
  });
  const mine = found !== null && found.base === base() ? found : null;
  log = mine ?? emptyLog(base(), usePage.getState().draft);
  usePage.subscribe(({ draft }, { draft: before }) => {
    if (draft === before) return;
    if (resting !== null) clearTimeout(resting);
    resting = setTimeout(record, REST_MS);
  });
  addEventListener("pagehide", () => {
    if (resting !== null) record();
  });
  record();
  return mine === null ? [] : (versionsOf(mine) ?? []);
}
