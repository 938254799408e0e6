import type { ReactElement } from "react";
import type { Walk } from "../../model/trace/types.ts";
import styles from "./Response.module.css";

/** Lines of a body or records of an answer that are shown. */
const MOST = 12;

/** What the server answered: HTTP status, headers and body, or the records of a name server. */
export function Response({ walk }: { readonly walk: Walk }): ReactElement | null {
  const { response, dns } = walk;
  if (response !== undefined) {
    const { version, status, reason, headers, body } = response;
    const lines = body.replace(/\n$/, "").split("\n");
    return (
      <section className={styles["response"]} aria-label="What the server answered">
        <h4>
          {version} {status} {reason}
        </h4>
        <pre tabIndex={0} aria-label="Headers and body">
          {headers.map(({ name, value }) => `${name}: ${value}\n`).join("")}
          {body === "" ? "" : `\n${lines.slice(0, MOST).join("\n")}`}
          {lines.length > MOST ? `\n… and ${String(lines.length - MOST)} more lines` : ""}
        </pre>
      </section>
    );
  }
  if (dns === undefined) return null;
  const records = [...dns.answer, ...(dns.answer.length === 0 ? dns.authority : [])];
  return (
    <section className={styles["response"]} aria-label="What the name server answered">
      <h4>
        {dns.rcode} <span>{dns.flags.join(" ")}</span>
      </h4>
      {records.length === 0 ? (
        <p>No records.</p>
      ) : (
        <pre tabIndex={0} aria-label="Records">
          {records
            .slice(0, MOST)
            .map(({ name, ttl, type, data }) => `${name} ${String(ttl)} ${type} ${data}`)
            .join("\n")}
          {records.length > MOST ? `\n… and ${String(records.length - MOST)} more` : ""}
        </pre>
      )}
    </section>
  );
}
