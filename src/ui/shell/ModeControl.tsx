import { useRef, useState, type KeyboardEvent } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { ProxyMode } from "../../model/config/types.ts";
import { say, usePage } from "./page.ts";
import { useSession } from "./session.ts";
import styles from "./ModeControl.module.css";

interface Choice {
  readonly mode: ProxyMode;
  readonly label: string;
  /** The last version that has it. */
  readonly until?: string;
}

const MODES: readonly Choice[] = [
  { mode: "iptables", label: "iptables" },
  { mode: "nftables", label: "nftables" },
  { mode: "ipvs", label: "IPVS" },
  { mode: "userspace", label: "userspace", until: "≤1.25" },
];

/**
 * kube-proxy's mode. Choosing one writes it into kube-proxy's configuration and restarts kube-proxy on every node; while nodes run
 * different modes none is checked and each says on how many it runs.
 */
export function ModeControl() {
  const session = useSession();
  const mode = useMirror((state) => state.mode);
  const proxies = useMirror((state) => state.proxies);
  const group = useRef<HTMLDivElement>(null);
  const [wanted, setWanted] = useState<ProxyMode | null>(null);

  const running = (one: ProxyMode): number => proxies.filter((proxy) => proxy.mode === one).length;
  const mixed = new Set(proxies.map((proxy) => proxy.mode)).size > 1;
  const checked = wanted ?? (mixed ? null : (proxies[0]?.mode ?? mode));
  // One radio is always reachable by Tab.
  const entry = checked ?? mode;

  const choose = ({ mode: one, label }: Choice): void => {
    if (one === checked || wanted !== null) return;
    setWanted(one);
    void session.client.command({ type: "mode", mode: one }).then(({ refusal }) => {
      setWanted(null);
      if (refusal === null) say(`kube-proxy was restarted in ${label} mode on every node. Send again to see it.`);
      else usePage.setState({ notice: { kind: "refused", message: refusal.message } });
    });
  };

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
        {MODES.map((choice) => {
          const { mode: one, label, until } = choice;
          const nodes = running(one);
          return (
            <button
              key={one}
              type="button"
              role="radio"
              className={styles["mode"]}
              aria-checked={checked === one}
              title={`Restart kube-proxy on every node in ${label} mode${until === undefined ? "" : " (removed in 1.26)"}`}
              tabIndex={entry === one ? 0 : -1}
              onClick={() => choose(choice)}
            >
              {label}
              {until !== undefined && <small>{until}</small>}
              {mixed && nodes > 0 && (
                <small>
                  {nodes} of {proxies.length} nodes
                </small>
              )}
            </button>
          );
        })}
      </div>
    </div>
  );
}
