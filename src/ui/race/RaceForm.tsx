import { Popover } from "radix-ui";
import { useState, type ReactElement } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { Choice } from "../../wire/protocol.ts";
import { Button } from "../shell/Button.tsx";
import { Icon } from "../shell/icons.tsx";
import { overPage } from "../shell/portal.ts";
import { useSession } from "../shell/session.ts";
import { useAnswer } from "../traffic/useAnswer.ts";
import styles from "./Race.module.css";
import { farText, runRace, stopRace, useRace } from "./state.ts";
import { counted } from "./tally.ts";
import { changeOf, chosenOf, LIMITS, replicasOf, wrongWith, type Offer, type Wish } from "./wish.ts";

const GROUPS: readonly Offer["group"][] = ["Rolling update", "Scale-down", "Drain"];
/** A list to choose from is no place for thousands of pods. */
const MOST = 200;

/** What is raced: change, load and number of histories; runs it, tells how far it is, and ends it. */
export function RaceForm({ offers }: { readonly offers: readonly Offer[] }): ReactElement {
  const session = useSession();
  const wish = useRace((state) => state.wish);
  const running = useRace((state) => state.running);
  const objects = useMirror((state) => state.objects);
  const [wrong, setWrong] = useState<string | null>(null);
  const offer = chosenOf(wish, offers);
  const set = (patch: Partial<Wish>): void => {
    setWrong(null);
    useRace.setState({ wish: { ...wish, ...patch } });
  };
  const start = (): void => {
    const found = wrongWith(wish);
    setWrong(found);
    if (found === null && offer !== null && !running) void runRace(session, changeOf(wish, offer, objects), wish);
  };
  return (
    <form
      className={styles["form"]}
      aria-label="Race"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <label className={styles["what-changes"]}>
        <span className="kh-hidden">What changes</span>
        <select value={offer?.value ?? ""} onChange={(event) => set({ what: event.target.value, replicas: null })}>
          {GROUPS.map((group) => {
            const within = offers.filter((one) => one.group === group);
            return (
              within.length > 0 && (
                <optgroup key={group} label={group}>
                  {within.map(({ value, label }) => (
                    <option key={value} value={value}>
                      {group} of {label}
                    </option>
                  ))}
                </optgroup>
              )
            );
          })}
        </select>
      </label>
      {offer?.group === "Scale-down" && (
        <Field
          label="pods left"
          value={replicasOf(wish, offer, objects)}
          min={0}
          max={1_000}
          onChange={(replicas) => set({ replicas })}
        />
      )}
      <Load wish={wish} set={set} />
      <Field label="histories" value={wish.seeds} min={1} max={LIMITS.seeds} onChange={(seeds) => set({ seeds })} />
      {running ? <Far /> : null}
      {running ? (
        // Keys keep them apart: the click that cancels must not submit by the button that takes its place.
        <Button key="cancel" icon="close" onClick={() => stopRace(`Cancelled after ${farText(useRace.getState())}.`)}>
          Cancel
        </Button>
      ) : (
        <Button key="run" look="primary" icon="play" type="submit">
          Run {counted(Number.isNaN(wish.seeds) ? 0 : wish.seeds, "history", "histories")}
        </Button>
      )}
      {wrong !== null && (
        <p className={styles["wrong"]} role="alert">
          {wrong}
        </p>
      )}
    </form>
  );
}

/** The load: folded to a line, for it is rarely changed. */
function Load({ wish, set }: { readonly wish: Wish; readonly set: (patch: Partial<Wish>) => void }): ReactElement {
  const choices = useAnswer("choices", {}) ?? { from: [], to: [] };
  const { rate, seconds } = wish;
  const ends = wish.from === "" && wish.to === "" ? "" : ", chosen ends";
  return (
    <Popover.Root>
      <Popover.Trigger className={styles["load"]}>
        under {Number.isNaN(rate) ? "?" : rate} requests/s for {Number.isNaN(seconds) ? "?" : seconds} s{ends}
        <Icon name="chevron" size={14} />
      </Popover.Trigger>
      <Popover.Portal container={overPage()}>
        <Popover.Content
          className={styles["sheet"]}
          aria-label="The load"
          align="start"
          sideOffset={4}
          collisionPadding={8}
        >
          <Field
            label="requests per second"
            value={rate}
            min={1}
            max={LIMITS.rate}
            onChange={(to) => set({ rate: to })}
          />
          <Field label="seconds" value={seconds} min={1} max={LIMITS.seconds} onChange={(to) => set({ seconds: to })} />
          <Ends
            label="From"
            value={wish.from}
            choices={choices.from}
            auto="a pod beside"
            onChange={(from) => set({ from })}
          />
          <Ends
            label="To"
            value={wish.to}
            choices={choices.to.filter(({ protocol }) => protocol === undefined || protocol === "tcp")}
            auto="the Service of the pods that go"
            onChange={(to) => set({ to })}
          />
          <p>The change is made one second after the first request.</p>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** How far the race is: counts, and a bar of them. */
function Far(): ReactElement {
  const rows = useRace((state) => state.rows);
  const asked = useRace((state) => state.asked);
  const row = rows.at(-1);
  const done = row?.runs.length ?? 0;
  return (
    <p className={styles["far"]} role="status">
      <progress max={asked?.seeds ?? 1} value={done} aria-label="Histories played" />
      <span>{farText({ rows, asked })}</span>
    </p>
  );
}

interface EndsProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly auto: string;
  readonly onChange: (value: string) => void;
}

function Ends({ label, value, choices, auto, onChange }: EndsProps): ReactElement {
  const values = [...new Set(choices.map((choice) => choice.value))].slice(0, MOST);
  return (
    <label className={styles["field"]}>
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{auto}</option>
        {value !== "" && !values.includes(value) && <option value={value}>{value}</option>}
        {values.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}

function Field({ label, value, min, max, onChange }: FieldProps): ReactElement {
  return (
    <label className={styles["number"]}>
      <input
        type="number"
        required
        value={Number.isNaN(value) ? "" : value}
        min={min}
        max={max}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
      {label}
    </label>
  );
}
