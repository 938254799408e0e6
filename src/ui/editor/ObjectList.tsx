import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import { say } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { statusOf } from "./objectStatus.ts";
import styles from "./ObjectList.module.css";

const WhyAll = lazy(() => import("../why/WhyAll.tsx").then(({ WhyAll: component }) => ({ default: component })));

/** Kinds in the order in which one causes the next; others follow by name. */
const ORDER = ["Service", "Endpoints", "EndpointSlice", "Deployment", "ReplicaSet", "Pod", "Node", "Namespace"];
/** Rows shown at once: beyond, the filter is the way. */
const MOST = 300;

const rank = (kind: string): number => (ORDER.indexOf(kind) + ORDER.length + 1) % (ORDER.length + 1);

/** Every object that the API server holds: those of the text and those that controllers made of them. */
export function ObjectList() {
  const objects = useMirror((state) => state.objects);
  const selected = useUi((state) => state.object);
  const set = useUi((state) => state.set);
  const [filter, setFilter] = useState("");
  const lines = useLines(objects);
  const rows = useMemo(
    () =>
      [...objects.values()].sort(
        (a, b) =>
          rank(a.kind) - rank(b.kind) ||
          a.kind.localeCompare(b.kind) ||
          nameOf(a).localeCompare(nameOf(b), "en", { numeric: true }),
      ),
    [objects],
  );
  const wanted = filter.trim().toLowerCase();
  const found = rows.filter((object) => `${object.kind} ${nameOf(object)}`.toLowerCase().includes(wanted));
  return (
    <div className={styles["panel"]}>
      <Suspense>
        <WhyAll />
      </Suspense>
      <input
        className={styles["filter"]}
        type="search"
        placeholder="kind, namespace or name"
        aria-label="Filter objects"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      <ul className={styles["list"]} aria-label="Objects">
        {found.slice(0, MOST).map((object) => {
          const key = keyOf(object);
          const line = lines.get(key);
          return (
            <li key={key} data-selected={key === selected || undefined}>
              <button
                type="button"
                className={styles["object"]}
                aria-pressed={key === selected}
                onClick={() => {
                  set({ object: key === selected ? null : key });
                  say(
                    key === selected ? "Nothing is marked on the map." : `${object.kind} ${nameOf(object)} is marked.`,
                  );
                }}
              >
                <span className={styles["kind"]}>{object.kind}</span>
                <span className={styles["name"]}>{nameOf(object)}</span>
                <span className={styles["status"]}>{statusOf(object)}</span>
              </button>
              {line !== undefined && (
                <button type="button" className={styles["line"]} onClick={() => set({ revealLine: line })}>
                  line {line}
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {found.length > MOST && <p className={styles["more"]}>{found.length - MOST} more. Filter to see them.</p>}
      {found.length === 0 && <p className={styles["more"]}>No object is called that.</p>}
    </div>
  );
}

const nameOf = ({ metadata: { namespace, name } }: KubeObject): string =>
  namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;

/** Where objects begin in the text; those that controllers made are not in it. */
function useLines(objects: ReadonlyMap<ObjectKey, KubeObject>): ReadonlyMap<ObjectKey, number> {
  const session = useSession();
  const text = useMirror((state) => state.text);
  const [lines, setLines] = useState<ReadonlyMap<ObjectKey, number>>(new Map());
  useEffect(() => {
    let current = true;
    const own = [...objects.values()].filter(({ metadata }) => (metadata.ownerReferences ?? []).length === 0);
    void Promise.all(
      own.slice(0, MOST).map(async (object): Promise<readonly [ObjectKey, number] | null> => {
        const key = keyOf(object);
        const place = await session.client.query("locate", { object: key, path: "kind" }).catch(() => null);
        return place === null ? null : [key, place.range.startLine];
      }),
    ).then((found) => {
      if (current) setLines(new Map(found.filter((one) => one !== null)));
    });
    return () => {
      current = false;
    };
  }, [session, objects, text]);
  return lines;
}
