import { describe, expect, it } from "vitest";
import { readLab } from "./lab.ts";

describe("readLab", () => {
  it("reads block style", () => {
    const text = `# A comment\napiVersion: v1\nkind: Namespace\n---\napiVersion: kubehop.dev/v1alpha1\nkind: Lab\nmetadata: {name: lab}\nspec:\n  seed: 3\n  title: LoadBalancer, three workers\n  open:\n    from: client/internet\n    to: lb/shop/web:80\n`;
    expect(readLab(text)).toEqual({
      title: "LoadBalancer, three workers",
      open: { from: "client/internet", to: "lb/shop/web:80" },
    });
  });

  it("reads flow style", () => {
    const text = `kind: Lab\nspec: {title: ClusterIP, open: {from: pod/shop/curl, to: "service/shop/web:80"}}\n`;
    expect(readLab(text)).toEqual({ title: "ClusterIP", open: { from: "pod/shop/curl", to: "service/shop/web:80" } });
  });

  it("falls back to the first comment, and finds no request in other kinds", () => {
    expect(readLab("# NodePort on every node\nkind: Service\nspec:\n  open: {from: a, to: b}\n")).toEqual({
      title: "NodePort on every node",
      open: null,
    });
  });

  it("says null when there is neither", () => {
    expect(readLab("kind: Service\n")).toEqual({ title: null, open: null });
  });
});
