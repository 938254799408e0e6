import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Boundary } from "./Boundary.tsx";

/** As React has it render after a child threw. */
function broken(error: unknown): string {
  const boundary = new Boundary({ name: "The map", children: "the map" });
  boundary.state = Boundary.getDerivedStateFromError(error);
  return renderToStaticMarkup(createElement("div", null, boundary.render()));
}

describe("Boundary", () => {
  it("shows what it holds as long as that works", () => {
    expect(renderToStaticMarkup(new Boundary({ name: "The map", children: "the map" }).render())).toBe("the map");
  });

  it("names what stopped, why, and what is safe, and offers one next step", () => {
    const html = broken(new Error("no such card"));
    expect(html).toContain('role="alert"');
    expect(html).toContain("<h2>The map stopped</h2>");
    expect(html).toContain("no such card");
    expect(html).toContain("Your text and everything you sent are safe");
    expect(html.match(/<button/g)).toHaveLength(1);
    expect(html).toContain("Show it again");
    expect(html).not.toContain("the map<");
  });

  it("takes anything for an error, as anything can be thrown", () => {
    expect(broken("out of ink")).toContain("out of ink");
  });
});
