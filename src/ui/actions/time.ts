import { stepStory } from "../controlplane/state.ts";
import { lastApply } from "../controlplane/story.ts";
import { useUi } from "../state.ts";
import { failuresOf, paceOf } from "../time/moments.ts";
import { useTime } from "../time/time.ts";
import type { Action } from "./registry.ts";

const hasEvents = (): boolean => useTime.getState().whole.journal.length > 0;
const isLooking = (): boolean => useTime.getState().looking;

/** What is done with the time of the whole cluster. */
export const TIME_ACTIONS: readonly Action[] = [
  {
    id: "time.previous",
    title: "Previous event",
    group: "Time",
    keys: ["["],
    enabled: hasEvents,
    run: ({ session }) => stepStory(session, -1) || session.time.stepEvent(-1),
  },
  {
    id: "time.next",
    title: "Next event",
    group: "Time",
    keys: ["]"],
    enabled: hasEvents,
    run: ({ session }) => stepStory(session, 1) || session.time.stepEvent(1),
  },
  {
    id: "time.failure",
    title: "Jump to the next failure",
    group: "Time",
    keys: ["X"],
    hint: "refused timeout crash lost",
    enabled: () => failuresOf(useTime.getState().whole).length > 0,
    run: ({ session }) => session.time.nextFailure(),
  },
  {
    id: "time.play",
    title: "Let the cluster’s time pass, or stop it",
    group: "Time",
    enabled: hasEvents,
    run: ({ session }) => (useTime.getState().playing ? session.time.pause() : session.time.play()),
  },
  {
    id: "time.present",
    title: "Back to the present",
    group: "Time",
    enabled: isLooking,
    run: ({ session }) => session.time.toPresent(),
  },
  {
    id: "time.undo-fork",
    title: "Undo the last fork",
    group: "Time",
    enabled: () => useTime.getState().forks.length > 0,
    run: ({ session }) => {
      const fork = useTime.getState().forks.at(-1);
      if (fork !== undefined) void session.time.undoFork(fork);
    },
  },
  {
    id: "time.story",
    title: "What the last apply did, step by step",
    group: "Time",
    hint: "control plane watch etcd kubelet kube-proxy",
    enabled: () => lastApply(useTime.getState().whole.journal) !== null,
    run: async ({ layout }) => {
      const { openLastStory } = await import("../controlplane/open.ts");
      openLastStory(layout);
    },
  },
  {
    id: "time.take-time",
    title: "Let changes take their time",
    group: "Time",
    hint: "live rollout drain pace run",
    enabled: () => paceOf(useTime.getState().whole.commands) === "settle",
    run: ({ session }) => session.time.setPace("run"),
  },
  {
    id: "time.settle",
    title: "Let changes come to rest at once",
    group: "Time",
    hint: "pace settle",
    enabled: () => paceOf(useTime.getState().whole.commands) === "run",
    run: ({ session }) => session.time.setPace("settle"),
  },
  {
    id: "time.list",
    title: "All events as a list",
    group: "Time",
    enabled: hasEvents,
    run: () => {
      useTime.getState().set({ view: "list" });
      useUi.getState().set({ dock: "timeline", phone: "details" });
    },
  },
];
