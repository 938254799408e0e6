/** The Markdown that lessons are written in: paragraphs, lists, code, and emphasis. Made into elements, never into HTML. */
import { Fragment, type ReactNode } from "react";
import styles from "./Lesson.module.css";

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*|_[^_\s][^_]*_)/;

function inline(text: string): ReactNode {
  return text.split(INLINE).map((part, i) => {
    const inner = part.slice(1, -1);
    if (part.startsWith("`") && part.length > 2) return <code key={i}>{inner}</code>;
    if (part.startsWith("**") && part.length > 4) return <b key={i}>{part.slice(2, -2)}</b>;
    if (INLINE.test(part) && part.length > 2) return <em key={i}>{inner}</em>;
    return <Fragment key={i}>{part}</Fragment>;
  });
}

type Block =
  | { readonly kind: "text"; readonly lines: readonly string[] }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "list"; readonly ordered: boolean; readonly items: readonly string[] };

/** Blocks of a section, in order. */
export function blocksOf(markdown: string): readonly Block[] {
  const out: Block[] = [];
  const lines = markdown.split("\n");
  for (let i = 0; i < lines.length;) {
    const line = lines[i] ?? "";
    // The lesson's and the section's headings stand above already.
    if (line.trim() === "" || line.startsWith("#")) {
      i += 1;
    } else if (line.startsWith("```")) {
      const end = lines.findIndex((one, at) => at > i && one.startsWith("```"));
      const to = end < 0 ? lines.length : end;
      out.push({ kind: "code", text: lines.slice(i + 1, to).join("\n") });
      i = to + 1;
    } else if (/^(?:[-*]|\d+\.) /.test(line)) {
      const ordered = /^\d/.test(line);
      const items: string[] = [];
      for (; i < lines.length && (lines[i] ?? "").trim() !== ""; i++) {
        const item = /^(?:[-*]|\d+\.) (.*)$/.exec(lines[i] ?? "");
        if (item !== null) items.push(item[1] ?? "");
        else items[items.length - 1] += ` ${(lines[i] ?? "").trim()}`;
      }
      out.push({ kind: "list", ordered, items });
    } else {
      const text: string[] = [];
      for (; i < lines.length && (lines[i] ?? "").trim() !== "" && !(lines[i] ?? "").startsWith("```"); i++)
        text.push(lines[i] ?? "");
      out.push({ kind: "text", lines: text });
    }
  }
  return out;
}

export function Prose({ children }: { readonly children: string }) {
  return (
    <div className={styles["prose"]}>
      {blocksOf(children).map((block, i) => {
        switch (block.kind) {
          case "code":
            return <pre key={i}>{block.text}</pre>;
          case "list": {
            const items = block.items.map((item, at) => <li key={at}>{inline(item)}</li>);
            return block.ordered ? <ol key={i}>{items}</ol> : <ul key={i}>{items}</ul>;
          }
          case "text":
            return <p key={i}>{inline(block.lines.join(" "))}</p>;
        }
      })}
    </div>
  );
}
