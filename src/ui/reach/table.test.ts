import { describe, expect, test } from "vitest";
import { objectKey } from "../../model/meta/types.ts";
import type { Matrix, MatrixCell, MatrixColumn, MatrixRow, MatrixShare } from "../../model/trace/matrix.ts";
import {
  cellsAt,
  cellText,
  changes,
  columnText,
  EMPTY,
  failsAt,
  moved,
  shareText,
  shown,
  tallyText,
  withPart,
} from "./table.ts";

const row = (name: string): MatrixRow => ({
  from: `node/${name}`,
  kind: "node",
  label: name,
  count: 1,
  members: [name],
});
const column = (namespace: string, name: string): MatrixColumn => ({
  service: objectKey("Service", namespace, name),
  portName: "",
  port: 80,
  protocol: "tcp",
  road: "cluster-ip",
  to: `service/${namespace}/${name}:80`,
  label: `${namespace}/${name}:80`,
});
const share = (outcome: MatrixShare["outcome"], of = 1): MatrixShare => ({
  outcome,
  share: of,
  branch: 0,
  symptom: "",
});
const ROWS = [row("a"), row("b")];
const COLUMNS = [column("kube-system", "kube-dns"), column("shop", "web")];

function part(fates: readonly (readonly MatrixShare[])[], more: Partial<Matrix> = {}): Matrix {
  const cells = fates.map((shares, i): MatrixCell => {
    const [r, c] = [Math.floor(i / COLUMNS.length), i % COLUMNS.length];
    const request = { from: ROWS[r]?.from ?? "", to: COLUMNS[c]?.to ?? "", protocol: "tcp" } as const;
    return { row: r, column: c, mode: null, request, shares, unexplored: 0 };
  });
  const total = ROWS.length * COLUMNS.length;
  const omitted = { rows: 0, columns: 0 };
  return { rows: ROWS, columns: COLUMNS, modes: [null], cells, next: null, total, omitted, explored: 0, ...more };
}

const OK = [share("delivered")];
const THIRD = [share("delivered", 2 / 3), share("timeout", 1 / 3)];
const table = withPart(EMPTY, part([OK, OK, OK, THIRD]));

test("parts make one table", () => {
  const whole = part([OK, THIRD, OK, OK]);
  const [first, second] = [whole.cells.slice(0, 3), whole.cells.slice(3)];
  const once = withPart(EMPTY, { ...whole, cells: first, next: 3 });
  expect([once.known, once.total]).toEqual([3, 4]);
  const twice = withPart(once, { ...whole, cells: second });
  expect(twice.known).toBe(4);
  expect(cellsAt(twice, 1, 1)).toEqual(second);
});

test("a cell says the worst that may happen, and in full all of it", () => {
  const [cell] = cellsAt(table, 1, 1) as [MatrixCell];
  expect(shareText(cell)).toBe("1/3 timeout");
  expect(cellText({ ...cell, finding: "SVC-TARGET-PORT-CLOSED" })).toBe(
    "2/3 delivered, 1/3 timeout: SVC-TARGET-PORT-CLOSED",
  );
  expect(shareText({ ...cell, shares: [share("not-sent")] })).toBe("not sent");
  expect(shareText({ ...cell, shares: OK })).toBe("");
});

test("only what fails: rows and columns without a failing cell are left out; Services of every cluster come last", () => {
  expect(shown(table, false)).toEqual({ rows: [0, 1], columns: [1, 0] });
  expect(shown(table, true)).toEqual({ rows: [1], columns: [1] });
  expect([failsAt(table, 0, 1), failsAt(table, 1, 1)]).toEqual([false, true]);
  expect(tallyText(table)).toBe("1 of 4 cells fails");
});

test("after an edit only cells that say something else are changed, wherever they stand now", () => {
  const [extra, web] = [column("shop", "api"), COLUMNS[1] as MatrixColumn];
  const request = (to: MatrixColumn, r: number) => ({ from: ROWS[r]?.from ?? "", to: to.to, protocol: "tcp" }) as const;
  const cell = (r: number, c: number, to: MatrixColumn, shares: readonly MatrixShare[]): MatrixCell => ({
    row: r,
    column: c,
    mode: null,
    request: request(to, r),
    shares,
    unexplored: 0,
  });
  const after = withPart(EMPTY, {
    ...part([]),
    columns: [extra, web],
    cells: [cell(0, 0, extra, OK), cell(0, 1, web, OK), cell(1, 0, extra, THIRD), cell(1, 1, web, OK)],
  });
  expect([...changes(table, after)]).toEqual([[3, "2/3 delivered, 1/3 timeout"]]);
  expect(changes(table, table).size).toBe(0);
});

test("a column's head says which Service, and by which road", () => {
  expect(
    columnText({ ...column("shop", "web"), road: "node-port", label: "shop/web:80 worker-1:30080", family: 6 }),
  ).toEqual(["shop/web:80", "NodePort worker-1:30080 IPv6"]);
});

describe("keys in the grid", () => {
  const size = { rows: 3, columns: 4 };
  test.each([
    ["ArrowRight", false, [1, 3], [1, 3]],
    ["ArrowLeft", false, [1, 3], [1, 2]],
    ["ArrowDown", false, [2, 0], [2, 0]],
    ["ArrowUp", false, [2, 0], [1, 0]],
    ["Home", false, [2, 2], [2, 0]],
    ["Home", true, [2, 2], [0, 0]],
    ["End", true, [0, 0], [2, 3]],
    ["PageDown", false, [0, 1], [2, 1]],
  ] as const)("%s (Ctrl: %s) from %j leads to %j", (key, ctrl, [r, c], [toRow, toColumn]) => {
    expect(moved(key, ctrl, { row: r, column: c }, size)).toEqual({ row: toRow, column: toColumn });
  });
  test("other keys are not the grid's", () => expect(moved("j", false, { row: 0, column: 0 }, size)).toBeNull());
});
