import { useId, useMemo, useState } from "react";
import { isFiltering, NO_FILTER, shownText, type Shown } from "../../graph/filter.ts";
import type { MirrorState } from "../../mirror/types.ts";
import { splitKey, type ObjectKey } from "../../model/meta/types.ts";
import type { OutcomeKind } from "../../model/trace/types.ts";
import { useMapView } from "./mapView.ts";
import styles from "./FilterBar.module.css";

interface FilterBarProps {
  readonly mirror: MirrorState;
  readonly shown: Shown;
  /** Goes to an element of the map by its key; false: it is not there. */
  readonly onFind: (key: ObjectKey) => boolean;
}

const FINDABLE = new Set(["Node", "Pod", "Service", "Client", "EndpointSlice"]);
/** Names that the search offers at once. */
const OFFERED = 40;

/** What the map shows, by namespace, Service and verdict, and a search that goes to an element. */
export function FilterBar({ mirror, shown, onFind }: FilterBarProps) {
  const filter = useMapView((state) => state.filter);
  const moved = useMapView((state) => state.moved.size > 0);
  const { narrow, resetPlaces } = useMapView.getState();
  const { namespaces, services } = useMemo(() => {
    const keys = [...mirror.objects.keys()].map((key) => ({ key, ...splitKey(key) }));
    const own = keys.filter(({ kind }) => kind === "Service");
    const of = new Set(
      keys.flatMap(({ kind, namespace }) => (kind === "Pod" || kind === "Service" ? [namespace] : [])),
    );
    return { namespaces: [...of].sort(), services: own.sort((a, b) => (a.key < b.key ? -1 : 1)) };
  }, [mirror.objects]);
  const verdicts = useMemo(() => [...new Set(mirror.walks.map(({ outcome }) => outcome))], [mirror.walks]);
  const said = shownText(shown);
  return (
    <div className={styles["bar"]} role="search" aria-label="Filter the map">
      <Find mirror={mirror} onFind={onFind} />
      <label>
        <span>Namespace</span>
        <select value={filter.namespace ?? ""} onChange={(e) => narrow({ namespace: e.target.value || null })}>
          <option value="">all</option>
          {namespaces.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        <span>Service</span>
        <select
          value={filter.service ?? ""}
          onChange={(e) => narrow({ service: e.target.value === "" ? null : (e.target.value as ObjectKey) })}
        >
          <option value="">all</option>
          {services.map(({ key, namespace, name }) => (
            <option key={key} value={key}>{`${namespace}/${name}`}</option>
          ))}
        </select>
      </label>
      <label>
        <span>Walks</span>
        <select
          value={filter.verdict ?? ""}
          disabled={verdicts.length === 0}
          onChange={(e) => narrow({ verdict: e.target.value === "" ? null : (e.target.value as OutcomeKind) })}
        >
          <option value="">all</option>
          {verdicts.map((verdict) => (
            <option key={verdict}>{verdict}</option>
          ))}
        </select>
      </label>
      <p className={styles["said"]} role="status">
        {isFiltering(filter) && (said === "" ? "hides nothing" : `showing ${said}`)}
      </p>
      {isFiltering(filter) && (
        <button type="button" className={styles["tool"]} onClick={() => narrow(NO_FILTER)}>
          Show all
        </button>
      )}
      {moved && (
        <button type="button" className={styles["tool"]} onClick={resetPlaces}>
          Reset places
        </button>
      )}
    </div>
  );
}

function Find({ mirror, onFind }: Pick<FilterBarProps, "mirror" | "onFind">) {
  const list = useId();
  const [text, setText] = useState("");
  const [missing, setMissing] = useState(false);
  const found = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    const all: { readonly key: ObjectKey; readonly words: string }[] = [];
    for (const key of mirror.objects.keys()) {
      const { kind, namespace, name } = splitKey(key);
      if (!FINDABLE.has(kind)) continue;
      const words = `${kind.toLowerCase()} ${namespace === "" ? name : `${namespace}/${name}`}`;
      if (wanted !== "" && !words.toLowerCase().includes(wanted)) continue;
      all.push({ key, words });
      if (all.length >= OFFERED) break;
    }
    return all;
  }, [mirror.objects, text]);
  const go = (wanted: string): void => {
    const exact = found.find(({ words }) => words === wanted) ?? found[0];
    setMissing(exact === undefined || !onFind(exact.key));
  };
  return (
    <form
      className={styles["find"]}
      onSubmit={(event) => {
        event.preventDefault();
        go(text);
      }}
    >
      <input
        type="search"
        aria-label="Find on the map"
        placeholder="Pod, node, Service"
        autoComplete="off"
        list={list}
        value={text}
        aria-invalid={missing || undefined}
        onChange={({ target }) => {
          setText(target.value);
          setMissing(false);
          if (found.some(({ words }) => words === target.value)) go(target.value);
        }}
      />
      <datalist id={list}>
        {found.map(({ key, words }) => (
          <option key={key} value={words} />
        ))}
      </datalist>
      {missing && <span className={styles["missing"]}>not on the map</span>}
    </form>
  );
}
