import { lazy, Suspense } from "react";
import { isFiltering, shownText, type Shown } from "../../graph/filter.ts";
import type { MirrorState } from "../../mirror/types.ts";
import type { ObjectKey } from "../../model/meta/types.ts";
import type { Hop, Walk } from "../../model/trace/types.ts";
import { useUi } from "../state.ts";
import { MapIcon } from "./icons.tsx";
import { useMapView } from "./mapView.ts";
import styles from "./Stage.module.css";

const FilterBar = lazy(() => import("./FilterBar.tsx").then(({ FilterBar: component }) => ({ default: component })));

interface StageHeaderProps {
  readonly mirror: MirrorState;
  readonly walk: Walk | null;
  readonly hop: Hop | null;
  readonly shown: Shown;
  readonly onFit: () => void;
  readonly onFind: (key: ObjectKey) => boolean;
  /** Some nodes of a large cluster are on show, not all. */
  readonly isPart: boolean;
}

/** What is on the map, and what can be hidden, found and folded. */
export function StageHeader({ mirror, walk, hop, shown, onFit, onFind, isPart }: StageHeaderProps) {
  const folded = useUi((state) => state.intentFolded);
  const { set } = useUi.getState();
  const filter = useMapView((state) => state.filter);
  const bar = useMapView((state) => state.bar);
  const index = mirror.walks.findIndex((w) => w.id === walk?.id);
  const hides = isFiltering(filter) ? shownText(shown) : "";
  return (
    <>
      <header className={styles["header"]}>
        <h2>Map</h2>
        {isPart && (
          <button
            type="button"
            className={styles["tool"]}
            onClick={() => {
              useMapView.setState({ opened: null });
              useMapView.getState().narrow({ onlyWalk: false });
            }}
          >
            <MapIcon name="back" size={14} />
            All nodes
          </button>
        )}
        {walk !== null && index >= 0 && (
          <span className={styles["count"]}>
            walk {index + 1} of {mirror.walks.length}
          </span>
        )}
        {hides !== "" && !bar && (
          <span className={styles["hides"]} title={`showing ${hides}`}>
            showing {hides}
          </span>
        )}
        <div className={styles["tools"]}>
          {walk !== null && (
            <button
              type="button"
              className={styles["tool"]}
              aria-pressed={filter.onlyWalk}
              aria-label="Only this walk"
              onClick={() => useMapView.getState().narrow({ onlyWalk: !filter.onlyWalk })}
            >
              <MapIcon name="eye" size={14} />
              <span>Only this walk</span>
            </button>
          )}
          <button
            type="button"
            className={styles["tool"]}
            aria-expanded={bar}
            aria-label="Filter and find"
            onClick={() => useMapView.setState({ bar: !bar })}
          >
            <MapIcon name="filter" size={14} />
            <span>Filter</span>
          </button>
          {hop?.place.startsWith("node/") === true && (
            <button
              type="button"
              className={styles["tool"]}
              aria-label={`${hop.place.slice("node/".length)} netfilter`}
              onClick={() => set({ center: "netfilter" })}
            >
              <MapIcon name="stairs" size={14} />
              <span>{`${hop.place.slice("node/".length)} netfilter`}</span>
            </button>
          )}
          <button
            type="button"
            className={styles["tool"]}
            aria-pressed={folded}
            aria-label={folded ? "Unfold intent" : "Fold intent"}
            onClick={() => set({ intentFolded: !folded })}
          >
            <MapIcon name={folded ? "unfold" : "fold"} size={14} />
            <span>{folded ? "Unfold intent" : "Fold intent"}</span>
          </button>
          <button type="button" className={styles["tool"]} aria-label="Fit the map" onClick={onFit}>
            <MapIcon name="fit" />
          </button>
        </div>
      </header>
      {bar && (
        <Suspense>
          <FilterBar mirror={mirror} shown={shown} onFind={onFind} />
        </Suspense>
      )}
    </>
  );
}
