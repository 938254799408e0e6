import { useEffect } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { Request, Walk } from "../../model/trace/types.ts";
import { usePlayback } from "../playback.ts";
import { say } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { askWhy } from "./ask.ts";
import { isNothing, sameRequest, useWhy } from "./state.ts";
import { NOTHING } from "./words.ts";

/** How long walk and cluster rest before it is asked why. */
const REST_MS = 250;
/** How long an answer may take before it is said that one is being worked out. */
const SLOW_MS = 200;
/** Beyond this many objects, a walk that arrived is not asked about unless the reader wants to know. */
const MANY = 2_000;

/** The request whose fate is being told: that of the walk on stage or, for a walk within one, of the whole. */
export function requestOnStage(shown: Walk | null, sent: Walk | null): Request | null {
  const walk = shown !== null && shown.role === undefined ? shown : sent;
  // What goes on within an open connection is no request of its own.
  if (walk === null || (walk.connection !== undefined && walk.phase !== "open")) return null;
  return walk.request;
}

/** Asks why for the walk on stage, once it and the cluster rest: the page never waits for it. */
export function useAskWhy(): void {
  const session = useSession();
  const shown = usePlayback((state) => state.walk);
  const id = useUi((state) => state.walk);
  const sent = useMirror((state) => state.walks.find((walk) => walk.id === id) ?? null);
  const ready = useMirror((state) => state.status === "ready");
  const many = useMirror((state) => state.objects.size > MANY);
  const wanted = useWhy((state) => state.wanted);
  const moment = useMirror(({ now, revision, commands }) => `${String(now)} ${String(revision)} ${commands.length}`);
  const request = requestOnStage(shown, sent);
  const key = request === null ? "" : JSON.stringify(request);
  const quiet = many && !wanted && shown?.outcome === "delivered";
  useEffect(() => {
    const { answer } = useWhy.getState();
    const asked = key === "" ? null : (JSON.parse(key) as Request);
    if (answer !== null && (asked === null || !sameRequest(answer.request, asked)))
      useWhy.setState({ answer: null, slow: false });
    if (asked === null || !ready || quiet) return;
    let current = true;
    let late: ReturnType<typeof setTimeout> | null = null;
    const timer = setTimeout(() => {
      late = setTimeout(() => useWhy.setState({ slow: true }), SLOW_MS);
      void askWhy(session, asked).then((found) => {
        if (late !== null) clearTimeout(late);
        if (!current) return;
        useWhy.setState({ answer: found, slow: false });
        tellNothing();
      });
    }, REST_MS);
    return () => {
      current = false;
      clearTimeout(timer);
      if (late !== null) clearTimeout(late);
      useWhy.setState({ slow: false });
    };
  }, [session, key, moment, ready, quiet]);
}

/** W was pressed, and there will be no card to take the focus. */
function tellNothing(): void {
  const { wanted, answer } = useWhy.getState();
  if (!wanted || answer === null || !isNothing(answer) || usePlayback.getState().walk?.outcome !== "delivered") return;
  useWhy.setState({ wanted: false });
  say(NOTHING);
}

/** Nothing to see: it asks. */
export function WhyAsker(): null {
  useAskWhy();
  return null;
}
