import fc from "fast-check";
import { deflateSync, strToU8 } from "fflate";
import { describe, expect, test } from "vitest";
import type { ObjectKey } from "../../model/meta/types.ts";
import { decodeShare, encodeShare, MAX_HASH } from "./codec.ts";
import { DICTIONARY_V1 } from "./dictionary.ts";
import type { SharedState } from "./schema.ts";

const state: SharedState = {
  scenario: "shop-web",
  history: {
    seed: null,
    commands: [
      { at: 0, command: { type: "text", text: "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n" } },
      { at: 0, command: { type: "send", request: { from: "client/internet", to: "lb/shop/web:80", protocol: "tcp" } } },
      { at: 1_842, command: { type: "delete", key: "Pod/shop/web-a" as ObjectKey, force: true } },
    ],
  },
  upTo: 1_000,
  view: { walk: 1, hop: { leg: "reply", index: 2 }, object: "Service/shop/web" as ObjectKey, center: "map" },
};

/** A link with this body, checksum and all, as a hostile hand would make it. */
function forge(value: string, version = 1): string {
  const body = deflateSync(strToU8(value), { level: 9, mem: 4, dictionary: strToU8(DICTIONARY_V1) });
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  }
  const packed = Buffer.alloc(4 + body.length);
  packed.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  packed.set(body, 4);
  return `#v${String(version)}.${packed.toString("base64url")}`;
}

const kindOf = (hash: string): string => {
  const result = decodeShare(hash);
  return result.ok ? "ok" : result.error.kind;
};

describe("round trip", () => {
  test("a link opens the state that it was made of", () => {
    expect(decodeShare(encodeShare(state))).toEqual({ ok: true, value: state });
  });

  test("the forger's hand and the encoder agree, so that the hostile tests below reach what they mean to", () => {
    expect(decodeShare(forge(JSON.stringify(state)))).toEqual({ ok: true, value: state });
  });

  test("any history comes back as it was", () => {
    const micros = fc.integer({ min: 0, max: 1_000_000_000 });
    const key = fc.constantFrom("Pod/shop/web", "Node//worker-1").map((text) => text as ObjectKey);
    const request = fc.record(
      {
        from: fc.string({ maxLength: 40 }),
        to: fc.string({ maxLength: 40 }),
        protocol: fc.constantFrom("tcp" as const, "udp" as const, "sctp" as const, "icmp" as const),
        family: fc.constantFrom(4 as const, 6 as const),
      },
      { requiredKeys: ["from", "to", "protocol"], noNullPrototype: true },
    );
    const command = fc.oneof(
      fc.record({ type: fc.constant("text" as const), text: fc.string({ unit: "binary", maxLength: 300 }) }),
      fc.record({ type: fc.constant("send" as const), request }),
      fc.record({ type: fc.constant("delete" as const), key, force: fc.boolean() }),
      fc.record({ type: fc.constant("kill" as const), pod: key }),
      fc.record({ type: fc.constant("scale" as const), key, replicas: fc.nat({ max: 1_000 }) }),
      fc.record({ type: fc.constant("mode" as const), mode: fc.constantFrom("iptables" as const, "ipvs" as const) }),
      fc.record({ type: fc.constant("run" as const), micros }),
    );
    const shared = fc.record({
      scenario: fc.option(fc.string({ maxLength: 30 })),
      history: fc.record({
        seed: fc.option(fc.maxSafeInteger().map((seed) => seed || 0)),
        commands: fc.array(fc.record({ at: micros, command }), { maxLength: 8 }),
      }),
      upTo: fc.option(micros),
      view: fc.record({
        walk: fc.option(fc.nat({ max: 100 })),
        hop: fc.option(fc.record({ leg: fc.constantFrom("request" as const, "reply" as const), index: fc.nat(50) })),
        object: fc.option(key),
        center: fc.constantFrom("map" as const, "netfilter" as const, "compare" as const),
      }),
    });
    fc.assert(
      fc.property(shared, (any) => {
        expect(decodeShare(encodeShare(any as SharedState))).toEqual({ ok: true, value: any });
      }),
    );
  });

  test("the dictionary keeps an ordinary scenario's link well below what chat programs cut", () => {
    const text = DICTIONARY_V1.slice(DICTIONARY_V1.indexOf("---\napiVersion: apps/v1"), DICTIONARY_V1.indexOf('{"at"'));
    const commands = [{ at: 0, command: { type: "text" as const, text: text.replaceAll("web", "checkout") } }];
    expect(encodeShare({ ...state, history: { seed: null, commands } }).length).toBeLessThan(500);
  });
});

describe("hashes that are not ours", () => {
  test("nothing, an anchor and other text are no links", () => {
    for (const hash of ["", "#", "#kh-map", "#section-2", "#version"]) expect(kindOf(hash)).toBe("none");
  });

  test("any text gives a state or a typed error, never an exception", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string().map((text) => `#v1.${text}`),
        ),
        (hash) => {
          const result = decodeShare(hash);
          expect(result.ok || ["none", "damaged", "newer"].includes(result.error.kind)).toBe(true);
        },
      ),
    );
  });

  test("cut short anywhere, it is damaged", () => {
    const hash = encodeShare(state);
    for (let length = 4; length < hash.length; length++) expect(kindOf(hash.slice(0, length))).toBe("damaged");
  });

  test("one character changed anywhere, it is damaged", () => {
    const hash = encodeShare(state);
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: hash.length - 1 }),
        fc.constantFrom("A", "z", "-", "!", "é"),
        (at, char) => {
          // The last character may hold bits that mean nothing.
          fc.pre(hash[at] !== char && at < hash.length - 1);
          expect(kindOf(hash.slice(0, at) + char + hash.slice(at + 1))).toBe("damaged");
        },
      ),
    );
  });

  test("bytes that are no deflate stream, checksum and all, are damaged", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (body) => {
        let crc = 0xffffffff;
        for (const byte of body) {
          crc ^= byte;
          for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
        }
        const packed = Buffer.alloc(4 + body.length);
        packed.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
        packed.set(body, 4);
        expect(kindOf(`#v1.${packed.toString("base64url")}`)).toBe("damaged");
      }),
    );
  });
});

describe("hostile content", () => {
  test("a bomb is refused before it fills the tab", () => {
    const bomb = forge(`{"text":"${"a".repeat(8_000_000)}"}`);
    expect(bomb.length).toBeLessThan(MAX_HASH);
    const result = decodeShare(bomb);
    expect(result).toEqual({ ok: false, error: { kind: "damaged", why: "it unpacks to more than a scenario can be" } });
  });

  test("a hash longer than any of ours is not even unpacked", () => {
    expect(decodeShare(`#v1.${"A".repeat(MAX_HASH + 1)}`)).toEqual({
      ok: false,
      error: { kind: "damaged", why: "it is too long" },
    });
  });

  test.each([
    ["no object", "null"],
    ["an array", "[]"],
    ["a member too many", JSON.stringify({ ...state, extra: 1 })],
    [
      "a command that does not exist",
      JSON.stringify({ ...state, history: { seed: 1, commands: [{ at: 0, command: { type: "eval", code: "1" } }] } }),
    ],
    ["a negative time", JSON.stringify({ ...state, upTo: -1 })],
    ["a fractional time", JSON.stringify({ ...state, upTo: 0.5 })],
    [
      "a year of virtual time",
      JSON.stringify({
        ...state,
        history: { seed: 1, commands: [{ at: 0, command: { type: "run", micros: 3.2e13 } }] },
      }),
    ],
    [
      "a million replicas and one",
      JSON.stringify({
        ...state,
        history: {
          seed: 1,
          commands: [{ at: 0, command: { type: "scale", key: "Deployment/a/b", replicas: 1_000_001 } }],
        },
      }),
    ],
    ["a key that is none", JSON.stringify({ ...state, view: { ...state.view, object: "nothing" } })],
    ["markup where a mode is meant", JSON.stringify({ ...state, view: { ...state.view, center: "<img>" } })],
    [
      "too many commands",
      JSON.stringify({
        ...state,
        history: {
          seed: 1,
          commands: Array.from({ length: 10_001 }, () => ({ at: 0, command: { type: "run", micros: 1 } })),
        },
      }),
    ],
    ["no JSON", "{"],
  ])("%s is damaged", (_, content) => {
    expect(kindOf(forge(content))).toBe("damaged");
  });

  test("__proto__ reaches no prototype", () => {
    const content = JSON.stringify(state).replace('"scenario"', '"__proto__":{"polluted":true},"scenario"');
    const result = decodeShare(forge(content));
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    const value: object = result.ok ? result.value : {};
    expect("polluted" in value).toBe(false);
  });
});

describe("a newer format", () => {
  test("is named, with the text where it can still be read", () => {
    const result = decodeShare(forge(JSON.stringify({ h: [{ text: "kind: Pod" }] }), 2));
    expect(result).toEqual({ ok: false, error: { kind: "newer", version: 2, text: "kind: Pod" } });
  });

  test("is named without one where it cannot", () => {
    expect(decodeShare("#v12.eNqVVMtu2zAQ")).toEqual({ ok: false, error: { kind: "newer", version: 12, text: null } });
  });
});
