import { describe, expect, it } from "vitest";
import { clusterIPWalk, mirrorOf, nodePortWalk, refusedWalk, vipWalk } from "../../graph/testing/fixture.ts";
import type { Walk } from "../../model/trace/types.ts";
import { sequence } from "../playback.ts";
import { hopBefore, questionAt, questionOfLesson, questionsOf, type Question } from "./questions.ts";

const { objects } = mirrorOf();

function questionIn(walk: Walk, id: Question["id"]): Question {
  const found = questionsOf(walk, objects).find((question) => question.id === id);
  if (found === undefined) throw new Error(`no question ${id}`);
  return found;
}

const texts = ({ choices }: Question): readonly string[] => choices.map(({ text }) => text);

describe("which pod answers", () => {
  it("is asked before the hop that chooses, among the ready endpoints in the order of their addresses", () => {
    const walk = vipWalk();
    const question = questionIn(walk, "pod");
    expect(hopBefore(walk, question)?.verdict).toBe("dnat");
    expect(question.ask).toBe("Which pod will answer?");
    expect(texts(question)).toEqual(["10.244.1.5", "10.244.2.3", "10.244.3.4"]);
    expect(question.right).toBe("10.244.2.3");
  });

  it("is not asked of the balancer's own choice of a node", () => {
    const walk = nodePortWalk();
    expect(hopBefore(walk, questionIn(walk, "pod"))?.place).toBe("node/worker-3");
  });

  it("has the same choices whichever of them is right", () => {
    const choices = (["10.244.1.5", "10.244.3.4"] as const).map((ip, i) =>
      questionIn(clusterIPWalk("web", ip, i === 0 ? 1 : 3), "pod").choices.map(({ id }) => id),
    );
    expect(choices[0]).toEqual(choices[1]);
  });

  it("counts in an endpoint that was taken though it is none any more", () => {
    const question = questionIn(clusterIPWalk("web", "10.244.2.200", 2), "pod");
    expect(texts(question)).toEqual(["10.244.1.5", "10.244.2.3", "10.244.2.200", "10.244.3.4"]);
    expect(question.right).toBe("10.244.2.200");
  });

  it("is asked by node where pods are more than can be told apart", () => {
    const slices = [...objects].map(([key, object]) =>
      object.kind === "EndpointSlice"
        ? ([
            key,
            {
              ...object,
              endpoints: Array.from({ length: 9 }, (_, i) => ({
                addresses: [`10.244.${String(1 + (i % 3))}.${String(3 + i)}`],
                nodeName: `worker-${String(1 + (i % 3))}`,
              })),
            },
          ] as const)
        : ([key, object] as const),
    );
    const question = questionsOf(clusterIPWalk("web", "10.244.2.4", 2), new Map(slices)).find(({ id }) => id === "pod");
    expect(question?.ask).toBe("On which node is the pod that will answer?");
    expect(question?.choices.map(({ text, note }) => `${text} ${note}`)).toEqual([
      "worker-1 3 pods",
      "worker-2 3 pods",
      "worker-3 3 pods",
    ]);
    expect(question?.right).toBe("worker-2");
  });
});

describe("which source the pod sees", () => {
  it("is asked before the source is rewritten, among all addresses that there might be", () => {
    const walk = vipWalk();
    const question = questionIn(walk, "source");
    expect(hopBefore(walk, question)?.verdict).toBe("snat");
    expect(question.choices.map(({ text, note }) => `${text} ${note}`)).toEqual([
      "198.51.100.24 the client",
      "203.0.113.10 the load balancer",
      "192.168.56.11 worker-1, eth0",
      "10.244.1.1 worker-1, cni0",
    ]);
    expect(question.right).toBe("192.168.56.11");
    expect(question.right).toBe(walk.sourceSeen);
  });

  it("is asked at the same place where nothing rewrites it: that it is asked tells nothing", () => {
    const walk = clusterIPWalk("web", "10.244.2.3", 2);
    const question = questionIn(walk, "source");
    expect(hopBefore(walk, question)?.stage).toBe("hook:nat/POSTROUTING");
    expect(hopBefore(walk, question)?.place).toBe("node/worker-1");
    expect(question.choices.map(({ text, note }) => `${text} ${note}`)).toEqual([
      "10.244.1.9 the client, pod curl",
      "10.96.41.7 Service web",
      "192.168.56.11 worker-1, eth0",
      "10.244.1.1 worker-1, cni0",
    ]);
    expect(question.right).toBe("10.244.1.9");
    expect(question.why).toMatch(/^No rule rewrites the source\./);
  });
});

it("a source that a relay changes is asked for before the relay, not where its client's connection leaves the node", () => {
  const walk = clusterIPWalk("web", "10.244.2.3", 2);
  const last = walk.hops.at(-1);
  if (last === undefined) throw new Error("no hop");
  const second = { ...last, after: { ...last.after, src: "10.244.2.3", sport: 40001, dst: "10.244.3.4" } };
  const relayed: Walk = {
    ...walk,
    hops: [...walk.hops, { ...second, index: walk.hops.length, verdict: "continue" }],
    sourceSeen: "10.244.2.3",
  };
  expect(questionIn(relayed, "source").before).toBe(walk.hops.length);
  expect(questionIn(relayed, "source").choices.at(-1)?.id).toBe("10.244.2.3");
});

describe("what the client gets", () => {
  it("is asked before the last hop of the request, with the same choices whatever becomes of it", () => {
    const walks = [vipWalk(), refusedWalk(), { ...vipWalk(), outcome: "timeout" as const }];
    const questions = walks.map((walk) => questionIn(walk, "end"));
    expect(new Set(questions.map((question) => JSON.stringify(question.choices))).size).toBe(1);
    expect(questions.map(({ right }) => right)).toEqual(["answer", "refused", "timeout"]);
    for (const [i, walk] of walks.entries()) expect(questions[i]?.before).toBe(walk.hops.length - 1);
  });

  it("offers that the name is not found to those alone who dial one", () => {
    const walk = vipWalk();
    const [first, ...rest] = walk.hops;
    if (first === undefined) throw new Error("no hop");
    const named: Walk = { ...walk, hops: [{ ...first, stage: "dns" }, ...rest] };
    expect(texts(questionIn(walk, "end"))).not.toContain("No such name");
    expect(texts(questionIn(named, "end"))).toContain("No such name");
  });

  it("asks neither for a pod nor for a source where none is reached", () => {
    expect(questionsOf(refusedWalk(), objects).map(({ id }) => id)).toEqual(["end"]);
  });
});

it("every question has its answer among its choices, and each choice once", () => {
  for (const walk of [vipWalk(), nodePortWalk(), refusedWalk(), clusterIPWalk("web", "10.244.3.4", 3)])
    for (const { choices, right, before } of questionsOf(walk, objects)) {
      const ids = choices.map(({ id }) => id);
      expect(ids).toContain(right);
      expect(new Set(ids).size).toBe(ids.length);
      expect(sequence(walk)[before]?.leg).toBe("request");
    }
});

it("a question comes up at its place, and once", () => {
  const walk = vipWalk();
  const questions = questionsOf(walk, objects);
  const [first] = questions;
  expect(first?.id).toBe("pod");
  expect(questionAt(questions, first?.before ?? -2, () => false)).toBe(first);
  expect(questionAt(questions, (first?.before ?? -2) - 1, () => false)).toBeNull();
  expect(questionAt(questions, first?.before ?? -2, (question) => question === first)).toBeNull();
});

it("a lesson's question keeps the order of its author and says why of each choice", () => {
  const question = questionOfLesson({
    ask: "Does it arrive?",
    options: [
      { text: "Yes", why: "It does not." },
      { text: "No", right: true, why: "There is no endpoint." },
    ],
  });
  expect(question.right).toBe("1");
  expect(question.before).toBe(-1);
  expect(question.choices.map(({ text, why }) => `${text}: ${why}`)).toEqual([
    "Yes: It does not.",
    "No: There is no endpoint.",
  ]);
});
