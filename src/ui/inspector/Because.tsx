import { useEffect, useMemo, useState, type ReactElement } from "react";
import type { TextRange } from "../../model/trace/diagnostic.ts";
import type { RuleRef, Verdict } from "../../model/trace/types.ts";
import { useUi } from "../state.ts";
import styles from "./Because.module.css";
import { linksOf, lineOf, type Link } from "./because.ts";
import { classes } from "./classes.ts";
import { Icon } from "./glyphs.tsx";
import { targetText } from "./ruleText.ts";
import type { PanelProps } from "./types.ts";

interface Props extends Pick<PanelProps, "mirror" | "query"> {
  readonly rule: RuleRef;
  readonly node: string | null;
  readonly tone: Verdict;
}

/** The chain of provenance: rule, the objects that made it, and their lines in the text. Each link leads there. */
export function Because({ mirror, query, rule, node, tone }: Props): ReactElement {
  const links = useMemo(() => linksOf(rule.origin), [rule]);
  const lines = useLines(links, query, mirror.revision);
  const set = useUi((state) => state.set);
  const ink =
    tone === "snat"
      ? styles.snat
      : tone === "dnat"
        ? styles.dnat
        : tone === "reject" || tone === "drop"
          ? styles.reject
          : null;
  return (
    <div className={styles.because}>
      <h4>Because</h4>
      <ol>
        <li>
          <Icon name="page" size={15} />
          <button
            type="button"
            disabled={node === null}
            onClick={() => set({ dock: "rules", rulesNode: node, rulesFocus: rule.id, phone: "details" })}
            title={rule.text}
          >
            <span className={styles.kind}>rule</span>
            <span className={styles.what}>{targetText(rule)}</span>
          </button>
        </li>
        {links.map((link) => (
          <li key={`${link.object} ${link.path}`}>
            <Icon
              name={
                link.kind === "Pod"
                  ? "cube"
                  : link.kind === "EndpointSlice" || link.kind === "Endpoints"
                    ? "chain"
                    : "page"
              }
              size={15}
            />
            <button type="button" onClick={() => set({ object: link.object })} title={link.why}>
              <span className={styles.kind}>{link.kind}</span>
              <span className={styles.what}>{link.path === "" ? link.name : `${link.name}, ${link.path}`}</span>
            </button>
          </li>
        ))}
        {lines.map((range) => (
          <li key={range.startLine}>
            <Icon name="page" size={15} />
            <button
              type="button"
              onClick={() => set({ revealLine: range.startLine, rulesFocus: rule.id, phone: "yaml" })}
            >
              <span className={styles.kind}>YAML</span>
              <span className={classes(styles.what, styles.line, ink)}>
                line {range.startLine}, {lineOf(mirror.text, range.startLine)}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {rule.origin !== null && rule.origin.why !== "" && <p className={styles.why}>{rule.origin.why}</p>}
      {rule.origin === null && (
        <p className={styles.why}>This rule is there for every Service; no single object made it.</p>
      )}
    </div>
  );
}

/** Where the links stand in the text; objects that the cluster made by itself have no line. The last link's line comes last. */
function useLines(links: readonly Link[], query: Props["query"], revision: number): readonly TextRange[] {
  const [lines, setLines] = useState<readonly TextRange[]>([]);
  useEffect(() => {
    let live = true;
    void Promise.all(
      links.map((link) => query("locate", { object: link.object, path: link.path }).catch(() => null)),
    ).then((answers) => {
      if (!live) return;
      const byLine = new Map<number, TextRange>();
      for (const answer of answers) if (answer?.range) byLine.set(answer.range.startLine, answer.range);
      setLines([...byLine.values()].slice(0, 2));
    });
    return () => {
      live = false;
    };
  }, [links, query, revision]);
  return lines;
}
