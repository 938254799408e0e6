/** What curl says beside the body: the progress meter's last line and -w. */
import type { Micros } from "../../../base/time.ts";

/** The facts of one transfer. */
export interface Transfer {
  readonly url: string;
  readonly method: string;
  readonly scheme: string;
  readonly status: number;
  readonly version: string;
  readonly contentType: string;
  readonly redirect: string;
  readonly remoteIp: string;
  readonly remotePort: number;
  readonly localIp: string;
  readonly localPort: number;
  readonly size: number;
  readonly headerSize: number;
  readonly uploaded: number;
  readonly redirects: number;
  readonly connects: number;
  readonly lookup: Micros;
  readonly connect: Micros;
  readonly total: Micros;
  readonly code: number;
  readonly error: string;
  readonly number: number;
}

const seconds = (micros: Micros): string => (micros / 1_000_000).toFixed(6);

/** `-w '%{http_code} %{time_total}\n'`. A variable that curl does not know is said and left out. */
export function writtenOut(format: string, t: Transfer): { readonly text: string; readonly complaint: string } {
  const answered = t.status !== 0;
  const values: Readonly<Record<string, string>> = {
    http_code: String(t.status).padStart(3, "0"),
    response_code: String(t.status).padStart(3, "0"),
    http_version: t.version,
    content_type: t.contentType,
    remote_ip: t.remoteIp,
    remote_port: String(t.remotePort),
    local_ip: t.localIp,
    local_port: String(t.localPort),
    time_namelookup: seconds(t.lookup),
    time_connect: seconds(t.connect),
    time_appconnect: seconds(t.scheme === "https" && answered ? t.connect : 0),
    time_pretransfer: seconds(answered ? t.connect : 0),
    time_starttransfer: seconds(answered ? t.total : 0),
    time_redirect: seconds(0),
    time_total: seconds(t.total),
    size_download: String(t.size),
    size_header: String(t.headerSize),
    size_upload: String(t.uploaded),
    speed_download: String(t.total === 0 ? 0 : Math.floor((t.size * 1_000_000) / t.total)),
    num_connects: String(t.connects),
    num_redirects: String(t.redirects),
    redirect_url: t.redirect,
    url: t.url,
    url_effective: t.url,
    urlnum: String(t.number),
    method: t.method,
    scheme: t.scheme,
    exitcode: String(t.code),
    errormsg: t.error,
    ssl_verify_result: "0",
    stdout: "",
    stderr: "",
    onerror: "",
  };
  let complaint = "";
  const text = format
    .replace(/%\{([^}]*)\}/g, (_whole, name: string) => {
      if (Object.hasOwn(values, name)) return values[name] ?? "";
      complaint += `curl: unknown --write-out variable: '${name}'\n`;
      return "";
    })
    .replaceAll("%%", "%")
    .replace(/\\([nrt])/g, (_whole, c: string) => (c === "n" ? "\n" : c === "t" ? "\t" : "\r"));
  return { text, complaint };
}

/** Five characters, as curl shortens amounts. */
function amount(n: number): string {
  if (n < 100_000) return String(n).padStart(5);
  if (n < 10_000 * 1024) return `${String(Math.floor(n / 1024)).padStart(4)}k`;
  return `${String(Math.floor(n / 1024 / 1024)).padStart(4)}M`;
}

export const METER_HEAD =
  "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n";

/** The meter's line when all is over; curl draws it where the body does not go to the terminal. */
export function meterLine(size: number, total: Micros): string {
  const speed = size === 0 || total === 0 ? 0 : Math.floor((size * 1_000_000) / total);
  const percent = size === 0 ? "  0" : "100";
  return `${percent} ${amount(size)}  ${percent} ${amount(size)}    0     0  ${amount(speed)}      0 --:--:-- --:--:-- --:--:-- ${amount(speed)}\n`;
}
