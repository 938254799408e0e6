/** `getent hosts NAME`: what the machine's own resolver makes of a name. */
import { isIPv6 } from "../../../base/ip.ts";
import { addressesOf } from "./names.ts";
import type { Tool } from "./seat.ts";

export const getent: Tool = (words, seat) => {
  const [database, ...names] = words.filter((word) => !word.startsWith("-"));
  if (database === undefined) return { stdout: "", stderr: "getent: wrong number of arguments\n", code: 1 };
  if (database !== "hosts" && database !== "ahosts" && database !== "ahostsv4" && database !== "ahostsv6") {
    return { stdout: "", stderr: `Unknown database: ${database}\n`, code: 1 };
  }
  let stdout = "";
  let code = 0;
  for (const name of names) {
    const found = addressesOf(seat, name).filter((ip) =>
      database === "ahostsv4" ? !isIPv6(ip) : database === "ahostsv6" ? isIPv6(ip) : true,
    );
    // gethostbyname2() asks for AAAA first, and takes the first family that has any.
    const six = found.filter(isIPv6);
    const shown = database === "hosts" && six.length > 0 ? six : found;
    if (shown.length === 0) code = 2;
    else if (database === "hosts") stdout += shown.map((ip) => `${ip.padEnd(15)} ${name}\n`).join("");
    else
      stdout += shown
        .flatMap((ip) =>
          ["STREAM", "DGRAM", "RAW"].map(
            (kind, i) => `${ip.padEnd(15)} ${kind.padEnd(6)} ${i === 0 ? name : ""}`.trimEnd() + "\n",
          ),
        )
        .join("");
  }
  return { stdout, stderr: "", code };
};
