import type { DnsType } from "../../model/trace/message.ts";
import type { Request } from "../../model/trace/types.ts";
import { hostOf, saysText, saysOf, type Says } from "./message.ts";
import styles from "./SendBar.module.css";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"];
const TYPES: readonly DnsType[] = ["A", "AAAA", "SRV", "CNAME", "PTR", "TXT", "NS", "SOA", "ANY"];

interface SendMoreProps {
  readonly says: Says;
  readonly to: string;
  readonly recent: readonly Request[];
  readonly onChange: (says: Says) => void;
  readonly onRecent: (request: Request) => void;
}

/** What the client says once it is connected, by which family it dials, and what was sent before. */
export function SendMore({ says, to, recent, onChange, onRecent }: SendMoreProps) {
  const change = (part: Partial<Says>): void => onChange({ ...says, ...part });
  return (
    <div className={styles["more"]} role="group" aria-label="More about the request">
      <label>
        It says
        <select value={says.kind} onChange={(event) => change({ kind: event.target.value as Says["kind"] })}>
          <option value="nothing">nothing</option>
          <option value="http">an HTTP request</option>
          <option value="dns">a DNS question</option>
        </select>
      </label>
      {says.kind === "http" && (
        <>
          <select aria-label="Method" value={says.method} onChange={(event) => change({ method: event.target.value })}>
            {METHODS.map((method) => (
              <option key={method}>{method}</option>
            ))}
          </select>
          <label>
            Path
            <input value={says.path} onChange={(event) => change({ path: event.target.value })} />
          </label>
          <label>
            Host
            <input
              value={says.host}
              placeholder={hostOf(to) || "localhost"}
              onChange={(event) => change({ host: event.target.value })}
            />
          </label>
        </>
      )}
      {says.kind === "dns" && (
        <>
          <select
            aria-label="Record type"
            value={says.type}
            onChange={(event) => change({ type: event.target.value as DnsType })}
          >
            {TYPES.map((type) => (
              <option key={type}>{type}</option>
            ))}
          </select>
          <label>
            Name
            <input
              value={says.name}
              placeholder="web.shop.svc.cluster.local."
              onChange={(event) => change({ name: event.target.value })}
            />
          </label>
        </>
      )}
      <label>
        IP family
        <select value={says.family} onChange={(event) => change({ family: event.target.value as Says["family"] })}>
          <option value="any">either</option>
          <option value="4">IPv4</option>
          <option value="6">IPv6</option>
        </select>
      </label>
      {recent.length > 0 && (
        <label>
          Recent
          <select
            value=""
            onChange={(event) => {
              const request = recent[Number(event.target.value)];
              if (event.target.value !== "" && request !== undefined) onRecent(request);
            }}
          >
            <option value="">choose…</option>
            {recent.map((request, at) => (
              <option key={at} value={at}>
                {`${request.from} to ${request.to} ${request.protocol.toUpperCase()} ${saysText(saysOf(request), request.to)}`.trim()}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
