import { any, int32, object, string, struct, time, type Struct } from "../fields.ts";
import { OBJECT_REFERENCE } from "../endpoints/fields.ts";
import { metadata, TYPE_META } from "../meta/fields.ts";

export const EVENT: Struct = struct("Event", {
  ...TYPE_META,
  metadata,
  involvedObject: object(OBJECT_REFERENCE, "What it is about.", { required: true, keep: true }),
  reason: string("Why it was recorded, in a word."),
  message: string("What happened, in a sentence."),
  source: object(
    struct("EventSource", {
      component: string("Who recorded it."),
      host: string("On which node."),
    }),
    "Who recorded it.",
    { keep: true },
  ),
  firstTimestamp: time("When it happened first."),
  lastTimestamp: time("When it happened last."),
  count: int32("How often it has happened."),
  type: string("Normal or Warning."),
  eventTime: time("When it happened, to the microsecond.", { inert: true }),
  series: any("Repetitions.", { inert: true }),
  action: string("What was done.", { inert: true }),
  related: object(OBJECT_REFERENCE, "What else it is about.", { inert: true }),
  reportingComponent: string("Who recorded it, in the new form.", { keep: true }),
  reportingInstance: string("Which one of them.", { keep: true }),
});
