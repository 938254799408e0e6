import { describe, expect, it } from "vitest";
import { jsonMerge, jsonPatch, strategicMerge } from "./patches.ts";

const SERVICE = {
  metadata: { labels: { app: "web" } },
  spec: {
    ports: [
      { port: 80, name: "a" },
      { port: 81, name: "b" },
    ],
    externalIPs: ["1.1.1.1"],
  },
};

describe("a strategic merge patch", () => {
  it("merges lists by their key, and replaces those without one", () => {
    const patched = strategicMerge(SERVICE, {
      spec: { ports: [{ port: 81, nodePort: 30081 }, { port: 82 }], externalIPs: ["2.2.2.2"] },
    });
    expect(patched).toMatchObject({
      spec: {
        ports: [{ port: 80, name: "a" }, { port: 81, name: "b", nodePort: 30081 }, { port: 82 }],
        externalIPs: ["2.2.2.2"],
      },
    });
  });

  it("obeys null and $patch", () => {
    expect(strategicMerge(SERVICE, { metadata: { labels: null } })).toEqual({ ...SERVICE, metadata: {} });
    expect(strategicMerge(SERVICE, { spec: { ports: [{ port: 80, $patch: "delete" }] } })).toMatchObject({
      spec: { ports: [{ port: 81, name: "b" }] },
    });
    expect(strategicMerge(SERVICE, { spec: { ports: [{ port: 9 }, { $patch: "replace" }] } })).toMatchObject({
      spec: { ports: [{ port: 9 }] },
    });
  });

  it("finds containers inside a template by name", () => {
    const pods = {
      spec: {
        template: {
          spec: {
            containers: [
              { name: "a", image: "x" },
              { name: "b", image: "y" },
            ],
          },
        },
      },
    };
    expect(strategicMerge(pods, { spec: { template: { spec: { containers: [{ name: "b", image: "z" }] } } } })).toEqual(
      {
        spec: {
          template: {
            spec: {
              containers: [
                { name: "a", image: "x" },
                { name: "b", image: "z" },
              ],
            },
          },
        },
      },
    );
  });
});

it("merges JSON: lists are replaced whole", () => {
  expect(jsonMerge(SERVICE, { spec: { ports: [{ port: 9 }], externalIPs: null } })).toEqual({
    metadata: SERVICE.metadata,
    spec: { ports: [{ port: 9 }] },
  });
});

describe("a JSON patch", () => {
  it.each([
    [
      { op: "replace", path: "/spec/ports/0/port", value: 8 },
      {
        spec: {
          ports: [
            { port: 8, name: "a" },
            { port: 81, name: "b" },
          ],
        },
      },
    ],
    [{ op: "add", path: "/spec/ports/-", value: { port: 9 } }, { spec: { ports: [{}, {}, { port: 9 }] } }],
    [{ op: "add", path: "/spec/ports/0", value: { port: 9 } }, { spec: { ports: [{ port: 9 }, {}, {}] } }],
    [{ op: "remove", path: "/spec/ports/0" }, { spec: { ports: [{ port: 81 }] } }],
    [{ op: "copy", from: "/spec/ports/1/name", path: "/spec/ports/0/name" }, { spec: { ports: [{ name: "b" }, {}] } }],
    [
      { op: "move", from: "/metadata/labels/app", path: "/metadata/labels/x~1y" },
      { metadata: { labels: { "x/y": "web" } } },
    ],
  ])("%j", (operation, expected) => {
    const patched = jsonPatch(SERVICE, [operation]);
    expect(patched.ok && patched.value).toMatchObject(expected);
  });

  it.each([
    { op: "remove", path: "/spec/nope" },
    { op: "replace", path: "/spec/ports/7/port", value: 1 },
    { op: "test", path: "/spec/ports/0/port", value: 1 },
    { op: "add", path: "/nope/deep", value: 1 },
  ])("refuses %j", (operation) => expect(jsonPatch(SERVICE, [operation]).ok).toBe(false));
});
