import { useEffect, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { Protocol } from "../../model/trace/types.ts";
import type { Queries } from "../../wire/protocol.ts";
import { Button } from "../shell/Button.tsx";
import { usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { Combobox } from "./Combobox.tsx";
import styles from "./SendBar.module.css";

type Choices = Queries["choices"]["answer"];

const NONE: Choices = { from: [], to: [] };
const PROTOCOLS: readonly Protocol[] = ["tcp", "udp", "icmp"];

/** Who dials whom. The fields follow what was sent last, until something else is chosen in them. */
export function SendBar() {
  const session = useSession();
  const revision = useMirror((state) => state.revision);
  const ready = useMirror((state) => state.status === "ready");
  const last = useMirror((state) => state.walks.at(-1)?.request ?? null);
  const open = usePage((state) => state.scenario.open);
  const [choices, setChoices] = useState(NONE);
  /** Null until something is chosen: then the first that makes sense is shown. */
  const [from, setFrom] = useState<string | null>(null);
  const [to, setTo] = useState<string | null>(null);
  const [protocol, setProtocol] = useState<Protocol>("tcp");
  const [refused, setRefused] = useState<{ readonly message: string; readonly field: string | null } | null>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    if (!ready) return;
    let current = true;
    session.client.query("choices", {}).then(
      (answer) => current && setChoices(answer),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [session, revision, ready]);

  const lastFrom = last?.from ?? open?.from ?? null;
  const lastTo = last?.to ?? open?.to ?? null;
  const lastProtocol = last?.protocol ?? "tcp";
  useEffect(() => {
    setFrom(lastFrom);
    setTo(lastTo);
    setProtocol(lastProtocol);
    setRefused(null);
  }, [lastFrom, lastTo, lastProtocol]);

  const first = (list: Choices["from"], groups: readonly string[]): string =>
    list.find(({ group }) => groups.includes(group))?.value ?? list[0]?.value ?? "";
  const source = from ?? first(choices.from, ["outside"]);
  const target = to ?? first(choices.to, ["load balancers", "services"]);

  const send = async (): Promise<void> => {
    if (busy || source === "" || target === "") return;
    setBusy(true);
    try {
      const { refusal } = await session.send({ from: source.trim(), to: target.trim(), protocol });
      setRefused(refusal);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      className={styles["bar"]}
      aria-label="Send a request"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Combobox label="From" value={source} choices={choices.from} onChange={setFrom} onSubmit={() => void send()} />
      <Combobox label="to" value={target} choices={choices.to} onChange={setTo} onSubmit={() => void send()} />
      <select
        className={styles["protocol"]}
        aria-label="Protocol"
        value={protocol}
        onChange={(event) => setProtocol(event.target.value as Protocol)}
      >
        {PROTOCOLS.map((one) => (
          <option key={one} value={one}>
            {one.toUpperCase()}
          </option>
        ))}
      </select>
      <Button look="primary" icon="send" type="submit" className={styles["send"]} aria-disabled={busy || undefined}>
        Send
      </Button>
      {refused !== null && (
        <p className={styles["refused"]} role="alert">
          {refused.message}
        </p>
      )}
    </form>
  );
}
