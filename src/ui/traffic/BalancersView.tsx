import { timeText } from "../../graph/names.ts";
import { useMirror } from "../../mirror/store.ts";
import { splitKey } from "../../model/meta/types.ts";
import { useUi } from "../state.ts";
import styles from "./Traffic.module.css";
import { useAnswer } from "./useAnswer.ts";

const DOES = {
  nodePort: "DNAT to a node port",
  vip: "header kept, nodes answer",
  pod: "DNAT to a pod",
  metallb: "announced by nodes",
} as const;

/** The load balancers that have an address: what they listen on, whom they dial, and what they believe of their health. */
export function BalancersView() {
  const balancers = useAnswer("balancers", {});
  const now = useMirror((state) => state.now);
  if (balancers === null) return null;
  if (balancers.length === 0)
    return (
      <p className={styles["none"]}>
        No load balancer stands: no Service of type LoadBalancer has an address. A CloudProvider or MetalLB in the text
        gives them theirs.
      </p>
    );
  return (
    <table className={styles["table"]}>
      <caption className="kh-hidden">Load balancers</caption>
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">address</th>
          <th scope="col">listens on</th>
          <th scope="col">target</th>
          <th scope="col">health</th>
        </tr>
      </thead>
      {balancers.map(({ service, addresses, name, kind, listeners, check, targets }) => {
        const { namespace, name: own } = splitKey(service);
        const rows = targets.length === 0 ? [null] : targets;
        return (
          <tbody key={service}>
            {rows.map((target, at) => (
              <tr key={target?.name ?? "none"}>
                {at === 0 && (
                  <>
                    <th scope="rowgroup" rowSpan={rows.length}>
                      <button
                        type="button"
                        className={styles["link"]}
                        onClick={() => useUi.getState().set({ object: service })}
                      >
                        {namespace}/{own}
                      </button>
                      <small>{DOES[kind]}</small>
                    </th>
                    <td rowSpan={rows.length} className={styles["mono"]}>
                      {addresses.join(", ")}
                      {name !== null && <small>{name}</small>}
                    </td>
                    <td rowSpan={rows.length} className={styles["mono"]}>
                      {listeners
                        .map(
                          ({ port, protocol, targetPort }) =>
                            `${String(port)}/${protocol}${targetPort === null ? "" : ` → ${String(targetPort)}`}`,
                        )
                        .join(", ")}
                      <small>{check ?? "asks nothing"}</small>
                    </td>
                  </>
                )}
                <td className={styles["mono"]}>
                  {target === null ? "none" : `${target.name} ${target.addresses.join(", ")}`}
                </td>
                <td>
                  {target !== null && (
                    <>
                      <span className={styles["state"]} data-bad={target.state === "unhealthy" || undefined}>
                        {target.state}
                        {target.protocol !== null && ` by ${target.protocol}`}
                      </span>
                      {target.turns !== null && ` turns in ${timeText(Math.max(0, target.turns - now))}`}
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        );
      })}
    </table>
  );
}
