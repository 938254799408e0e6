/**
 * Lists that every frame has whole and that seldom change from one to the next (the commands so far, a kube-proxy per node): what the
 * receiver has already does not cross again. One of each end of the wire.
 */
import { deepEqual } from "../base/json.ts";
import type { Frame, Repeats } from "./protocol.ts";

type Lists = Pick<Frame, "commands" | "proxies" | "sigils">;

const NONE: Lists = { commands: [], proxies: [], sigils: [] };

function inCommon(before: readonly unknown[], now: readonly unknown[]): number {
  let count = 0;
  while (count < before.length && count < now.length && deepEqual(before[count], now[count])) count += 1;
  return count;
}

/** The sender's end: each frame without what was in the one before it. */
export function createThinner(): (frame: Frame) => { readonly frame: Frame; readonly repeats: Repeats } {
  let last = NONE;
  return (frame) => {
    const repeats: Repeats = {
      commands: inCommon(last.commands, frame.commands),
      proxies: inCommon(last.proxies, frame.proxies),
      sigils: inCommon(last.sigils, frame.sigils),
    };
    last = frame;
    const thin = {
      ...frame,
      commands: frame.commands.slice(repeats.commands),
      proxies: frame.proxies.slice(repeats.proxies),
      sigils: frame.sigils.slice(repeats.sigils),
    };
    return { frame: thin, repeats };
  };
}

/** The receiver's end: frames as they were before they were thinned. Lists that did not change keep their identity. */
export function createFiller(): (frame: Frame, repeats: Repeats) => Frame {
  let last = NONE;
  const filled = <T>(before: readonly T[], count: number, rest: readonly T[]): readonly T[] => {
    if (count === 0) return rest;
    return rest.length === 0 && count === before.length ? before : [...before.slice(0, count), ...rest];
  };
  return (thin, repeats) => {
    const frame: Frame = {
      ...thin,
      commands: filled(last.commands, repeats.commands, thin.commands),
      proxies: filled(last.proxies, repeats.proxies, thin.proxies),
      sigils: filled(last.sigils, repeats.sigils, thin.sigils),
    };
    last = frame;
    return frame;
  };
}
