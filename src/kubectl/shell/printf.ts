/** `printf FORMAT ARGUMENT...`: %s, %d and the usual escapes; the format is used again while arguments are left. */
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\" };

export function printed([format = "", ...values]: readonly string[]): string {
  let out = "";
  let at = 0;
  do {
    const before = at;
    out += format
      .replace(/\\([ntr\\])/g, (_whole, c: string) => ESCAPES[c] ?? c)
      .replace(/%(-?\d{0,3})([sd%])/g, (_whole, width: string, kind: string) => {
        if (kind === "%") return "%";
        const value = values[at++] ?? (kind === "d" ? "0" : "");
        const n = Math.abs(Number(width));
        return width.startsWith("-") ? value.padEnd(n) : value.padStart(n);
      });
    if (at === before) break;
  } while (at < values.length);
  return out;
}
