import { useEffect, useRef, useState } from "react";
import type { TableName } from "../../model/trace/types.ts";
import type { RuleRow } from "../../wire/protocol.ts";
import type { Query } from "../inspector/types.ts";
import { PAGE, pagesOf, type Window } from "./pages.ts";

export interface RuleFilter {
  readonly node: string;
  readonly table: TableName | null;
  readonly search: string;
  /** Rules of one IP family; absent: the node has only one. */
  readonly family?: 4 | 6;
}

export interface RuleList {
  /** Empty before the first answer; changes with filter and version. */
  readonly key: string;
  readonly total: number;
  /** Undefined until the row's page has come. */
  row(index: number): RuleRow | undefined;
}

/**
 * The rows of a node's rules that a window shows, asked for page by page. `version` changes when the rules may have: pages are
 * then asked for anew, the old ones staying on screen until the answer is there.
 */
export function useRules(query: Query, filter: RuleFilter, version: string, window: Window): RuleList {
  const [list, setList] = useState<{
    readonly key: string;
    readonly total: number;
    readonly pages: ReadonlyMap<number, readonly RuleRow[]>;
  }>({
    key: "",
    total: 0,
    pages: new Map(),
  });
  const asked = useRef(new Set<string>());
  const { node, table, search, family } = filter;
  const key = JSON.stringify([node, table, search, family ?? null, version]);
  const wanted = pagesOf(window).join(",");

  useEffect(() => {
    if (node === "") return;
    if (![...asked.current].some((one) => one.startsWith(`${key} `))) asked.current.clear();
    for (const page of wanted.split(",").map(Number)) {
      const id = `${key} ${page}`;
      if (asked.current.has(id)) continue;
      asked.current.add(id);
      query("rules", {
        node,
        table,
        search,
        offset: page * PAGE,
        limit: PAGE,
        ...(family === undefined ? {} : { family }),
      }).then(
        ({ total, rows }) => {
          // Asked for and meanwhile something else wanted: the answer is of no use.
          if (!asked.current.has(id)) return;
          setList((was) => ({ key, total, pages: new Map(was.key === key ? was.pages : []).set(page, rows) }));
        },
        () => asked.current.delete(id),
      );
    }
  }, [query, key, node, table, search, family, wanted]);

  return { key: list.key, total: list.total, row: (index) => list.pages.get(Math.floor(index / PAGE))?.[index % PAGE] };
}
