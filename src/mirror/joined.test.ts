import { expect, test } from "vitest";
import type { Header, Hop, HostId, Stage, Walk } from "../model/trace/types.ts";
import { isRelayed, joined } from "./joined.ts";

const header = (src: string, dst: string): Header => ({
  src,
  dst,
  sport: 1,
  dport: 2,
  protocol: "tcp",
  mark: 0,
  ttl: 64,
});

const hop = (index: number, place: HostId, stage: Stage, at: Header, more: Partial<Hop> = {}): Hop => ({
  index,
  at: 0,
  place,
  iface: null,
  stage,
  label: stage,
  rule: null,
  considered: 0,
  matched: 0,
  steps: [],
  skipped: [],
  before: at,
  after: at,
  verdict: "continue",
  draw: null,
  note: `${place} ${stage}`,
  mirrors: null,
  to: null,
  ...more,
});

const walk = (more: Partial<Walk>): Walk => ({
  id: 1,
  request: { from: "client/internet", to: "10.0.0.1:80", protocol: "tcp" },
  startedAt: 0,
  endedAt: 0,
  hops: [],
  reply: [],
  outcome: "delivered",
  symptom: "",
  summary: "",
  backend: null,
  sourceSeen: null,
  probability: 1,
  children: [],
  ...more,
});

const asked = header("client", "node");
const answered = header("node", "client");
const dialled = header("relay", "pod");
const back = header("pod", "relay");

const child = walk({
  role: "relay",
  hops: [hop(0, "node/a", "client", dialled), hop(1, "pod/x/y", "socket", dialled)],
  reply: [hop(0, "pod/x/y", "route", back, { mirrors: 1 }), hop(1, "node/a", "socket", back, { mirrors: 0 })],
});

const parent = walk({
  hops: [
    hop(0, "client/internet", "client", asked),
    hop(1, "node/a", "socket", asked, { verdict: "deliver" }),
    hop(2, "node/a", "socket", asked, { note: "opens a second connection" }),
  ],
  reply: [
    hop(0, "node/a", "route", answered, { mirrors: 1 }),
    hop(1, "client/internet", "socket", answered, { mirrors: 0 }),
  ],
  children: [walk({ role: "relay", outcome: "refused" }), child, walk({ role: "dns" })],
});

test("a relay's connection stands between the two halves of its client's", () => {
  const whole = joined(parent);
  expect(whole.hops.map((h) => `${h.index} ${h.place} ${h.note}`)).toEqual([
    "0 client/internet client/internet client",
    "1 node/a node/a socket",
    "2 node/a opens a second connection",
    "3 pod/x/y pod/x/y socket",
  ]);
  expect(whole.reply.map((h) => [h.index, h.place, h.mirrors])).toEqual([
    [0, "pod/x/y", 3],
    [1, "node/a", 2],
    [2, "node/a", 1],
    [3, "client/internet", 0],
  ]);
  expect(whole.children.map((c) => [c.role, c.outcome])).toEqual([
    ["relay", "refused"],
    ["dns", "delivered"],
  ]);
});

test("headers change as a whole exactly where the one connection ends and the other begins", () => {
  const whole = joined(parent);
  expect(whole.hops.filter(isRelayed).map((h) => [h.index, h.before, h.after])).toEqual([[2, asked, dialled]]);
  expect(whole.reply.filter(isRelayed).map((h) => [h.index, h.before, h.after])).toEqual([[2, back, answered]]);
});

test("a walk without a relay is left as it is", () => {
  const plain = walk({ children: [walk({ role: "dns" })] });
  expect(joined(plain)).toBe(plain);
});
