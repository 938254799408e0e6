/** `kubectl events`: by time, unlike `kubectl get events`. Source: kubectl/pkg/cmd/events. */
import { isOn } from "./args.ts";
import { must } from "../base/assert.ts";
import { kindNamed } from "../model/kinds.ts";
import { type Call, everywhere, namespaceOf, noteRequest, since } from "./call.ts";
import { byTime, firstSeen, lastSeen, occurrences } from "./describe/events.ts";
import { failure, type Output, success } from "./output.ts";
import { pass, watchLimit, watchNote } from "./patience.ts";
import { printJson, printYaml } from "./print.ts";
import { text } from "./read.ts";
import { asksOf } from "./select.ts";
import { formatTable } from "./table.ts";

export function kubectlEvents(call: Call): Output {
  const { args, world } = call;
  const about = args.flags["--for"];
  const asked = about === undefined ? null : asksOf([about.includes("/") ? about : `pod/${about}`]);
  if (asked !== null && !asked.ok) return failure(asked.error);
  const types = args.flags["--types"]?.split(",").map((type) => type.toLowerCase());
  const wrong = types?.find((type) => type !== "normal" && type !== "warning");
  if (wrong !== undefined) return failure(`error: valid --types are Normal or Warning`);
  const ask = asked?.value[0];
  noteRequest(call, "GET", must(kindNamed("Event"), "Event"), {
    namespace: everywhere(call) ? undefined : namespaceOf(call),
    query: {
      fieldSelector:
        ask === undefined
          ? undefined
          : `involvedObject.kind=${ask.info.kind},involvedObject.name=${ask.names?.[0] ?? ""}`,
      limit: args.flags["--chunk-size"] ?? "500",
    },
  });
  const watched = isOn(args, "--watch") && call.follow === null;
  if (watched) pass(call, watchLimit(call));
  const note = watched ? watchNote(watchLimit(call)) : "";
  const events = world.objects
    .list("Event", everywhere(call) ? undefined : namespaceOf(call))
    .filter(
      (event) =>
        (types === undefined || types.includes(text(event, "type").toLowerCase())) &&
        (ask === undefined ||
          (text(event, "involvedObject", "kind") === ask.info.kind &&
            text(event, "involvedObject", "name") === (ask.names?.[0] ?? ""))),
    )
    .toSorted(byTime);
  if (args.flags["--output"] === "yaml") return success(printYaml(events, false));
  if (args.flags["--output"] === "json") return success(printJson(events, false));
  if (events.length === 0) {
    const where = everywhere(call) ? "" : ` in ${namespaceOf(call)} namespace`;
    return { stdout: "", stderr: `No events found${where}.\n`, code: 0 };
  }
  const spaced = everywhere(call);
  const head = [...(spaced ? ["NAMESPACE"] : []), "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
  const rows = events.map((event) => {
    const times = occurrences(event);
    const seen = since(call, lastSeen(event) || undefined);
    return [
      ...(spaced ? [event.metadata.namespace ?? ""] : []),
      times > 1 ? `${seen} (x${times} over ${since(call, firstSeen(event) || undefined)})` : seen,
      text(event, "type"),
      text(event, "reason"),
      `${text(event, "involvedObject", "kind")}/${text(event, "involvedObject", "name")}`,
      text(event, "message").trim(),
    ];
  });
  return success(formatTable(isOn(args, "--no-headers") ? rows : [head, ...rows]), note);
}
