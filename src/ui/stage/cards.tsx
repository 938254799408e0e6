import type { NodeProps } from "@xyflow/react";
import type { Node as FlowNode } from "@xyflow/react";
import { memo, type CSSProperties, type ReactNode } from "react";
import { PROXY_ROWS, proxyRowHeight, proxyRowTop } from "../../graph/anchors.ts";
import type { Card, NodeCard, PodCard, ProxyCard, StampCard } from "../../graph/cards.ts";
import { NODE, ROWS } from "../../graph/metrics.ts";
import { podTail, shortenPodName } from "../../graph/names.ts";
import { MenuButton } from "../actions/MenuButton.tsx";
import { MapIcon } from "./icons.tsx";
import { rowOf, tintOf, useHighlight } from "./highlight.ts";
import { Sigil } from "./Sigil.tsx";
import { StampShape } from "./StampShape.tsx";
import styles from "./Cards.module.css";

export type CardNode = FlowNode<{ readonly card: Card; readonly leaving: boolean }, "card">;

/** Every card is one button with a name that says all it shows; the arrow keys of the map move between them. */
export const CardView = memo(function CardView({ data: { card, leaving } }: NodeProps<CardNode>) {
  const { focus, object, hop, select, open } = useHighlight();
  const classes = [styles["card"], styles[card.kind], ...flags(card)];
  const selected = object !== null && card.object === object;
  // What has gone fades where it stood: nothing to press, and nothing to read out.
  if (leaving)
    return (
      <div className={`${classes.join(" ")} ${styles["leaving"] ?? ""}`} aria-hidden="true">
        <Face card={card} />
      </div>
    );
  return (
    <>
      <button
        type="button"
        className={classes.join(" ")}
        aria-label={card.label}
        aria-pressed={selected}
        tabIndex={focus === card.id ? 0 : -1}
        data-card={card.id}
        data-object={card.object ?? undefined}
        data-here={hop !== null && hop.place === card.host ? "" : undefined}
        data-arrows=""
        onClick={() => select(card.id)}
        onDoubleClick={() => open(card.id)}
      >
        <Face card={card} />
      </button>
      {selected && card.object !== null && <MenuButton object={card.object} name={card.label.split(",")[0] ?? ""} />}
    </>
  );
});

function flags(card: Card): readonly (string | undefined)[] {
  if (card.kind === "pod") {
    return [
      card.backend ? styles["backend"] : "",
      card.state === "ready" ? "" : styles["unready"],
      card.cut ? styles["cut"] : "",
    ];
  }
  if (card.kind === "node") return [card.trouble?.kind === "down" ? styles["cut"] : ""];
  return [card.kind === "stamp" && card.small ? styles["mini"] : ""];
}

function Face({ card }: { readonly card: Card }): ReactNode {
  switch (card.kind) {
    case "client":
      return (
        <>
          {!card.small && <MapIcon name="laptop" size={22} />}
          <span className={styles["title"]}>{card.name === "internet" ? "outside client" : card.name}</span>
          <span className={styles["machine"]}>{card.ip}</span>
        </>
      );
    case "lb":
      return (
        <>
          <span className={styles["title"]}>cloud LB</span>
          {card.addresses.length === 0 && <span className={styles["pending"]}>&lt;pending&gt;</span>}
          {card.addresses.slice(0, 3).map((ip) => (
            <span key={ip} className={styles["machine"]}>
              {ip}
            </span>
          ))}
          {card.addresses.length > 3 && <span className={styles["quiet"]}>{card.addresses.length - 3} more</span>}
        </>
      );
    case "node":
      return <NodeFace card={card} />;
    case "pod":
      return <PodFace card={card} />;
    case "api":
      return (
        <>
          <span className={styles["title"]}>API server</span>
          <span className={styles["machine"]}>revision {card.revision}</span>
        </>
      );
    case "slice":
      return (
        <>
          <span className={styles["title"]}>EndpointSlice</span>
          <span className={styles["machine"]}>
            {card.name === null ? "none yet" : `${shortenPodName(card.name, 12)}, ${String(card.ready)} ready`}
          </span>
        </>
      );
    case "stamp":
      return <StampFace card={card} />;
    case "more":
      return <span className={styles["quiet"]}>{card.text}</span>;
    case "part":
      return (
        <>
          <span className={styles["title"]}>{card.name}</span>
          {card.note !== "" && (
            <span className={styles["machine"]} data-waiting={card.waiting ? "" : undefined}>
              {card.note}
            </span>
          )}
        </>
      );
    case "proxy":
      return <ProxyFace card={card} />;
  }
}

/** A row per node: kubelet's dot, kube-proxy's dot, and when it wrote its rules. A filled dot has the Service as it is now. */
function ProxyFace({ card }: { readonly card: ProxyCard }) {
  const { rows } = card;
  const shown = rows.length > PROXY_ROWS ? rows.slice(0, PROXY_ROWS - 1) : rows;
  const height = proxyRowHeight(rows.length);
  const at = (i: number): CSSProperties => ({ top: proxyRowTop(rows.length) + i * height, height });
  return (
    <>
      <span className={styles["title"]}>kubelet, kube-proxy</span>
      {shown.map((row, i) => (
        <span key={row.node} className={styles["sync"]} style={at(i)}>
          <span className={styles["dot"]} data-synced={row.up} data-stopped={row.up ? undefined : ""} />
          <span
            className={styles["dot"]}
            data-synced={row.running && row.synced}
            data-stopped={row.running ? undefined : ""}
          />
          <span className={styles["who"]}>{shortenPodName(row.node, 9)}</span>
          <span className={styles["machine"]} data-waiting={row.note === null ? undefined : ""}>
            {row.note ?? row.at}
          </span>
        </span>
      ))}
      {rows.length > shown.length && (
        <span className={`${styles["sync"] ?? ""} ${styles["quiet"] ?? ""}`} style={at(PROXY_ROWS - 1)}>
          and {rows.length - shown.length} more
        </span>
      )}
    </>
  );
}

const ROW_NAMES = ["PREROUTING", "routing", "FORWARD", "POSTROUTING"] as const;

function NodeFace({ card }: { readonly card: NodeCard }) {
  const { hop, hooks } = useHighlight();
  const here = hop !== null && hop.place === card.host ? hop : null;
  const row = here === null ? null : rowOf(here);
  const met = (hook: string): boolean => hooks.has(`${card.id} ${hook}`);
  return (
    <>
      <span className={`${styles["bar"] ?? ""} ${styles["eth"] ?? ""}`}>
        <span>eth0</span>
      </span>
      <span className={styles["nodeName"]} style={{ left: NODE.name }}>
        <span className={styles["title"]}>{card.name}</span>
        <span className={styles["machine"]}>{card.ip}</span>
        {card.trouble !== null && (
          <span className={styles["trouble"]} data-kind={card.trouble.kind}>
            {card.trouble.text}
          </span>
        )}
      </span>
      <span className={styles["caption"]} style={{ left: NODE.slab }}>
        netfilter
      </span>
      <span
        className={styles["slab"]}
        style={{ left: NODE.slab, top: NODE.inset, width: NODE.slabWidth, height: NODE.height - 2 * NODE.inset }}
      >
        {ROW_NAMES.map((name, i) => (
          <span
            key={name}
            data-row={name}
            className={styles["row"]}
            style={{ height: (ROWS[i] ?? 0) - (i === 0 ? NODE.inset : (ROWS[i - 1] ?? 0)) }}
            data-tint={row === i && here !== null ? tintOf(here) : undefined}
          >
            {rowName(name, i, met)}
          </span>
        ))}
      </span>
      <span className={`${styles["bar"] ?? ""} ${styles["cni"] ?? ""}`} style={{ left: NODE.cni }}>
        <span>cni0</span>
      </span>
      {card.imprint !== null && (
        <span className={styles["imprint"]} data-synced={card.imprint.synced}>
          <Sigil hash={card.imprint.sigil} size={13} />
          <span>{imprintName(card.imprint.name)}</span>
        </span>
      )}
    </>
  );
}

/** What the node itself sends starts at OUTPUT, what it takes in ends at INPUT: those rows say so while such a walk is on show. */
function rowName(name: string, row: number, met: (hook: string) => boolean): string {
  if (row === 0 && met("OUTPUT") && !met("PREROUTING")) return "OUTPUT";
  if (row === 2 && met("INPUT") && !met("FORWARD")) return "INPUT";
  return name;
}

function imprintName(name: string): string {
  const short = name.length <= 10 ? name : name.slice(name.indexOf("/") + 1);
  return shortenPodName(short, 10);
}

function PodFace({ card }: { readonly card: PodCard }) {
  const note =
    card.state === "ready"
      ? card.weight
      : card.state === "terminating"
        ? "ending"
        : card.state === "starting"
          ? "starting"
          : "unready";
  return (
    <>
      <MapIcon name={card.name === "curl" || card.client ? "terminal" : "cube"} size={15} />
      <span className={styles["podTail"]}>{podTail(card.name)}</span>
      <span className={styles["podText"]}>
        <span className={styles["podName"]}>
          <span>{shortenPodName(card.name, Math.min(11, 14 - (note?.length ?? 0)))}</span>
          {note !== null && <span className={styles["weight"]}>{note}</span>}
        </span>
        <span className={styles["machine"]}>
          {card.hostNetwork ? "host network" : card.address === "" ? "no address" : card.address}
        </span>
      </span>
    </>
  );
}

/** `ns/name` where it fits, else the name alone; only then is its middle left out. */
function serviceText(name: string): string {
  return name.length <= 18 ? name : shortenPodName(name.slice(name.indexOf("/") + 1), 18);
}

function StampFace({ card }: { readonly card: StampCard }) {
  const small = card.small || card.folded === true;
  const box: CSSProperties = { width: card.rect.w, height: card.rect.h };
  return (
    <span className={styles["stampBox"]} style={box}>
      <StampShape width={card.rect.w} height={card.rect.h} small={small} />
      <span className={small ? styles["miniText"] : styles["stampText"]}>
        <Sigil hash={card.sigil} size={small ? 15 : 38} />
        {small ? (
          <span className={styles["miniName"]}>{serviceText(card.name)}</span>
        ) : (
          <span className={styles["stampWords"]}>
            <span className={styles["kind"]}>Service</span>
            <span className={styles["stampName"]} data-long={card.name.length > 11 ? "" : undefined}>
              {card.name.length > 14 ? shortenPodName(card.name, 14) : card.name}
            </span>
            <span className={styles["machine"]} data-long={card.address.length > 16 ? "" : undefined}>
              {card.address === "" ? "no address yet" : card.address === "None" ? "headless" : card.address}
            </span>
            <span className={styles["noWire"]}>on no wire</span>
          </span>
        )}
      </span>
    </span>
  );
}
