import { describe, expect, it } from "vitest";
import type { TrackedConnection } from "../../model/trace/connection.ts";
import type { Header } from "../../model/trace/types.ts";
import { entryOf } from "./tracked.ts";

const header = (src: string, sport: number, dst: string, dport: number): Header =>
  ({ protocol: "tcp", src, sport, dst, dport }) as Header;

/** A client that came by a NodePort: DNAT to a pod, SNAT to the node's own address. */
const ENTRY = {
  protocol: "tcp",
  original: header("198.51.100.24", 44168, "192.168.56.11", 32385),
  reply: header("10.244.2.2", 8080, "192.168.56.11", 7385),
  state: "ESTABLISHED",
} as Partial<TrackedConnection> as TrackedConnection;

const FROM_CLIENT = header("198.51.100.24", 44168, "192.168.56.11", 32385);
const AFTER_DNAT = header("198.51.100.24", 44168, "10.244.2.2", 8080);
const AFTER_SNAT = header("192.168.56.11", 7385, "10.244.2.2", 8080);
const ANSWER = header("10.244.2.2", 8080, "192.168.56.11", 7385);
const UNDONE = header("192.168.56.11", 32385, "198.51.100.24", 44168);

describe("the entry of the connection table that a packet belongs to", () => {
  it.each([
    ["at the DNAT", FROM_CLIENT, AFTER_DNAT],
    ["at the SNAT, where it has neither tuple before and the reply's, turned round, after", AFTER_DNAT, AFTER_SNAT],
    ["when the answer comes", ANSWER, ANSWER],
    ["when the answer leaves", ANSWER, UNDONE],
  ])("is found %s", (_, before, after) => {
    expect(entryOf([ENTRY], { before, after })).toBe(ENTRY);
  });

  it("is not another connection's", () => {
    const other = header("198.51.100.24", 44169, "192.168.56.11", 32385);
    expect(entryOf([ENTRY], { before: other, after: other })).toBeNull();
  });
});
