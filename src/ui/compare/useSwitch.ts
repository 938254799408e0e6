import type { ProxyMode } from "../../model/config/types.ts";
import { say, usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { MODE_NAMES } from "./words.ts";

/** Restarts kube-proxy in a mode, as the control of the top bar does. */
export function useSwitch(): (mode: ProxyMode) => void {
  const session = useSession();
  return (mode) =>
    void session.client.command({ type: "mode", mode }).then(({ refusal }) => {
      if (refusal === null) say(`kube-proxy was restarted in ${MODE_NAMES[mode]} mode on every node.`);
      else usePage.setState({ notice: { kind: "refused", message: refusal.message } });
    });
}
