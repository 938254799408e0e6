import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { Protocol, Request } from "../../model/trace/types.ts";
import { Button } from "../shell/Button.tsx";
import { usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { Combobox } from "./Combobox.tsx";
import { offered, type Choices, type Ends } from "./requests.ts";
import { recentRequests, requestOf, SAYS_NOTHING, saysOf, saysText, type Says } from "./message.ts";
import styles from "./SendBar.module.css";

// Not part of the first picture.
const NotSent = lazy(() => import("../why/NotSent.tsx").then(({ NotSent: component }) => ({ default: component })));
const SendMore = lazy(() => import("./SendMore.tsx").then(({ SendMore: component }) => ({ default: component })));

/** Requests offered again. */
const RECENT = 10;

const NONE: Choices = { from: [], to: [] };
const PROTOCOLS: readonly Protocol[] = ["tcp", "udp", "sctp", "icmp"];

interface Refused {
  readonly request: Request;
  readonly message: string;
}

interface Chosen {
  /** What the form showed before: the request sent last, or the one that the scenario opens with. */
  readonly over: Ends | null;
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly says: Says;
}

/** Who dials whom. The fields follow what was sent last, until something else is chosen in them. */
export function SendBar() {
  const session = useSession();
  const revision = useMirror((state) => state.revision);
  const ready = useMirror((state) => state.status === "ready");
  const last = useMirror((state) => state.walks.at(-1)?.request ?? null);
  const open = usePage((state) => state.scenario.open);
  const [choices, setChoices] = useState(NONE);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const [busy, setBusy] = useState(false);
  const [more, setMore] = useState(false);
  const walks = useMirror((state) => state.walks);
  const recent = useMemo(
    () =>
      more
        ? recentRequests(
            walks.map(({ request }) => request),
            RECENT,
          )
        : [],
    [more, walks],
  );

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

  // What was chosen counts until another request has been sent or another scenario opened.
  const over = last ?? open;
  const mine = chosen !== null && chosen.over === over ? chosen : null;
  const offer = offered(choices, over);
  const source = mine?.from ?? offer.from;
  const target = mine?.to ?? offer.to;
  const protocol = mine?.protocol ?? last?.protocol ?? "tcp";
  const says = mine?.says ?? (last === null ? SAYS_NOTHING : saysOf(last));
  const choose = (part: Partial<Chosen>): void => {
    setRefused(null);
    setChosen({ from: source, to: target, protocol, says, ...part, over });
  };

  const send = async (): Promise<void> => {
    if (busy || source === "" || target === "") return;
    setBusy(true);
    try {
      const request = requestOf(source, target, protocol, says);
      const { refusal } = await session.send(request);
      setRefused(refusal === null ? null : { request, message: refusal.message });
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
      <Combobox
        label="From"
        value={source}
        choices={choices.from}
        onChange={(from) => choose({ from })}
        onSubmit={() => void send()}
      />
      <Combobox
        label="to"
        value={target}
        choices={choices.to}
        protocol={protocol}
        onChange={(to, chosen) =>
          choose({ to, ...(chosen?.protocol === undefined ? {} : { protocol: chosen.protocol }) })
        }
        onSubmit={() => void send()}
      />
      <select
        className={styles["protocol"]}
        aria-label="Protocol"
        value={protocol}
        onChange={(event) => choose({ protocol: event.target.value as Protocol })}
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
      <Button
        look="bare"
        icon="more"
        className={styles["fold"]}
        aria-label="More about the request: HTTP, DNS, IP family, recent"
        aria-expanded={more}
        onClick={() => setMore(!more)}
      />
      {!more && saysText(says, target) !== "" && (
        <button type="button" className={styles["says"]} onClick={() => setMore(true)}>
          {saysText(says, target)}
        </button>
      )}
      {more && (
        <Suspense>
          <SendMore
            says={says}
            to={target}
            recent={recent}
            onChange={(to) => choose({ says: to })}
            onRecent={(request) =>
              choose({ from: request.from, to: request.to, protocol: request.protocol, says: saysOf(request) })
            }
          />
        </Suspense>
      )}
      {refused !== null && (
        <Suspense
          fallback={
            <p className={styles["refused"]} role="alert">
              {refused.message}
            </p>
          }
        >
          <NotSent key={JSON.stringify(refused)} {...refused} />
        </Suspense>
      )}
    </form>
  );
}
