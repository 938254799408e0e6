import { useEffect, useMemo, useRef, useState } from "react";
import { stringify } from "yaml";
import { useMirror } from "../../mirror/store.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import { Button } from "../shell/Button.tsx";
import { say } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { differences, liveOf, objectsIn, withLive, type Difference } from "./drift.ts";
import { joinFiles } from "./files.ts";
import type { MountedDiff } from "./liveDiff.ts";
import { count } from "./problems.ts";
import { activeTab, useTabs } from "./tabs.ts";
import styles from "./LiveView.module.css";

/** How much of the live object is shown: what the text writes too, all but its state, or everything. */
type Extent = "written" | "fields" | "all";

const EXTENTS: readonly { readonly extent: Extent; readonly label: string }[] = [
  { extent: "written", label: "Fields of the text" },
  { extent: "fields", label: "All fields" },
  { extent: "all", label: "With status" },
];

/** An object of the open file beside the live one: controllers, the console and the map change what the text does not know of. */
export function LiveView() {
  const session = useSession();
  const objects = useMirror((state) => state.objects);
  const tab = useTabs(activeTab);
  const set = useUi((state) => state.set);
  const written = useMemo(() => objectsIn(tab.text), [tab.text]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [extent, setExtent] = useState<Extent>("written");
  const all = useMemo(
    () =>
      written.map((one) => {
        const live = liveOf(one, objects);
        return { one, live, drift: live === undefined ? [] : differences(one, live) };
      }),
    [written, objects],
  );
  const shown = all.find(({ one }) => one.title === chosen) ?? all.find(({ drift }) => drift.length > 0) ?? all[0];

  const replace = (text: string, words: string): void => {
    const { tabs } = useTabs.getState();
    session.replaceText(joinFiles(tabs.map((one) => (one.id === tab.id ? { ...one, text } : one))));
    say(words);
  };
  const takeOver = (taken: readonly Difference[]): void =>
    replace(withLive(tab.text, taken), `${count(taken.length, "live value")} taken over into ${tab.name}.`);

  return (
    <div className={styles["view"]}>
      <div className={styles["head"]}>
        <label className={styles["object"]}>
          <span className="kh-hidden">Object of {tab.name}</span>
          <select value={shown?.one.title ?? ""} onChange={(event) => setChosen(event.target.value)}>
            {all.map(({ one, live, drift }) => (
              <option key={`${one.title} ${String(one.from)}`} value={one.title}>
                {one.title}
                {live === undefined ? ", not live" : drift.length === 0 ? "" : `, ${count(drift.length, "difference")}`}
              </option>
            ))}
          </select>
        </label>
        <Button look="bare" icon="close" aria-label="Back to the text" onClick={() => set({ editorView: "text" })} />
      </div>
      {shown === undefined ? (
        <p className={styles["none"]}>{tab.name} holds no object that can be read.</p>
      ) : shown.live === undefined ? (
        <p className={styles["none"]}>
          <b>{shown.one.title} is not in the cluster.</b> It was deleted there, or the text is not applied as it stands.
        </p>
      ) : (
        <>
          <div className={styles["extents"]} role="radiogroup" aria-label="Fields of the live object">
            {EXTENTS.map((one) => (
              <label key={one.extent}>
                <input
                  type="radio"
                  name="kh-live-extent"
                  checked={one.extent === extent}
                  onChange={() => setExtent(one.extent)}
                />
                <span>{one.label}</span>
              </label>
            ))}
          </div>
          <Rows drift={shown.drift} onTake={takeOver} />
          <Diff
            text={extent === "written" ? tab.text.slice(shown.one.from, shown.one.to) : sorted(shown.one.node.toJSON())}
            live={
              extent === "written"
                ? shiftedLive(tab.text, shown.one, shown.drift)
                : sorted(extent === "all" ? shown.live : withoutState(shown.live))
            }
          />
        </>
      )}
    </div>
  );
}

/** The document's own text with the live words in it: comments and order are the reader's. */
function shiftedLive(
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
  drift: readonly Difference[],
): string {
  const own = drift.map((one) =>
    one.word === null ? one : { ...one, word: { ...one.word, from: one.word.from - from, to: one.word.to - from } },
  );
  return withLive(text.slice(from, to), own);
}

/** As `kubectl get -o yaml` prints it: fields by name. */
const sorted = (object: unknown): string => stringify(object, { sortMapEntries: true, lineWidth: 0, indentSeq: false });

function withoutState(object: KubeObject): unknown {
  const { status: _, ...rest } = object as KubeObject & { readonly status?: unknown };
  const { managedFields: __, ...metadata } = object.metadata as KubeObject["metadata"] & {
    readonly managedFields?: unknown;
  };
  return { ...rest, metadata };
}

interface RowsProps {
  readonly drift: readonly Difference[];
  readonly onTake: (taken: readonly Difference[]) => void;
}

function Rows({ drift, onTake }: RowsProps) {
  if (drift.length === 0)
    return <p className={styles["none"]}>Everything that the text writes of it is so in the cluster.</p>;
  const words = drift.filter(({ word }) => word !== null);
  return (
    <div className={styles["rows"]}>
      <ul aria-label="Differences">
        {drift.map((one) => (
          <li key={one.path}>
            <span>
              <code>{one.path}</code> <del>{one.written}</del> <ins>{one.live ?? "absent"}</ins>
            </span>
            {one.word !== null && (
              <Button className={styles["take"] ?? ""} onClick={() => onTake([one])}>
                Take over live value
              </Button>
            )}
          </li>
        ))}
      </ul>
      {words.length > 1 && (
        <Button className={styles["take"] ?? ""} onClick={() => onTake(words)}>
          Take over all {words.length}
        </Button>
      )}
    </div>
  );
}

function Diff({ text, live }: { readonly text: string; readonly live: string }) {
  const host = useRef<HTMLDivElement>(null);
  const theme = useUi((state) => state.theme);
  const [diff, setDiff] = useState<MountedDiff | null>(null);
  useEffect(() => {
    let gone = false;
    let mounted: MountedDiff | null = null;
    void import("./liveDiff.ts").then(({ mountDiff }) => {
      if (gone || host.current === null) return;
      mounted = mountDiff(host.current, useUi.getState().theme);
      setDiff(mounted);
    });
    return () => {
      gone = true;
      mounted?.dispose();
      setDiff(null);
    };
  }, []);
  useEffect(() => diff?.set(text, live), [diff, text, live]);
  useEffect(() => diff?.setTheme(theme), [diff, theme]);
  return (
    <>
      <p className={styles["sides"]} aria-hidden="true">
        <span>text</span> <span>live</span>
      </p>
      <div ref={host} className={styles["diff"]} role="group" aria-label="Text and live object" />
    </>
  );
}
