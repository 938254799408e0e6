import { elementText } from "./print.ts";
import { ruleText } from "./text.ts";
import type { Chain, Element, NftFamily, NftSet, Rule, Table } from "./types.ts";

type ChainHead = Pick<Chain, "base" | "comment">;

/** One line of an nft transaction on one table. */
export type Command =
  | { readonly kind: "table"; readonly comment: string }
  /** `add` of a chain that exists changes nothing; a hook is only given when a base chain is made. */
  | { readonly kind: "chain"; readonly verb: "add"; readonly name: string; readonly chain: ChainHead }
  | { readonly kind: "chain"; readonly verb: "flush" | "delete"; readonly name: string }
  | { readonly kind: "rule"; readonly chain: string; readonly rule: Rule }
  | { readonly kind: "set"; readonly verb: "add" | "flush" | "delete"; readonly name: string; readonly set: NftSet }
  | {
      readonly kind: "element";
      readonly verb: "add" | "delete";
      readonly set: string;
      readonly element: Element;
    };

export interface TableId {
  readonly family: NftFamily;
  readonly name: string;
}

const COMMENT_ONLY = (comment: string | null): string => (comment === null ? "" : ` comment "${comment}" ;`);

function chainBody({ base, comment }: ChainHead): string {
  const hook = base === null ? "" : ` type ${base.type} hook ${base.hook} priority ${base.priority} ;`;
  const body = `${hook}${COMMENT_ONLY(comment)}`;
  return body === "" ? "" : ` {${body} }`;
}

function setBody(set: NftSet): string {
  const type = set.valueType === null ? set.type : `${set.type} : ${set.valueType}`;
  const flags = set.flags.length === 0 ? "" : ` flags ${set.flags.join(",")} ;`;
  const timeout = set.timeoutSeconds === null ? "" : ` timeout ${set.timeoutSeconds}s ;`;
  return `{ type ${type} ;${flags}${timeout}${COMMENT_ONLY(set.comment)} }`;
}

/** A command as kube-proxy sends it. */
export function commandText(command: Command, { family, name: table }: TableId): string {
  const place = `${family} ${table}`;
  switch (command.kind) {
    case "table":
      return `add table ${place} { comment "${command.comment}" ; }`;
    case "chain": {
      const body = command.verb === "add" ? chainBody(command.chain) : "";
      return `${command.verb} chain ${place} ${command.name}${body}`;
    }
    case "rule":
      return `add rule ${place} ${command.chain} ${ruleText(command.rule, "proxy")}`;
    case "set": {
      const what = `${command.verb} ${command.set.valueType === null ? "set" : "map"} ${place} ${command.name}`;
      return command.verb === "add" ? `${what} ${setBody(command.set)}` : what;
    }
    case "element": {
      const { verb, set, element } = command;
      return `${verb} element ${place} ${set} { ${verb === "add" ? elementText(element) : element.key} }`;
    }
  }
}

/**
 * The table as one list of commands that would make it anew, in the order of names, as kube-proxy's own tests dump it. Elements
 * keep their order of creation, sets come before maps.
 */
export function dumpCommands(table: Table): readonly Command[] {
  const byName = <T>(map: ReadonlyMap<string, T>): (readonly [string, T])[] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  const chains = byName(table.chains);
  const all = byName(table.sets);
  const sets = [...all.filter(([, s]) => s.valueType === null), ...all.filter(([, s]) => s.valueType !== null)];
  const commands: Command[] = [{ kind: "table", comment: table.comment ?? "" }];
  for (const [name, chain] of chains) commands.push({ kind: "chain", verb: "add", name, chain });
  for (const [name, set] of sets) commands.push({ kind: "set", verb: "add", name, set });
  for (const [name, chain] of chains)
    for (const rule of chain.rules) commands.push({ kind: "rule", chain: name, rule });
  for (const [name, { elements }] of sets) {
    for (const element of elements.values()) commands.push({ kind: "element", verb: "add", set: name, element });
  }
  return commands;
}

/** Commands one per line, ending on a newline. */
export function commandsText(commands: readonly Command[], table: TableId): string {
  return commands.map((command) => `${commandText(command, table)}\n`).join("");
}

/** A table without anything in it. */
export function emptyTable({ family, name }: TableId): Table {
  return { family, name, comment: null, opaque: [], sets: new Map(), chains: new Map() };
}

/** The table after a transaction. What no command names is shared with the table before. */
export function applyCommands(table: Table, commands: readonly Command[]): Table {
  const chains = new Map<string, Chain>(table.chains);
  const sets = new Map<string, NftSet>(table.sets);
  const ownRules = new Map<string, Rule[]>();
  const ownElements = new Map<string, Map<string, Element>>();
  let comment = table.comment;
  const rulesOf = (name: string, fresh: readonly Rule[]): Rule[] => {
    let rules = ownRules.get(name);
    if (rules === undefined) {
      rules = [...fresh];
      ownRules.set(name, rules);
      const chain = chains.get(name);
      if (chain !== undefined) chains.set(name, { ...chain, rules });
    }
    return rules;
  };
  const elementsOf = (name: string): Map<string, Element> => {
    let elements = ownElements.get(name);
    if (elements === undefined) {
      const set = sets.get(name);
      elements = new Map(set?.elements);
      ownElements.set(name, elements);
      if (set !== undefined) sets.set(name, { ...set, elements });
    }
    return elements;
  };
  for (const command of commands) {
    switch (command.kind) {
      case "table":
        comment = command.comment;
        break;
      case "chain":
        if (command.verb === "add") {
          if (chains.has(command.name)) break;
          const rules: Rule[] = [];
          ownRules.set(command.name, rules);
          chains.set(command.name, { base: command.chain.base, comment: command.chain.comment, rules });
        } else if (command.verb === "flush") {
          rulesOf(command.name, []).length = 0;
        } else {
          chains.delete(command.name);
          ownRules.delete(command.name);
        }
        break;
      case "rule":
        rulesOf(command.chain, chains.get(command.chain)?.rules ?? []).push(command.rule);
        break;
      case "set":
        if (command.verb === "delete") {
          sets.delete(command.name);
          ownElements.delete(command.name);
        } else if (command.verb === "flush") elementsOf(command.name).clear();
        else sets.set(command.name, { ...command.set, elements: elementsOf(command.name) });
        break;
      case "element":
        if (command.verb === "delete") elementsOf(command.set).delete(command.element.key);
        else elementsOf(command.set).set(command.element.key, command.element);
        break;
    }
  }
  return { ...table, comment, chains, sets };
}
