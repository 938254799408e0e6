import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { Choice } from "../../wire/protocol.ts";
import { listed } from "./matching.ts";
import styles from "./Combobox.module.css";

interface ComboboxProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  /** Anything may be typed: an address that is not on the list is a fair question too. */
  readonly onChange: (value: string, chosen?: Choice) => void;
  /** Of choices with this value the one that is meant. */
  readonly protocol?: string;
  /** Enter while the list is closed. */
  readonly onSubmit: () => void;
}

/** What the label says that the value does not, and the protocol where it is not TCP or both are offered. */
function detail({ value, label, protocol }: Choice, twice: ReadonlySet<string>): string {
  const words = label.split(" ").filter((word) => !value.includes(word));
  if (protocol !== undefined && (twice.has(value) || protocol !== "tcp")) words.push(protocol.toUpperCase());
  return words.join(" ");
}

const NONE: readonly Choice[] = [];

/** A text field with suggestions, in the ARIA combobox pattern: arrows choose, Enter takes, Escape closes, typing filters. */
export function Combobox({ label, value, choices, protocol, onChange, onSubmit }: ComboboxProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  /** Null: nothing was typed since the list was opened, and all of it is shown. */
  const [typed, setTyped] = useState<string | null>(null);
  const [active, setActive] = useState(-1);
  const list = useRef<HTMLDivElement>(null);
  // Nobody sees a closed list, and a cluster may have a hundred thousand places to send from.
  const { options, left, twice } = useMemo(() => listed(open ? choices : NONE, typed ?? ""), [open, choices, typed]);

  useEffect(() => {
    if (open) list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }, [open, active]);

  const isChosen = (choice: Choice): boolean =>
    choice.value === value && (protocol === undefined || choice.protocol === undefined || choice.protocol === protocol);
  const show = (): void => {
    setTyped(null);
    setActive(listed(choices, "").options.findIndex((choice) => isChosen(choice)));
    setOpen(true);
  };
  const hide = (): void => {
    setOpen(false);
    setTyped(null);
  };
  const take = (choice: Choice): void => {
    onChange(choice.value, choice);
    hide();
  };

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp": {
        event.preventDefault();
        if (!open) {
          show();
          return;
        }
        const step = event.key === "ArrowDown" ? 1 : -1;
        if (options.length > 0)
          setActive((at) => (Math.max(at, step === 1 ? -1 : 0) + step + options.length) % options.length);
        return;
      }
      case "Enter": {
        event.preventDefault();
        const choice = open ? options[active] : undefined;
        if (choice !== undefined) take(choice);
        else {
          hide();
          onSubmit();
        }
        return;
      }
      case "Escape":
        if (!open) return;
        event.stopPropagation();
        hide();
        return;
      case "Tab": {
        hide();
      }
    }
  };

  return (
    <div className={styles["box"]}>
      <label className={styles["label"]} htmlFor={`${id}-input`}>
        {label}
      </label>
      <input
        id={`${id}-input`}
        className={styles["input"]}
        role="combobox"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && active >= 0 && active < options.length ? `${id}-${String(active)}` : undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        size={1}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
          setTyped(event.target.value);
          setActive(-1);
          setOpen(true);
        }}
        onClick={() => (open ? hide() : show())}
        onBlur={hide}
        onFocus={(event) => event.target.select()}
        onKeyDown={onKeyDown}
      />
      <div
        ref={list}
        id={`${id}-list`}
        className={styles["list"]}
        role="listbox"
        aria-label={`${label}: suggestions`}
        hidden={!open || options.length === 0}
      >
        {options.map((choice, at) => (
          // Grouped by a heading that belongs to the option's name: listbox groups are read unevenly.
          <div key={`${choice.value} ${choice.protocol ?? ""}`}>
            {choice.group !== options[at - 1]?.group && (
              <div className={styles["group"]} aria-hidden="true">
                {choice.group}
              </div>
            )}
            {/* The input keeps focus and has the keys; the pointer must not take it away. */}
            <div
              id={`${id}-${String(at)}`}
              className={styles["option"]}
              role="option"
              tabIndex={-1}
              aria-selected={isChosen(choice)}
              data-active={at === active || undefined}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => take(choice)}
              onKeyDown={() => {}}
            >
              <span>{choice.value}</span>
              <small>{detail(choice, twice)}</small>
            </div>
            {left.has(choice.group) && choice.group !== options[at + 1]?.group && (
              <div className={styles["group"]} aria-hidden="true">
                and {left.get(choice.group)?.toLocaleString("en-US")} more: type to narrow
              </div>
            )}
          </div>
        ))}
      </div>
    </div>
  );
}
