import { toast } from "../shell/toasts.ts";

/** Hands the reader a file, and says so: where it went is up to the browser. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the blob by the next turn.
  setTimeout(() => URL.revokeObjectURL(url), 0);
  toast(`Saved ${name}`);
}

export function downloadText(name: string, text: string, type = "text/plain"): void {
  download(name, new Blob([text], { type }));
}

/** Puts a text on the clipboard, or says why not. */
export async function copyText(what: string, text: string | Promise<string>): Promise<void> {
  try {
    await navigator.clipboard.writeText(await text);
    toast(`Copied ${what}`);
  } catch {
    toast(`The browser did not allow copying ${what}. Save it as a file instead.`);
  }
}
