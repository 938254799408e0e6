/**
 * `?src=URL`: a scenario that lies elsewhere. Nothing is fetched before the reader asks for it, and only from hosts whose files are
 * plain text: the page's own, and GitHub's for raw files and gists (the page's CSP lets nothing else through).
 */
import { parseAllDocuments } from "yaml";

export const SOURCE_HOSTS = ["raw.githubusercontent.com", "gist.githubusercontent.com"] as const;
/** As much as a link's text may hold. */
export const MAX_SOURCE = 1_000_000;
const PATIENCE_MS = 20_000;

export type Source =
  | { readonly ok: true; readonly url: string; readonly host: string; readonly name: string }
  | { readonly ok: false; readonly why: string };

/** What `?src=` names, or why it cannot be taken. `page`: the page's own address. */
export function sourceOf(written: string, page: string): Source {
  const refuse = (why: string): Source => ({ ok: false, why });
  let url: URL;
  try {
    url = new URL(written, page);
  } catch {
    return refuse(`${JSON.stringify(written.slice(0, 200))} is not an address.`);
  }
  if (url.username !== "" || url.password !== "")
    return refuse("An address with a name and password in it is not taken.");
  const own = url.origin === new URL(page).origin;
  const known = url.protocol === "https:" && url.port === "" && SOURCE_HOSTS.some((host) => host === url.hostname);
  if (url.hostname === "github.com" || url.hostname === "gist.github.com") {
    return refuse(`${url.hostname} shows a file as a web page. Use the address behind its button Raw.`);
  }
  if (!own && !known) {
    return refuse(
      `Files are taken from this site, ${SOURCE_HOSTS.join(" and ")} only, not from ${url.hostname === "" ? url.protocol : url.hostname}.`,
    );
  }
  const name = decoded(url.pathname.split("/").at(-1) ?? "");
  return { ok: true, url: url.href, host: own ? "this site" : url.hostname, name: name === "" ? url.hostname : name };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export type Fetched = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string };

const tooLarge = `The file is larger than ${(MAX_SOURCE / 1_000_000).toString()} MB, the most that a link brings. Save it and drop it onto the page instead.`;

/** Reads a body up to the limit; null when it goes on. */
async function readUpTo(body: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array | null> {
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > most) {
      await reader.cancel();
      return null;
    }
    parts.push(value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Why a text is no manifest; null when it may be one. */
function complaint(text: string): string | null {
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text)) return "It is a web page, not YAML. Use the address of the raw file.";
  if (text.trim() === "") return "The file is empty.";
  const documents = parseAllDocuments(text, { logLevel: "silent", uniqueKeys: false });
  const all = Array.isArray(documents) ? documents : [];
  const wrong = all.find(({ errors }) => errors.length > 0)?.errors[0];
  if (wrong !== undefined) return `It is not YAML: ${wrong.message.split("\n")[0] ?? ""}`;
  const hasObject = all.some(({ contents }) => contents !== null && "items" in contents);
  return hasObject ? null : "It is not YAML with Kubernetes objects: nothing in it is a mapping.";
}

/** Fetches the file without cookies. Never throws: what went wrong is said with what to do. */
export async function fetchSource(url: string): Promise<Fetched> {
  const refuse = (why: string): Fetched => ({ ok: false, why });
  let response: Response;
  try {
    response = await fetch(url, {
      credentials: "omit",
      referrerPolicy: "no-referrer",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    const slow = error instanceof DOMException && error.name === "TimeoutError";
    return refuse(
      slow
        ? "It did not answer within 20 s. Try again."
        : "It could not be fetched: no network, or the address is gone.",
    );
  }
  if (!response.ok)
    return refuse(`The server answered ${String(response.status)}: there is no such file, or it is not public.`);
  if (Number(response.headers.get("content-length") ?? 0) > MAX_SOURCE) return refuse(tooLarge);
  let bytes: Uint8Array | null;
  try {
    bytes = response.body === null ? new Uint8Array() : await readUpTo(response.body, MAX_SOURCE);
  } catch {
    return refuse("The connection broke while the file was read. Try again.");
  }
  if (bytes === null) return refuse(tooLarge);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuse("It is not text (UTF-8).");
  }
  const why = complaint(text);
  return why === null ? { ok: true, text } : refuse(why);
}
