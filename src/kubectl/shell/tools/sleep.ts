/** `sleep`, `time` and `seq`. */
import { HOUR, SECOND, type Micros } from "../../../base/time.ts";
import { NOTHING, type Output } from "../../output.ts";
import { passTime } from "./reach.ts";
import { KILLED, type Seat } from "./seat.ts";

const UNITS: Readonly<Record<string, Micros>> = { "": SECOND, s: SECOND, m: 60 * SECOND, h: HOUR, d: 24 * HOUR };
/** Longer pauses than this are cut: a line of the terminal is not for ever. */
const MOST: Micros = HOUR;

/** Lets virtual time pass: `sleep 0.5`, `sleep 1m 30`. */
export function slept(words: readonly string[], seat: Seat): Output {
  if (words.length === 0) return { stdout: "", stderr: "sleep: missing operand\n", code: 1 };
  let micros = 0;
  for (const word of words) {
    const match = /^(\d{0,9}(?:\.\d{1,6})?|infinity)([smhd]?)$/.exec(word);
    if (match === null || word === "" || match[1] === "")
      return { stdout: "", stderr: `sleep: invalid time interval ‘${word}’\n`, code: 1 };
    micros += match[1] === "infinity" ? MOST : Number(match[1]) * (UNITS[match[2] ?? ""] ?? SECOND);
  }
  const cut = micros > MOST ? "(slept for an hour of virtual time: no longer at once)\n" : "";
  return passTime(seat, Math.min(micros, MOST)) ? { ...NOTHING, stderr: cut } : KILLED;
}

/** What bash's `time` prints; nothing here uses a processor. */
export function realTime(micros: Micros): string {
  const minutes = Math.floor(micros / (60 * SECOND));
  const seconds = ((micros - minutes * 60 * SECOND) / SECOND).toFixed(3);
  return `\nreal\t${minutes}m${seconds}s\nuser\t0m0.000s\nsys\t0m0.000s\n`;
}

const MOST_NUMBERS = 10_000;

/** `seq 10`, `seq 1 10`, `seq 10 -1 1`. */
export function seq(words: readonly string[]): Output {
  const numbers = words.map(Number);
  const bad = words.find((word) => !/^-?\d{1,9}$/.test(word));
  if (bad !== undefined) return { stdout: "", stderr: `seq: invalid floating point argument: ‘${bad}’\n`, code: 1 };
  if (numbers.length === 0 || numbers.length > 3) return { stdout: "", stderr: "seq: missing operand\n", code: 1 };
  const first = numbers.length > 1 ? (numbers[0] as number) : 1;
  const step = numbers.length > 2 ? (numbers[1] as number) : 1;
  const end = numbers.at(-1) as number;
  if (step === 0) return { stdout: "", stderr: `seq: invalid Zero increment value: ‘0’\n`, code: 1 };
  const lines: string[] = [];
  for (let n = first; (step > 0 ? n <= end : n >= end) && lines.length < MOST_NUMBERS; n += step) lines.push(`${n}\n`);
  return { stdout: lines.join(""), stderr: "", code: 0 };
}
