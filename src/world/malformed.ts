import { decode, refusalText } from "../model/decode.ts";
import { kindInfo } from "../model/kinds.ts";
import { badRequest, kubectlText } from "../model/status.ts";
import type { Write } from "../wire/protocol.ts";

/**
 * What the API server says of an object that cannot be decoded; null when all can. kubectl's own writes always can: this is about
 * commands from elsewhere, as a link holds them. Fields that are merely unknown change nothing.
 */
export function malformed(writes: readonly Write[]): string | null {
  for (const write of writes) {
    if (write.verb === "delete") continue;
    const info = kindInfo(write.object.apiVersion, write.object.kind);
    const mistyped = info === undefined ? [] : decode(write.object, info).problems.filter((p) => p.problem === "type");
    if (info !== undefined && mistyped.length > 0) return kubectlText(badRequest(refusalText(info, mistyped)));
  }
  return null;
}
