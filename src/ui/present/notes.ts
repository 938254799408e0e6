/** What a presenter has noted for a scenario. Kept in this browser only. */
import { recall, remember } from "../shell/storage.ts";

const slot = (about: string): string => `notes.${about}`;

export const recallNotes = (about: string): string => recall(slot(about)) ?? "";

export function rememberNotes(about: string, text: string): void {
  remember(slot(about), text.trim() === "" ? null : text);
}
