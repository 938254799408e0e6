/** Label selectors: the plain map of Services, metav1.LabelSelector of Deployments, and the text behind `kubectl -l`. */
import { err, ok, type Result } from "../base/result.ts";
import { labelKeyProblems, labelValueProblems } from "./names.ts";
import type { LabelSelector, Labels } from "./meta/types.ts";

/** All pairs of the selector are among the labels. The empty selector matches everything; who treats it as nothing says so. */
export function matchLabels(selector: Labels, labels: Labels | undefined): boolean {
  for (const key of Object.keys(selector)) {
    if (labels === undefined || !Object.hasOwn(labels, key) || labels[key] !== selector[key]) return false;
  }
  return true;
}

/** One demand of a selector. `values` is empty for Exists and DoesNotExist. */
export interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

/** NotIn and DoesNotExist also match an object without the key, as in the real API. */
export function requirementMatches(requirement: Requirement, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case "In":
      return value !== undefined && requirement.values.includes(value);
    case "NotIn":
      return value === undefined || !requirement.values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

/** The demands of a LabelSelector, sorted by key. */
export function requirementsOf(selector: LabelSelector): readonly Requirement[] {
  const fromLabels = Object.entries(selector.matchLabels ?? {}).map(([key, value]): Requirement => ({
    key,
    operator: "In",
    values: [value],
  }));
  const fromExpressions = (selector.matchExpressions ?? []).map((e): Requirement => ({
    key: e.key,
    operator: e.operator,
    values: e.values ?? [],
  }));
  return [...fromLabels, ...fromExpressions].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Does a metav1.LabelSelector match? An absent selector matches nothing, an empty one everything. */
export function labelSelectorMatches(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  return requirementsOf(selector).every((requirement) => requirementMatches(requirement, labels));
}

export function requirementsMatch(requirements: readonly Requirement[], labels: Labels | undefined): boolean {
  return requirements.every((requirement) => requirementMatches(requirement, labels));
}

type Token = { readonly type: "word" | "(" | ")" | "," | "=" | "==" | "!=" | "!" | "end"; readonly text: string };

function tokens(text: string): readonly Token[] {
  const out: Token[] = [];
  for (const match of text.matchAll(/\s+|==|!=|[()=,!]|[^\s()=,!]+/g)) {
    const word = match[0];
    if (/^\s/.test(word)) continue;
    out.push(
      /^(==|!=|[()=,!])$/.test(word) ? { type: word as Token["type"], text: word } : { type: "word", text: word },
    );
  }
  out.push({ type: "end", text: "" });
  return out;
}

/**
 * The text of `-l`: `a=b,c!=d,e in (x,y),f,!g,h notin (z)`. The refusal is kubectl's own:
 * `unable to parse requirement: ...`. Source: apimachinery/pkg/labels/selector.go.
 */
export function parseSelector(text: string): Result<readonly Requirement[], string> {
  const list = tokens(text);
  let at = 0;
  const peek = (): Token => list[Math.min(at, list.length - 1)] as Token;
  const next = (): Token => {
    const token = peek();
    at += 1;
    return token;
  };
  const fail = (why: string): Result<never, string> => err(`unable to parse requirement: ${why}`);
  const expectedText = (token: Token, expected: string): string => `found '${token.text}', expected: ${expected}`;
  const found = (token: Token, expected: string): Result<never, string> => fail(expectedText(token, expected));
  const out: Requirement[] = [];
  if (peek().type === "end") return ok(out);
  for (;;) {
    const negated = peek().type === "!" && next() !== undefined;
    const key = next();
    if (key.type !== "word") return err(expectedText(key, "!, identifier, or 'end of string'"));
    const keyProblem = labelKeyProblems(key.text)[0];
    if (keyProblem !== undefined) return fail(`<nil>: Invalid value: ${JSON.stringify(key.text)}: ${keyProblem}`);
    const operator = peek();
    if (negated) {
      out.push({ key: key.text, operator: "DoesNotExist", values: [] });
    } else if (operator.type === "end" || operator.type === ",") {
      out.push({ key: key.text, operator: "Exists", values: [] });
    } else if (operator.type === "=" || operator.type === "==" || operator.type === "!=") {
      next();
      const value = peek().type === "word" ? next().text : "";
      const problem = labelValueProblems(value)[0];
      if (problem !== undefined)
        return fail(`values[0][${key.text}]: Invalid value: ${JSON.stringify(value)}: ${problem}`);
      out.push({ key: key.text, operator: operator.type === "!=" ? "NotIn" : "In", values: [value] });
    } else if (operator.type === "word" && (operator.text === "in" || operator.text === "notin")) {
      next();
      const open = next();
      if (open.type !== "(") return found(open, "'('");
      const values: string[] = [];
      for (;;) {
        values.push(peek().type === "word" ? next().text : "");
        const separator = next();
        if (separator.type === ")") break;
        if (separator.type !== ",") return found(separator, "',', or ')'");
      }
      out.push({ key: key.text, operator: operator.text === "in" ? "In" : "NotIn", values });
    } else {
      return found(operator, "in, notin, =, ==, !=, gt, lt");
    }
    const separator = next();
    if (separator.type === "end") return ok(out);
    if (separator.type !== ",") return err(expectedText(separator, "',' or 'end of string'"));
    if (peek().type === "end") return err(expectedText(peek(), "identifier after ','"));
  }
}

/** `app=web,tier=fe`, sorted by key, as printers write a selector or labels; `<none>` when empty. */
export function formatLabels(labels: Labels | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? "<none>" : keys.map((key) => `${key}=${labels?.[key]}`).join(",");
}

function formatRequirement(requirement: Requirement): string {
  const { key, operator } = requirement;
  const values = [...requirement.values].sort();
  switch (operator) {
    case "In":
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(",")})`;
    case "NotIn":
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(",")})`;
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
  }
}

/** A LabelSelector as one line, as `kubectl get deploy -o wide` prints it: `app=web,tier in (a,b)`; `<none>` when it has no demands. */
export function formatSelector(selector: LabelSelector | undefined): string {
  if (selector === undefined) return "<none>";
  const out = [];
  const labels = Object.entries(selector.matchLabels ?? {});
  for (const [key, value] of labels) out.push({ key, text: `${key}=${value}` });
  for (const e of selector.matchExpressions ?? []) {
    const values = [...(e.values ?? [])].sort();
    const requirement: Requirement = { key: e.key, operator: e.operator, values };
    // Unlike the text form, a single value of an expression keeps its parentheses: labels.Requirement prints the operator it was made with.
    const text =
      e.operator === "In" || e.operator === "NotIn"
        ? `${e.key} ${e.operator.toLowerCase()} (${values.join(",")})`
        : formatRequirement(requirement);
    out.push({ key: e.key, text });
  }
  if (out.length === 0) return "<none>";
  return out
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map((part) => part.text)
    .join(",");
}

/** Parsed `-l` text printed back in its canonical form. */
export function formatRequirements(requirements: readonly Requirement[]): string {
  return requirements.map(formatRequirement).join(",");
}
