/** The scenarios that ship with the page: each a folder with a scenario.yaml. */
import { readLab, type LabNotes } from "./lab.ts";

export interface Scenario {
  readonly slug: string;
  readonly title: string;
  readonly text: string;
  /** The request that the page sends by itself on opening. */
  readonly open: LabNotes["open"];
}

const files = import.meta.glob<string>("./*/scenario.yaml", { query: "?raw", import: "default", eager: true });

/** Three workers and nothing on them. */
const EMPTY: Scenario = { slug: "empty", title: "Empty cluster", text: "", open: null };

const scenario = (path: string, text: string): Scenario => {
  const slug = path.split("/")[1] ?? path;
  const { title, open } = readLab(text);
  return { slug, title: title ?? slug, text, open };
};

/** In slug order; the empty cluster is last. */
export const SCENARIOS: readonly Scenario[] = [
  ...Object.entries(files)
    .map(([path, text]) => scenario(path, text))
    .sort((a, b) => (a.slug < b.slug ? -1 : 1)),
  EMPTY,
];

/** What the page opens on. */
export const DEFAULT_SCENARIO: Scenario = SCENARIOS.find(({ slug }) => slug === "shop-web") ?? SCENARIOS[0] ?? EMPTY;

export const scenarioBySlug = (slug: string): Scenario | null => SCENARIOS.find((one) => one.slug === slug) ?? null;
