import { useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import type { MatrixCell } from "../../model/trace/matrix.ts";
import { windowOf } from "../dock/pages.ts";
import { useSize } from "../dock/useSize.ts";
import { outcomeGlyph, RailGlyph } from "../inspector/glyphs.tsx";
import { useSession } from "../shell/session.ts";
import { openCell } from "./open.ts";
import styles from "./Reach.module.css";
import { cellsAt, cellText, columnText, failure, moved, shareText, type Table } from "./table.ts";

/** Height of a row in CSS pixels. */
const ROW = 30;
/** Height of the column heads. */
const HEAD = 46;
/** From this many rows on only those in sight are in the document. */
const MANY = 40;

interface Props {
  readonly table: Table;
  /** Positions of the rows and columns on show. */
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly changed: ReadonlyMap<number, string>;
}

/** The table as a grid: arrows go from cell to cell, Enter shows the walk behind one. */
export function ReachGrid({ table, rows, columns, changed }: Props): ReactElement {
  const session = useSession();
  const scroller = useRef<HTMLDivElement>(null);
  const { height } = useSize(scroller);
  const [top, setTop] = useState(0);
  const [place, setPlace] = useState({ row: 0, column: 0 });
  const moving = useRef(false);
  const at = { row: Math.min(place.row, rows.length - 1), column: Math.min(place.column, columns.length - 1) };
  const window =
    rows.length <= MANY ? { first: 0, end: rows.length } : windowOf(top, Math.max(0, height - HEAD), ROW, rows.length);
  const drawn = rows.slice(window.first, window.end);

  useLayoutEffect(() => {
    if (!moving.current) return;
    moving.current = false;
    const cell = scroller.current?.querySelector<HTMLElement>('[role="gridcell"][tabindex="0"]');
    cell?.focus({ preventScroll: true });
    cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  const open = (cells: readonly MatrixCell[]): void => {
    const cell = cells.find((one) => failure(one) !== null) ?? cells[0];
    if (cell !== undefined) void openCell(session, cell);
  };

  const onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.shiftKey) return;
    const { row, column } = { row: rows[at.row] ?? 0, column: columns[at.column] ?? 0 };
    if (event.key === "Enter" || event.key === " ") open(cellsAt(table, row, column));
    else {
      const next = moved(event.key, event.ctrlKey || event.metaKey, at, { rows: rows.length, columns: columns.length });
      if (next === null) return;
      moving.current = true;
      setPlace(next);
      // Rows out of sight are not drawn: scroll first, and the cell is there to take the focus.
      const element = scroller.current;
      if (element !== null && rows.length > MANY) {
        const y = next.row * ROW;
        const room = element.clientHeight - HEAD;
        if (y < element.scrollTop) element.scrollTop = y;
        else if (y + ROW > element.scrollTop + room) element.scrollTop = y + ROW - room;
        setTop(element.scrollTop);
      }
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const current = { row: rows[at.row] ?? 0, column: columns[at.column] ?? 0 };
  return (
    <>
      <div
        className={styles["scroll"]}
        ref={scroller}
        onScroll={rows.length > MANY ? (event) => setTop(event.currentTarget.scrollTop) : undefined}
      >
        <table
          className={styles["table"]}
          role="grid"
          aria-label="Who reaches what"
          aria-rowcount={rows.length + 1}
          aria-colcount={columns.length + 1}
          onKeyDown={onKey}
        >
          <thead>
            <tr aria-rowindex={1}>
              <th className={styles["corner"]} scope="col" role="columnheader" aria-colindex={1}>
                <span>from</span>
                <span>to</span>
              </th>
              {columns.map((column, i) => (
                <ColumnHead key={column} table={table} column={column} index={i + 2} />
              ))}
            </tr>
          </thead>
          <tbody>
            {window.first > 0 && <Gap rows={window.first} />}
            {drawn.map((row, i) => (
              <tr key={row} aria-rowindex={window.first + i + 2}>
                <RowHead table={table} row={row} />
                {columns.map((column, n) => (
                  <Cell
                    key={column}
                    cells={cellsAt(table, row, column)}
                    was={changed.get(row * table.columns.length + column)}
                    index={n + 2}
                    current={window.first + i === at.row && n === at.column}
                    onOpen={(cells) => {
                      setPlace({ row: window.first + i, column: n });
                      open(cells);
                    }}
                    onFocus={() => setPlace({ row: window.first + i, column: n })}
                  />
                ))}
              </tr>
            ))}
            {window.end < rows.length && <Gap rows={rows.length - window.end} />}
          </tbody>
        </table>
      </div>
      <Foot
        table={table}
        row={current.row}
        column={current.column}
        was={changed.get(current.row * table.columns.length + current.column)}
      />
    </>
  );
}

function Gap({ rows }: { readonly rows: number }): ReactElement {
  return (
    <tr aria-hidden="true">
      <td style={{ height: rows * ROW, padding: 0, border: 0 }} />
    </tr>
  );
}

function ColumnHead({
  table,
  column,
  index,
}: {
  readonly table: Table;
  readonly column: number;
  readonly index: number;
}): ReactElement | null {
  const one = table.columns[column];
  if (one === undefined) return null;
  const [name, road] = columnText(one);
  return (
    <th scope="col" role="columnheader" aria-colindex={index}>
      <b>{name}</b>
      <span>{road}</span>
    </th>
  );
}

function RowHead({ table, row }: { readonly table: Table; readonly row: number }): ReactElement {
  const one = table.rows[row];
  const others = (one?.count ?? 1) - 1;
  return (
    <th scope="row" role="rowheader" aria-colindex={1} title={one?.members.join(", ")}>
      {one?.kind} <b>{one?.label}</b>
      {others > 0 && <span> and {others} more</span>}
    </th>
  );
}

interface CellProps {
  readonly cells: readonly MatrixCell[];
  readonly was: string | undefined;
  readonly index: number;
  readonly current: boolean;
  readonly onOpen: (cells: readonly MatrixCell[]) => void;
  readonly onFocus: () => void;
}

const glyphOf = (cell: MatrixCell) => {
  const worst = failure(cell)?.outcome ?? "delivered";
  return outcomeGlyph(worst === "not-sent" ? "refused" : worst);
};

function Cell({ cells, was, index, current, onOpen, onFocus }: CellProps): ReactElement {
  const [first] = cells;
  const spoken = cells.map((cell) => `${cell.mode === null ? "" : `${cell.mode} `}${cellText(cell)}`).join("; ");
  return (
    <td
      role="gridcell"
      aria-colindex={index}
      aria-label={`${spoken}${was === undefined ? "" : `, was ${was}`}`}
      tabIndex={current ? 0 : -1}
      data-fails={cells.some((cell) => failure(cell) !== null) || undefined}
      data-changed={was !== undefined || undefined}
      onClick={() => onOpen(cells)}
      onFocus={onFocus}
    >
      {cells.map((cell) => (
        <RailGlyph key={cell.mode ?? ""} kind={glyphOf(cell)} size={14} />
      ))}
      {cells.length === 1 && first !== undefined && <span>{shareText(first)}</span>}
    </td>
  );
}

/** The cell that the reader stands on, in words. */
function Foot({
  table,
  row,
  column,
  was,
}: {
  readonly table: Table;
  readonly row: number;
  readonly column: number;
  readonly was: string | undefined;
}): ReactElement {
  const cells = cellsAt(table, row, column);
  const to = table.columns[column];
  return (
    <p className={styles["foot"]}>
      <b>{table.rows[row]?.label}</b> to <b>{to === undefined ? "" : columnText(to).join(" ")}</b>:{" "}
      {cells.map((cell) => (
        <span key={cell.mode ?? ""}>
          {cell.mode === null ? "" : `${cell.mode} `}
          {cellText(cell)}
        </span>
      ))}
      {was !== undefined && <i>before: {was}</i>}
    </p>
  );
}
