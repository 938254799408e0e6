import { expect, test } from "vitest";
import { seededChooser } from "../base/draw.ts";
import { MILLISECOND, SECOND } from "../base/time.ts";
import type { HttpResponse, Message } from "../model/trace/message.ts";
import type { Protocol, Walk } from "../model/trace/types.ts";
import { explore } from "./explore.ts";
import type { Program, Reaction } from "./program.ts";
import { send } from "./send.ts";
import { type TestPod, testView } from "./testing.ts";
import { EMPTY_NETWORK, type NetworkState } from "./types.ts";

const GET: Message = { kind: "http", method: "GET", scheme: "http", host: "shop.example", path: "/", headers: [] };
const answer = (status: number, reason: string): HttpResponse => ({
  path: "/",
  version: "HTTP/1.1",
  status,
  reason,
  headers: [],
  body: "",
});
const OK = answer(200, "OK");

const PODS: readonly TestPod[] = [
  { name: "client", node: "worker-1", ip: "10.244.1.9", listen: "1/tcp" },
  { name: "front", node: "worker-2", ip: "10.244.2.5", listen: "80/tcp,53/udp" },
  { name: "web-1", node: "worker-1", ip: "10.244.1.5", listen: "8080/tcp" },
  { name: "web-2", node: "worker-3", ip: "10.244.3.5", listen: "8080/tcp" },
];

const program = (react: Program["react"]): Program => ({ name: "the front end", react });
const view = (front: Program, pods = PODS) =>
  testView({ pods, programs: (pod) => (pod.metadata.name === "front" ? front : null) });

const relay = (endpoints: readonly string[], says: Message | null = null): Reaction => ({
  kind: "relay",
  name: "pool",
  note: "chooses a backend",
  endpoints: endpoints.map((ip) => ({ key: `${ip}:8080`, ip, port: 8080 })),
  says,
  attempts: 2,
  patience: 5 * SECOND,
  failed: (outcome) => (outcome === null ? answer(503, "Service Unavailable") : answer(502, "Bad Gateway")),
});

function walkOf(front: Program, more: { says?: Message; protocol?: Protocol; state?: NetworkState; id?: number } = {}) {
  const { says, protocol = "tcp", state = EMPTY_NETWORK, id = 1 } = more;
  const to = `pod/default/front:${protocol === "tcp" ? 80 : 53}`;
  const request = { from: "pod/default/client", to, protocol, ...(says === undefined ? {} : { says }) };
  const sent = send(view(front), state, request, { id, chooser: seededChooser(1) });
  if (!sent.ok) throw new Error(sent.error.message);
  return sent.value;
}

const notes = ({ hops }: Walk): string => hops.map((hop) => hop.note).join(" ");

test("a program hears what the client says and from where, takes its time and answers", () => {
  const { walk } = walkOf(
    program(({ says, source, local }) => ({
      kind: "answer",
      note: `answers ${says?.kind === "http" ? says.host : "nobody"} from ${source.ip} at ${local.ip}:${local.port}`,
      took: 7 * MILLISECOND,
      response: OK,
    })),
    { says: GET },
  );
  expect(walk).toMatchObject({ outcome: "delivered", symptom: "HTTP/1.1 200 OK", response: OK });
  expect(notes(walk)).toContain("answers shop.example from 10.244.1.9 at 10.244.2.5:80");
  expect(walk.endedAt).toBeGreaterThan(7 * MILLISECOND);
});

test("a program that reads and says nothing keeps its client waiting: connected in TCP", () => {
  const silent = program(() => ({ kind: "ignore", note: "has nothing to say" }));
  expect(walkOf(silent).walk.symptom).toContain("Operation timed out");
  expect(walkOf(silent, { protocol: "udp" }).walk.outcome).toBe("timeout");
});

test("a relay makes a second connection of its own, in turn, and the backend sees the relay", () => {
  const front = program(() => relay(["10.244.1.5", "10.244.3.5"], GET));
  let state = EMPTY_NETWORK;
  const backends = [1, 2, 3].map((id) => {
    const sent = walkOf(front, { state, id });
    state = sent.state;
    const [child] = sent.walk.children;
    expect(child).toMatchObject({ role: "relay", outcome: "delivered", sourceSeen: "10.244.2.5" });
    expect(child?.request.says).toEqual(GET);
    expect(sent.walk).toMatchObject({ outcome: "delivered", sourceSeen: "10.244.2.5" });
    return sent.walk.backend?.ip;
  });
  expect(new Set(backends.slice(0, 2))).toEqual(new Set(["10.244.1.5", "10.244.3.5"]));
  expect(backends[2]).toBe(backends[0]);
});

test("all backends of a relay are explored with their exact shares", () => {
  const request = { from: "pod/default/client", to: "pod/default/front:80", protocol: "tcp" } as const;
  const explored = explore(view(program(() => relay(["10.244.1.5", "10.244.3.5"]))), EMPTY_NETWORK, request, {
    id: 0,
    chooser: seededChooser(1),
  });
  if (!explored.ok) throw new Error(explored.error.message);
  const shares = Object.fromEntries(explored.value.walks.map((walk) => [walk.backend?.ip ?? "", walk.probability]));
  expect(shares).toEqual({ "10.244.1.5": 0.5, "10.244.3.5": 0.5 });
});

test("a relay that reaches nobody answers itself, or closes", () => {
  const dead = walkOf(program(() => relay(["10.244.1.77", "10.244.1.5"].slice(0, 1)))).walk;
  expect(dead.response?.status).toBe(502);
  expect(dead.children).toHaveLength(2);
  expect(walkOf(program(() => relay([]))).walk.response?.status).toBe(503);
  const mute = walkOf(program(() => ({ ...relay([]), failed: () => null }) as Reaction)).walk;
  expect(mute.outcome).toBe("reset");
});
