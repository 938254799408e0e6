import {
  useCallback,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactElement,
} from "react";
import type { Hop, RuleRef, RuleStep, TableName, Walk } from "../../model/trace/types.ts";
import type { ProxyMode } from "../../model/config/types.ts";
import type { RuleRow } from "../../wire/protocol.ts";
import { classes } from "../inspector/classes.ts";
import { CopyButton } from "../inspector/CopyButton.tsx";
import { Icon } from "../inspector/glyphs.tsx";
import { RuleText } from "../inspector/RuleText.tsx";
import { Because } from "../inspector/Because.tsx";
import type { PanelProps, Query } from "../inspector/types.ts";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";
import { nodeOf } from "../inspector/wording.ts";
import { useUi } from "../state.ts";
import { windowOf } from "./pages.ts";
import styles from "./Rules.module.css";
import { useRules, type RuleFilter } from "./useRules.ts";
import { useSize } from "./useSize.ts";

const ROW = 24;
const TABLES: readonly TableName[] = ["nat", "filter", "mangle", "raw"];

/** What the walk on show did with each rule of a node, by rule id. A rule met several times counts as matched if it ever was. */
export function stepsOn(walk: Walk | null, node: string): ReadonlyMap<string, RuleStep> {
  const steps = new Map<string, RuleStep>();
  for (const hop of walk === null ? [] : [...walk.hops, ...walk.reply]) {
    if (nodeOf(hop.place) !== node) continue;
    for (const step of hop.steps) if (step.matched || !steps.has(step.rule.id)) steps.set(step.rule.id, step);
  }
  return steps;
}

/** The tool that prints the rules of a mode; "ip6tables-save" prints those of IPv6. */
function toolOf(mode: ProxyMode, family: 4 | 6 | null): string {
  switch (mode) {
    case "nftables":
      return "nft list ruleset";
    case "ipvs":
      return "ipvsadm -Ln";
    case "iptables":
    case "userspace":
      return family === 6 ? "ip6tables-save" : "iptables-save";
  }
}

/** A node's rules as its tool prints them, however many; the walk's own are marked. */
export function Rules({ mirror, query }: PanelProps): ReactElement {
  const { walk, hop } = useCurrentHop();
  const nodes = useMemo(() => mirror.proxies.map((proxy) => proxy.node), [mirror.proxies]);
  const chosen = useUi((state) => state.rulesNode);
  const focus = useUi((state) => state.rulesFocus);
  const set = useUi((state) => state.set);
  const hopNode = hop === null ? null : nodeOf(hop.place);
  const walkNode =
    walk?.hops.map((h) => (h.steps.length > 0 ? nodeOf(h.place) : null)).find((name) => name !== null) ?? null;
  const node =
    [chosen, hopNode, walkNode, nodes[0]].find((name) => name !== null && name !== undefined && nodes.includes(name)) ??
    "";

  // A rule asked for by hand holds until the packet moves on.
  const since = useRef(hop);
  useEffect(() => {
    if (since.current !== hop && useUi.getState().rulesFocus !== null) set({ rulesFocus: null });
    since.current = hop;
  }, [hop, set]);

  const [table, setTable] = useState<TableName | null>(null);
  const [search, setSearch] = useState("");
  const [chosenFamily, setFamily] = useState<4 | 6 | null>(null);
  const steps = useMemo(() => stepsOn(walk, node), [walk, node]);
  const [met, setMet] = useState(false);
  const [counters, setCounters] = useState(false);

  const proxy = mirror.proxies.find((p) => p.node === node);
  const both = (proxy?.families.length ?? 1) > 1;
  // The walk's own family, until the reader wants the other.
  const walked = hop === null || hopNode !== node ? null : hop.before.dst.includes(":") ? 6 : 4;
  const family = both ? (chosenFamily ?? walked ?? proxy?.families[0] ?? 4) : null;
  // The rule that decided, or at least the last one that matched.
  const decided = hop?.rule ?? hop?.steps.findLast((step) => step.matched)?.rule;
  const wanted = focus ?? (hopNode === node ? (decided?.id ?? null) : null);

  return (
    <div className={styles.rules}>
      <div className={styles.tools}>
        <select
          aria-label="Node"
          value={node}
          onChange={(event) => set({ rulesNode: event.target.value, rulesFocus: null })}
        >
          {nodes.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <select
          aria-label="Table"
          value={table ?? ""}
          onChange={(event) => setTable((event.target.value || null) as TableName | null)}
        >
          <option value="">all tables</option>
          {TABLES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        {family !== null && (
          <select
            aria-label="IP family"
            value={family}
            onChange={(event) => setFamily(event.target.value === "6" ? 6 : 4)}
          >
            <option value={4}>IPv4</option>
            <option value={6}>IPv6</option>
          </select>
        )}
        <label className={styles.search}>
          <Icon name="search" size={14} />
          <input
            type="search"
            aria-label="Search rules"
            placeholder="chain, address, comment"
            value={search}
            spellCheck={false}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
        <button
          type="button"
          className={styles.toggle}
          aria-pressed={met}
          disabled={steps.size === 0}
          onClick={() => setMet(!met)}
        >
          Only this walk
        </button>
        {(proxy?.mode === "iptables" || proxy?.mode === "userspace") && (
          <button
            type="button"
            className={styles.toggle}
            aria-pressed={counters}
            title="Packets and bytes that went through each rule, as iptables -v counts them"
            onClick={() => setCounters(!counters)}
          >
            Counters
          </button>
        )}
        {proxy !== undefined && (
          <span className={styles.synced} title={proxy.failure ?? undefined}>
            {proxy.running ? `rules up to revision ${String(proxy.syncedRevision)}` : "kube-proxy does not run"}
          </span>
        )}
        <CopyButton
          className={styles.copy}
          text={() =>
            query("rulesText", { node, ...(family === null ? {} : { family }) }).then((answer) => answer.text)
          }
        >
          Copy {toolOf(proxy?.mode ?? "iptables", family)}
        </CopyButton>
      </div>
      {met && steps.size > 0 ? (
        <MetRules key={node} mirror={mirror} query={query} node={node} steps={steps} hop={hop} />
      ) : (
        <AllRules
          key={node}
          mirror={mirror}
          query={query}
          node={node}
          table={table}
          search={search}
          family={family}
          steps={steps}
          wanted={wanted}
          counters={counters}
        />
      )}
    </div>
  );
}

interface AllProps extends Pick<PanelProps, "mirror" | "query"> {
  readonly node: string;
  readonly table: TableName | null;
  readonly search: string;
  readonly family: 4 | 6 | null;
  readonly steps: ReadonlyMap<string, RuleStep>;
  readonly wanted: string | null;
  readonly counters: boolean;
}

/** Every rule of the node in a list of which only the visible window exists. */
function AllRules({ mirror, query, node, table, search, family, steps, wanted, counters }: AllProps): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const { height } = useSize(scroller);
  const [top, setTop] = useState(0);
  const [selected, setSelected] = useState<{ readonly index: number; readonly row: RuleRow | null } | null>(null);
  const filter = { node, table, search: useDeferredValue(search.trim()), ...(family === null ? {} : { family }) };
  const proxy = mirror.proxies.find((p) => p.node === node);
  const [total, setTotal] = useState(0);
  const window = windowOf(top, height, ROW, Math.max(total, 1));
  // Counters change with every packet, rules do not.
  const counted = counters ? ` ${String(mirror.now)} ${String(mirror.commands.length)}` : "";
  const list = useRules(query, filter, `${proxy?.mode ?? ""}@${proxy?.rulesRevision ?? 0}${counted}`, window);
  useEffect(() => {
    if (list.key !== "") setTotal(list.total);
  }, [list.key, list.total]);

  const reveal = useCallback((index: number): void => {
    const element = scroller.current;
    if (element === null) return;
    const at = index * ROW;
    if (at < element.scrollTop || at + ROW > element.scrollTop + element.clientHeight)
      element.scrollTop = Math.max(0, at - (element.clientHeight - ROW) / 2);
  }, []);

  // Only once the list has its height can it be scrolled there.
  const [goal, setGoal] = useState<number | null>(null);
  useLayoutEffect(() => {
    if (goal === null || goal >= total || height === 0) return;
    reveal(goal);
    setGoal(null);
  }, [goal, total, height, reveal]);

  // The wanted rule may stand anywhere among 170,000: the worker says where.
  useEffect(() => {
    if (wanted === null || node === "") return undefined;
    let live = true;
    void placeOf(query, filter, wanted).then((place) => {
      if (!live || place === null) return;
      setTotal(place.total);
      setSelected({ index: place.index, row: null });
      setGoal(place.index);
    });
    return () => {
      live = false;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [wanted, node, filter.table, filter.search, family, query, reveal]);

  const onKey = (event: KeyboardEvent): void => {
    const at = selected?.index ?? -1;
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -total, End: total }[event.key];
    if (by === undefined || total === 0) return;
    const index = Math.min(total - 1, Math.max(0, at + by));
    setSelected({ index, row: null });
    reveal(index);
    event.preventDefault();
    event.stopPropagation();
  };

  const rows: ReactElement[] = [];
  for (let index = window.first; index < Math.min(window.end, total); index++) {
    const row = list.row(index);
    const step = row === undefined ? undefined : steps.get(row.id);
    rows.push(
      <Row
        key={index}
        id={`rule-${index}`}
        rule={row}
        step={step}
        top={index * ROW}
        index={index}
        total={total}
        selected={selected?.index === index}
        current={row !== undefined && row.id === wanted}
        counters={counters}
        onSelect={() => setSelected({ index, row: row ?? null })}
      />,
    );
  }
  const shown = selected === null ? undefined : (list.row(selected.index) ?? selected.row ?? undefined);

  return (
    <div className={styles.split}>
      <div
        className={styles.scroll}
        ref={scroller}
        // A list box without options is none.
        role={rows.length === 0 ? "group" : "listbox"}
        aria-label={`Rules of ${node}`}
        tabIndex={0}
        {...(selected !== null && selected.index >= window.first && selected.index < window.end
          ? { "aria-activedescendant": `rule-${selected.index}` }
          : {})}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onKeyDown={onKey}
      >
        <div className={styles.ground} style={{ height: total * ROW }} role="presentation">
          {rows}
        </div>
        {total === 0 && (
          <p className={styles.none}>{search === "" ? "No rules here yet." : `No rule contains “${search}”.`}</p>
        )}
      </div>
      {shown !== undefined && <Why mirror={mirror} query={query} node={node} rule={shown} step={steps.get(shown.id)} />}
    </div>
  );
}

/** Where a rule stands in the filtered list. A worker that does not tell is asked for the list itself, if it is short. */
async function placeOf(
  query: Query,
  filter: RuleFilter,
  id: string,
): Promise<{ readonly index: number; readonly total: number } | null> {
  try {
    const { total, focus } = await query("rules", { ...filter, offset: 0, limit: 0, focus: id });
    if (focus !== undefined) return focus === null ? null : { index: focus, total };
    if (total > 2_000) return null;
    const { rows } = await query("rules", { ...filter, offset: 0, limit: total });
    const index = rows.findIndex((row) => row.id === id);
    return index < 0 ? null : { index, total };
  } catch {
    return null;
  }
}

/** The rules that the walk on show met on this node, in the order it met them. */
function MetRules(
  props: Pick<PanelProps, "mirror" | "query"> & {
    readonly node: string;
    readonly steps: ReadonlyMap<string, RuleStep>;
    readonly hop: Hop | null;
  },
): ReactElement {
  const { mirror, query, node, steps, hop } = props;
  const all = useMemo(() => [...steps.values()], [steps]);
  const [selected, setSelected] = useState<string | null>(hop?.rule?.id ?? null);
  const at = all.findIndex((step) => step.rule.id === selected);
  const step = all[at];
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const onKey = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, Home: -all.length, End: all.length }[event.key];
    if (by === undefined) return;
    setSelected(all[Math.min(all.length - 1, Math.max(0, at + by))]?.rule.id ?? null);
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles.split}>
      <div
        className={styles.scroll}
        ref={list}
        role={all.length === 0 ? "group" : "listbox"}
        aria-label={`Rules on ${node} that this walk met`}
        tabIndex={0}
        onKeyDown={onKey}
      >
        <div className={styles.ground} style={{ height: all.length * ROW }} role="presentation">
          {all.map((one, i) => (
            <Row
              key={one.rule.id}
              id={`met-${i}`}
              rule={one.rule}
              step={one}
              top={i * ROW}
              index={i}
              total={all.length}
              selected={one.rule.id === selected}
              current={one.rule.id === hop?.rule?.id}
              onSelect={() => setSelected(one.rule.id)}
            />
          ))}
        </div>
      </div>
      {step !== undefined && <Why mirror={mirror} query={query} node={node} rule={step.rule} step={step} />}
    </div>
  );
}

/** iptables and ipvsadm write where a rule stands into the rule; nft does not. */
const namesItsChain = (text: string): boolean => /^-[Aa] /.test(text);

/** `[3:180]`, as `iptables-save -c` has it in front of a rule. */
function countText(rule: RuleRow | RuleRef | undefined): string {
  if (rule === undefined) return "";
  const [packets, bytes] = "count" in rule && rule.count !== undefined ? rule.count : [0, 0];
  return `[${String(packets)}:${String(bytes)}]`;
}

interface RowProps {
  readonly id: string;
  readonly rule: RuleRow | RuleRef | undefined;
  readonly step: RuleStep | undefined;
  readonly top: number;
  readonly index: number;
  readonly total: number;
  readonly selected: boolean;
  readonly current: boolean;
  readonly counters?: boolean;
  onSelect(): void;
}

function Row({
  id,
  rule,
  step,
  top,
  index,
  total,
  selected,
  current,
  counters = false,
  onSelect,
}: RowProps): ReactElement {
  return (
    <div
      id={id}
      className={classes(styles.row, step?.matched === true && styles.matched, current && styles.current)}
      style={{ top }}
      role="option"
      aria-selected={selected}
      aria-posinset={index + 1}
      aria-setsize={total}
      onClick={onSelect}
    >
      <span className={styles.met}>
        {step === undefined ? null : (
          <svg
            width="9"
            height="9"
            viewBox="0 0 10 10"
            role="img"
            aria-label={step.matched ? "matched" : "looked at, no match"}
          >
            <circle
              cx="5"
              cy="5"
              r="3.5"
              fill={step.matched ? "var(--request)" : "none"}
              stroke={step.matched ? "var(--request)" : "var(--ink-3)"}
              strokeWidth="1.5"
            />
          </svg>
        )}
      </span>
      <span className={styles.table}>{rule?.table ?? ""}</span>
      {counters && (
        <span className={styles.count}>
          {countText(rule)}
          <span className={styles.hidden}> packets and bytes</span>
        </span>
      )}
      <span className={styles.text}>
        {rule === undefined ? "…" : namesItsChain(rule.text) ? rule.text : `${rule.chain}  ${rule.text}`}
      </span>
    </div>
  );
}

/** Why a rule exists, what the walk on show made of it, and the way to the line that made it. */
function Why(
  props: Pick<PanelProps, "mirror" | "query"> & {
    readonly node: string;
    readonly rule: RuleRow | RuleRef;
    readonly step: RuleStep | undefined;
  },
): ReactElement {
  const { mirror, query, node, rule, step } = props;
  const ref = useMemo(
    () => ({ ...rule, target: "target" in rule ? rule.target : (/ -j (\S+)/.exec(rule.text)?.[1] ?? "") }),
    [rule],
  );
  return (
    <aside className={styles.why} aria-label="Why this rule exists">
      <RuleText text={rule.text} className={styles.full} />
      <p className={styles.sentence}>
        Rule {rule.position} of {rule.chain} in {rule.table}.{" "}
        {step === undefined
          ? ""
          : step.matched
            ? `This walk matched it: ${step.because}${step.effect === undefined ? "" : `; ${step.effect}`}.`
            : `This walk passed it: ${step.because}.`}
      </p>
      <Because mirror={mirror} query={query} rule={ref} node={node} tone="continue" />
    </aside>
  );
}
