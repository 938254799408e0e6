import { beforeEach, describe, expect, it } from "vitest";
import { usePage } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import {
  activate,
  activeTab,
  addFiles,
  closeTab,
  editTab,
  moveTab,
  openInTab,
  renameTab,
  reopenTab,
  useTabs,
} from "./tabs.ts";

/** A session that only holds the text. */
const session = {
  edit: (draft: string) => usePage.setState({ draft }),
  replaceText: (draft: string) => usePage.setState({ draft }),
} as unknown as Session;

const names = (): readonly string[] => useTabs.getState().tabs.map(({ name }) => name);
const idOf = (name: string): number => useTabs.getState().tabs.find((tab) => tab.name === name)?.id ?? -1;
const open = (): string => activeTab(useTabs.getState()).name;

describe("tabs", () => {
  beforeEach(() => usePage.setState({ draft: "a: 1\n" }));

  it("add, rename, move and close files in the one text", () => {
    expect(names()).toEqual(["scenario.yaml"]);
    expect(
      addFiles(session, [
        { name: "web.yaml", text: "b: 1\n" },
        { name: "web.yaml", text: "c: 1\n" },
      ]),
    ).toEqual(["web.yaml", "web-2.yaml"]);
    expect(open()).toBe("web.yaml");
    expect(usePage.getState().draft).toBe("a: 1\n--- # file: web.yaml\nb: 1\n--- # file: web-2.yaml\nc: 1\n");
    const id = idOf("web.yaml");
    renameTab(session, id, "shop.yaml");
    expect(idOf("shop.yaml")).toBe(id);
    moveTab(session, id, 0);
    expect(names()).toEqual(["shop.yaml", "scenario.yaml", "web-2.yaml"]);
    expect(idOf("shop.yaml")).toBe(id);
    closeTab(session, id);
    expect(usePage.getState().draft).toBe("a: 1\n--- # file: web-2.yaml\nc: 1\n");
    expect(open()).toBe("scenario.yaml");
    reopenTab(session);
    expect(names()).toEqual(["shop.yaml", "scenario.yaml", "web-2.yaml"]);
    expect(open()).toBe("shop.yaml");
  });

  it("keep the last file", () => {
    closeTab(session, idOf("scenario.yaml"));
    expect(names()).toEqual(["scenario.yaml"]);
  });

  it("follow a text that was replaced from outside, by name", () => {
    addFiles(session, [{ name: "web.yaml", text: "b: 1\n" }]);
    const id = idOf("web.yaml");
    usePage.setState({ draft: "--- # file: new.yaml\nx: 1\n--- # file: web.yaml\nb: 2\n" });
    expect(names()).toEqual(["new.yaml", "web.yaml"]);
    expect(idOf("web.yaml")).toBe(id);
    expect(open()).toBe("web.yaml");
    usePage.setState({ draft: "z: 1\n" });
    expect(names()).toEqual(["scenario.yaml"]);
    expect(open()).toBe("scenario.yaml");
  });

  it("change one file's text alone, and open a text in the tab that has its name", () => {
    addFiles(session, [{ name: "web.yaml", text: "b: 1\n" }]);
    editTab(session, idOf("scenario.yaml"), "a: 2\n");
    expect(usePage.getState().draft).toBe("a: 2\n--- # file: web.yaml\nb: 1\n");
    activate(idOf("scenario.yaml"));
    openInTab(session, "web.yaml", "b: 3\n");
    expect(open()).toBe("web.yaml");
    expect(usePage.getState().draft).toBe("a: 2\n--- # file: web.yaml\nb: 3\n");
  });
});
