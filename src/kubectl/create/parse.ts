/** Little parsers that the generators of kubectl share. */
import { err, ok, type Result } from "../../base/result.ts";

/** `a=b,c=d` as labels. */
export function parseLabels(text: string): Result<Readonly<Record<string, string>>, string> {
  const out: [string, string][] = [];
  for (const part of text.split(",").filter((p) => p !== "")) {
    const equals = part.indexOf("=");
    if (equals <= 0) return err(`error: unexpected label spec: ${part}`);
    out.push([part.slice(0, equals), part.slice(equals + 1)]);
  }
  return ok(Object.fromEntries(out));
}

/** `80`, `80:8080`, `80:http`: port and target port of `--tcp`. */
export function parsePortPair(
  text: string,
): Result<{ readonly port: number; readonly targetPort: number | string }, string> {
  const [port = "", target] = text.split(":");
  const number = Number(port);
  if (!/^\d+$/.test(port) || number < 1 || number > 65535) {
    return err(`error: must be between 1 and 65535, inclusive`);
  }
  if (target === undefined) return ok({ port: number, targetPort: number });
  return ok({ port: number, targetPort: /^\d+$/.test(target) ? Number(target) : target });
}

/** The name that a container gets from its image: `nginx` of `docker.io/library/nginx:1.25`. */
export function imageName(image: string): string {
  const last = image.split("/").pop() ?? image;
  return (last.split(/[:@]/)[0] ?? last).replace(/[^a-zA-Z0-9-]/g, "-").toLowerCase();
}
