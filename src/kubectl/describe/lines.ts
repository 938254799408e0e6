/** Building blocks of `describe`: lines whose cells end with tabs, aligned by {@link elastic} when all is written. Source: kubectl/pkg/describe. */
import { fromTimestamp, timestamp } from "../../base/time.ts";
import type { Labels } from "../../model/meta/types.ts";

/** What describers write to: indented lines. */
export class Lines {
  private text = "";

  /** A line at a level of two blanks each. */
  at(level: number, line: string): this {
    this.text += `${"  ".repeat(level)}${line}\n`;
    return this;
  }

  line(line: string): this {
    return this.at(0, line);
  }

  /** Lines that are ready. */
  add(text: string): this {
    this.text += text;
    return this;
  }

  toString(): string {
    return this.text;
  }
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Fri, 20 Nov 2026 21:03:44 +0000`; Go's zero time for none. */
export function rfc1123(text: string | undefined): string {
  if (text === undefined || text === "") return "Mon, 01 Jan 0001 00:00:00 +0000";
  const date = timestamp(fromTimestamp(text));
  const [day = "", clock = ""] = date.replace("Z", "").split("T");
  const [year = "", month = "", dayOfMonth = ""] = day.split("-");
  const weekday = WEEKDAYS[new Date(date).getUTCDay()] ?? "";
  return `${weekday}, ${dayOfMonth} ${MONTHS[Number(month) - 1] ?? ""} ${year} ${clock} +0000`;
}

/** `Labels:  a=b`, one a line, sorted. */
export function labelsLines(title: string, labels: Labels | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  if (keys.length === 0) return `${title}:\t<none>\n`;
  return keys.map((key, i) => `${i === 0 ? `${title}:` : ""}\t${key}=${labels?.[key]}\n`).join("");
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const MAX_ANNOTATION = 140;

/** Annotations without the one that apply keeps for itself; long values stand on lines of their own, cut. */
export function annotationsLines(title: string, annotations: Labels | undefined): string {
  const keys = Object.keys(annotations ?? {})
    .filter((key) => key !== LAST_APPLIED)
    .sort();
  if (keys.length === 0) return `${title}:\t<none>\n`;
  return keys
    .map((key, i) => {
      const head = i === 0 ? `${title}:\t` : "\t";
      const value = (annotations?.[key] ?? "").replace(/\n$/, "");
      if (value.length + key.length + 2 <= MAX_ANNOTATION && !value.includes("\n")) return `${head}${key}: ${value}\n`;
      const lines = value.split("\n").map((line) => `\t  ${shorten(line, MAX_ANNOTATION)}\n`);
      return `${head}${key}:\n${lines.join("")}`;
    })
    .join("");
}

const shorten = (text: string, limit: number): string => (text.length > limit ? `${text.slice(0, limit)}...` : text);

/** Go's String() of an IntOrString, or `<none>`-like empties spelled by the caller. */
export const orNone = (text: string): string => (text === "" ? "<none>" : text);
