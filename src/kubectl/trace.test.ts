import { expect, it } from "vitest";
import type { Walk } from "../model/trace/types.ts";
import { traceJson, traceText } from "./trace.ts";

it("says how much of an exploration was not followed, and nothing when all was", () => {
  expect(JSON.parse(traceJson({ walks: [], unexplored: 0.25 }))).toEqual({ outcomes: [], walks: [], unexplored: 0.25 });
  expect(JSON.parse(traceJson({ walks: [] }))).toEqual({ outcomes: [], walks: [] });
  expect(traceText({ walks: [], unexplored: 0.25 })).toBe("25.00 %  not followed: the branches are too many\n");
});

it("prints what a server is known to answer as curl -i does", () => {
  const walk: Walk = {
    id: 0,
    request: { from: "node/worker-1", to: "node/worker-2:31999", protocol: "tcp" },
    startedAt: 0,
    endedAt: 1,
    hops: [],
    reply: [],
    outcome: "delivered",
    symptom: "HTTP/1.1 200 OK",
    summary: "It answers.",
    backend: null,
    sourceSeen: "192.168.56.11",
    response: {
      path: "/",
      version: "HTTP/1.1",
      status: 200,
      reason: "OK",
      headers: [{ name: "Content-Length", value: "4" }],
      body: "{\n\t}",
    },
    probability: 1,
    children: [],
  };
  const text = "100.00 %  delivered\n  HTTP/1.1 200 OK\n  Content-Length: 4\n\n  {\n  \t}\n  It answers.\n";
  expect(traceText({ walks: [walk] })).toBe(text);
  expect(JSON.parse(traceJson({ walks: [walk] }))).toMatchObject({ outcomes: [{ response: walk.response }] });
});
