import { useId, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import type { Drift, DriftKind, DriftRow } from "../../model/trace/drift.ts";
import type { RuleRef } from "../../model/trace/types.ts";
import { Because } from "../inspector/Because.tsx";
import type { PanelProps } from "../inspector/types.ts";
import { nodeOf } from "../inspector/wording.ts";
import { windowOf } from "../dock/pages.ts";
import { useSize } from "../dock/useSize.ts";
import { Progress } from "../shell/Progress.tsx";
import { Button } from "../shell/Button.tsx";
import { usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { useDriftText, openDrift } from "./driftState.ts";
import styles from "./DriftPanel.module.css";
import { UnderBoth } from "./UnderBoth.tsx";
import { useDrift } from "./useDrift.ts";

/** As many bytes as are compared. */
const MOST_BYTES = 20_000_000;
const ROW = 24;

/** Rows told from each other by a mark and a word, never by colour alone. */
const KINDS: Readonly<Record<DriftKind, { readonly mark: string; readonly word: string }>> = {
  dump: { mark: "−", word: "only in the dump" },
  expected: { mark: "+", word: "missing" },
  differs: { mark: "≠", word: "differs" },
  counters: { mark: "=", word: "same, counted" },
  same: { mark: "=", word: "same" },
};

type Filter = DriftKind | "drift" | "foreign";

/** A pasted dump of a node's rules beside what its kube-proxy would write. */
export function DriftPanel({ mirror, query }: PanelProps): ReactElement {
  const nodes = useMemo(() => mirror.proxies.map((proxy) => proxy.node), [mirror.proxies]);
  const chosen = useUi((state) => state.rulesNode);
  const set = useUi((state) => state.set);
  const walk = usePlayback((state) => state.walk);
  const asked = walk?.hops.find((hop) => hop.steps.length > 0 && nodeOf(hop.place) !== null)?.place;
  const met = asked === undefined ? null : nodeOf(asked);
  const node =
    [chosen, met, nodes[0]].find((name) => name !== null && name !== undefined && nodes.includes(name)) ?? "";
  const { text, revision } = useDriftText();
  /** Which of the texts is being replaced. */
  const [rewriting, setRewriting] = useState<number | null>(null);
  const writing = rewriting === revision;
  const proxy = mirror.proxies.find((one) => one.node === node);
  const { drift, refusal, busy } = useDrift(query, node, text, `${proxy?.mode ?? ""}@${mirror.revision}`);
  if (nodes.length === 0) {
    return (
      <div className={styles["empty"]}>
        <h3>No node yet</h3>
        <p>Rules are a node's own. Open a scenario, or paste a manifest into the editor: nodes come with it.</p>
      </div>
    );
  }
  const nodeSelect = (
    <select aria-label="Node" value={node} onChange={(event) => set({ rulesNode: event.target.value })}>
      {nodes.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
  if (writing || text === null) return <Paste node={node} mode={proxy?.mode ?? "iptables"} select={nodeSelect} />;
  return (
    <div className={styles["panel"]}>
      <Progress busy={busy} text={`comparing ${text.split("\n").length.toLocaleString("en")} lines`} />
      {refusal !== null && (
        <div className={styles["empty"]}>
          <h3>This cannot be compared</h3>
          <p>{refusal}</p>
          <div className={styles["buttons"]}>
            <Button look="primary" onClick={() => setRewriting(revision)}>
              Paste another
            </Button>
            {nodeSelect}
          </div>
        </div>
      )}
      {drift !== null && (
        <Result
          key={`${revision} ${node}`}
          drift={drift}
          mirror={mirror}
          query={query}
          text={text}
          select={nodeSelect}
          onPaste={() => setRewriting(revision)}
        />
      )}
    </div>
  );
}

const TOOLS = {
  iptables: "iptables-save",
  userspace: "iptables-save",
  nftables: "nft list table ip kube-proxy",
  ipvs: "iptables-save; ipvsadm-save -n; ipset save",
} as const;

function Paste({
  node,
  mode,
  select,
}: {
  readonly node: string;
  readonly mode: keyof typeof TOOLS;
  readonly select: ReactElement;
}): ReactElement {
  const area = useRef<HTMLTextAreaElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState("");
  const id = useId();
  const compare = (): void => {
    const text = area.current?.value ?? "";
    if (text.trim() === "") setProblem("Nothing is pasted yet.");
    else openDrift(text);
  };
  const read = async (picked: File | undefined): Promise<void> => {
    if (picked === undefined) return;
    if (picked.size > MOST_BYTES) {
      setProblem(
        `${picked.name} has ${(picked.size / 1e6).toFixed(1)} MB; up to ${MOST_BYTES / 1e6} MB are compared. Save one table or one family of it.`,
      );
    } else openDrift(await picked.text());
  };
  return (
    <div className={styles["paste"]}>
      <div className={styles["tools"]}>
        {select}
        <label htmlFor={id} className={styles["what"]}>
          Paste what <code>{TOOLS[mode]}</code> printed on the real {node}. It stays in this browser.
        </label>
        <Button look="primary" onClick={compare}>
          Compare
        </Button>
        <Button onClick={() => file.current?.click()}>Open a file</Button>
        <input
          ref={file}
          type="file"
          hidden
          accept=".txt,.rules,.save,.nft,text/plain"
          onChange={(event) => void read(event.target.files?.[0])}
        />
      </div>
      {problem !== "" && (
        <p className={styles["problem"]} role="alert">
          {problem}
        </p>
      )}
      <textarea
        id={id}
        ref={area}
        defaultValue={useDriftText.getState().text ?? ""}
        spellCheck={false}
        placeholder={
          '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n…'
        }
        onDrop={(event) => {
          const dropped = event.dataTransfer.files[0];
          if (dropped === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          void read(dropped);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) compare();
          // Letters are text here, not keys of the page.
          event.stopPropagation();
        }}
      />
    </div>
  );
}

interface ResultProps extends Pick<PanelProps, "mirror" | "query"> {
  readonly drift: Drift;
  readonly text: string;
  readonly select: ReactElement;
  readonly onPaste: () => void;
}

/** A row of the list: of kube-proxy, or somebody else's. */
interface Line {
  readonly mark: string;
  readonly word: string;
  readonly kind: DriftKind | "foreign";
  readonly place: string;
  readonly text: string;
  readonly means: string;
  readonly row: DriftRow | null;
}

function linesOf(drift: Drift, filter: Filter, service: string | null): readonly Line[] {
  if (filter === "foreign")
    return drift.foreign.map(({ table, chain, text, owner, means }) => ({
      mark: "·",
      word: owner,
      kind: "foreign",
      place: `${table} ${chain}`,
      text,
      means: `${owner === "somebody else" ? "Not kube-proxy's." : `Of ${owner}.`} ${means}`.trim(),
      row: null,
    }));
  return drift.rows.flatMap((row): readonly Line[] => {
    const shown = filter === "drift" ? row.kind !== "same" && row.kind !== "counters" : row.kind === filter;
    if (!shown || (service !== null && row.service !== service)) return [];
    const { mark, word } = KINDS[row.kind];
    const place = `${row.table} ${row.chain}`;
    return [{ mark, word, kind: row.kind, place, text: row.dump ?? row.expected ?? "", means: row.means, row }];
  });
}

function Result({ drift, mirror, query, text, select, onPaste }: ResultProps): ReactElement {
  const { counts } = drift;
  const drifted = counts.differs + counts.dump + counts.expected;
  const [filter, setFilter] = useState<Filter>("drift");
  const [service, setService] = useState<string | null>(null);
  const [running, setRunning] = useState(false);
  const lines = useMemo(() => linesOf(drift, filter, service), [drift, filter, service]);
  const [selected, setSelected] = useState(0);
  const options: readonly (readonly [Filter, string, number])[] = [
    ["drift", "all drift", drifted],
    ["dump", "only in the dump", counts.dump],
    ["expected", "missing", counts.expected],
    ["differs", "differs", counts.differs],
    ["same", "same", counts.same],
    ["counters", "same, counted", counts.counters],
    ["foreign", "not kube-proxy's", drift.foreign.length],
  ];
  const line = lines[Math.min(selected, lines.length - 1)];
  return (
    <>
      <div className={styles["tools"]}>
        {select}
        <select
          aria-label="Rows"
          value={filter}
          onChange={(event) => {
            setFilter(event.target.value as Filter);
            setSelected(0);
          }}
        >
          {options.map(([value, label, n]) => (
            <option key={value} value={value}>
              {label} ({n.toLocaleString("en")})
            </option>
          ))}
        </select>
        {drift.services.length > 0 && (
          <select
            aria-label="Service"
            value={service ?? ""}
            onChange={(event) => {
              setService(event.target.value || null);
              setSelected(0);
            }}
          >
            <option value="">all Services</option>
            {drift.services.map(({ service: name, rows }) => (
              <option key={name} value={name}>
                {name} ({rows})
              </option>
            ))}
          </select>
        )}
        <p className={styles["summary"]} role="status">
          {drifted === 0
            ? "No drift"
            : `${drifted.toLocaleString("en")} ${drifted === 1 ? "row drifts" : "rows drift"}`}
          {drift.services.length > 0 &&
            `, ${drift.services.length === 1 ? (drift.services[0]?.service ?? "") : `${drift.services.length} Services`}`}
          , {(counts.same + counts.counters).toLocaleString("en")} the same
        </p>
        <Button aria-pressed={running} onClick={() => setRunning(!running)}>
          Run packets on it
        </Button>
        <Button onClick={onPaste}>Paste another</Button>
      </div>
      {drift.findings.map((finding) => (
        <p key={finding} className={styles["finding"]}>
          {finding}
        </p>
      ))}
      {running ? (
        <UnderBoth query={query} node={drift.node} dump={text} revision={mirror.revision} />
      ) : lines.length === 0 ? (
        <div className={styles["empty"]}>
          <h3>
            {drifted === 0 && filter === "drift" ? "These are the rules that kube-proxy would write" : "No such row"}
          </h3>
          <p>
            {drifted === 0 && filter === "drift"
              ? `All ${(counts.same + counts.counters).toLocaleString("en")} rules of ${drift.node} are as the cluster shown asks for.`
              : "Nothing of this kind is in the comparison. Choose all drift, or all Services."}
          </p>
        </div>
      ) : (
        <div className={styles["split"]}>
          <List lines={lines} selected={selected} onSelect={setSelected} />
          {line !== undefined && <Detail line={line} mirror={mirror} query={query} />}
        </div>
      )}
    </>
  );
}

function List({
  lines,
  selected,
  onSelect,
}: {
  readonly lines: readonly Line[];
  readonly selected: number;
  readonly onSelect: (index: number) => void;
}): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const { height } = useSize(scroller);
  const [top, setTop] = useState(0);
  const { first, end } = windowOf(top, height, ROW, lines.length);
  const id = useId();
  const go = (index: number): void => {
    const next = Math.max(0, Math.min(lines.length - 1, index));
    onSelect(next);
    const box = scroller.current;
    if (box === null) return;
    if (next * ROW < box.scrollTop) box.scrollTop = next * ROW;
    else if ((next + 1) * ROW > box.scrollTop + box.clientHeight) box.scrollTop = (next + 1) * ROW - box.clientHeight;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    const to = {
      ArrowDown: selected + 1,
      ArrowUp: selected - 1,
      PageDown: selected + page,
      PageUp: selected - page,
      Home: 0,
      End: lines.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    go(to);
  };
  return (
    <div
      ref={scroller}
      className={styles["scroll"]}
      role="listbox"
      aria-label="Rules that drift"
      aria-activedescendant={`${id}-${selected}`}
      tabIndex={0}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <div className={styles["ground"]} role="presentation" style={{ height: lines.length * ROW }}>
        {lines.slice(first, end).map((line, i) => {
          const index = first + i;
          return (
            <div
              key={index}
              id={`${id}-${index}`}
              className={styles["row"]}
              role="option"
              aria-selected={index === selected}
              aria-setsize={lines.length}
              aria-posinset={index + 1}
              aria-label={`${line.word}, ${line.place}: ${line.text}. ${line.means}`}
              data-kind={line.kind}
              style={{ top: index * ROW }}
              onClick={() => onSelect(index)}
            >
              <span className={styles["mark"]}>{line.mark}</span>
              <span className={styles["table"]}>{line.place.split(" ")[0]}</span>
              <span>{line.text}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** A rule that kube-proxy would write, as provenance names rules. */
function ruleOf({ table, chain, at, expected, dump, origin }: DriftRow): RuleRef {
  const text = expected ?? dump ?? "";
  const name = table === "filter" || table === "mangle" || table === "raw" ? table : "nat";
  return { id: "", table: name, chain, position: at.expected ?? at.dump ?? 1, text, target: "", origin };
}

function Detail({ line, mirror, query }: { readonly line: Line } & Pick<PanelProps, "mirror" | "query">): ReactElement {
  const { row } = line;
  return (
    <div className={styles["detail"]} aria-label="About the rule" role="region" tabIndex={0}>
      <p className={styles["means"]}>{line.means || "As kube-proxy would write it."}</p>
      <p className={styles["where"]}>
        {line.word}, {line.place}
        {row !== null && row.line !== null && `, line ${row.line}`}
        {row !== null &&
          row.counters !== null &&
          row.counters[0] > 0 &&
          `, ${row.counters[0].toLocaleString("en")} packets`}
      </p>
      {row !== null && row.kind === "differs" && (
        <dl className={styles["sides"]}>
          <dt>dump</dt>
          <dd>{row.dump}</dd>
          <dt>here</dt>
          <dd>{row.expected}</dd>
        </dl>
      )}
      {row !== null && row.kind !== "differs" && <pre className={styles["rule"]}>{line.text}</pre>}
      {row === null && <pre className={styles["rule"]}>{line.text}</pre>}
      {row !== null && row.origin !== null && (
        <Because mirror={mirror} query={query} rule={ruleOf(row)} node={null} tone="continue" />
      )}
    </div>
  );
}
