import { useMirror } from "../../mirror/store.ts";

/** What a view says that has no packet to tell of: none was sent, or none of those that were is on show. */
export function useNothingSent(): string {
  return useMirror((state) => state.walks.length) === 0 ? "Nothing has been sent" : "No packet is on show";
}
