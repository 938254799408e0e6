import { useRef, type KeyboardEvent } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { ProxyMode } from "../../model/config/types.ts";
import { say } from "./page.ts";
import styles from "./ModeControl.module.css";

const MODES: readonly { readonly mode: ProxyMode; readonly label: string; readonly until?: string }[] = [
  { mode: "iptables", label: "iptables" },
  { mode: "nftables", label: "nftables" },
  { mode: "ipvs", label: "IPVS" },
  { mode: "userspace", label: "userspace", until: "≤1.25" },
];

const ARRIVED: ReadonlySet<ProxyMode> = new Set<ProxyMode>(["iptables"]);
const LATER = "Arrives in a later release.";

/** kube-proxy's mode. Those that are not here yet can be reached and read, and say so; they cannot be chosen. */
export function ModeControl() {
  const mode = useMirror((state) => state.mode);
  const group = useRef<HTMLDivElement>(null);

  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const radios = [...(group.current?.querySelectorAll<HTMLElement>("[role=radio]") ?? [])];
    const at = radios.indexOf(document.activeElement as HTMLElement);
    radios[(at + step + radios.length) % radios.length]?.focus();
  };

  return (
    <div className={styles["control"]}>
      <span className={styles["label"]} id="kh-mode-label">
        kube-proxy
      </span>
      <div
        ref={group}
        className={styles["group"]}
        role="radiogroup"
        tabIndex={-1}
        aria-labelledby="kh-mode-label"
        onKeyDown={move}
      >
        {MODES.map(({ mode: one, label, until }) => {
          const here = ARRIVED.has(one);
          return (
            <button
              key={one}
              type="button"
              role="radio"
              className={styles["mode"]}
              aria-checked={mode === one}
              aria-disabled={!here || undefined}
              aria-describedby={here ? undefined : "kh-mode-later"}
              title={here ? undefined : LATER}
              tabIndex={mode === one ? 0 : -1}
              onClick={() => say(here ? `kube-proxy runs in ${label} mode.` : `${label} mode: ${LATER.toLowerCase()}`)}
            >
              {label}
              {until !== undefined && <small>{until}</small>}
            </button>
          );
        })}
      </div>
      <span id="kh-mode-later" className="kh-hidden">
        {LATER}
      </span>
    </div>
  );
}
