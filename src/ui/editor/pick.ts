/** The browser's own file dialog, for those who do not drag. */
import type { Session } from "../shell/session.ts";

export function pickFiles(session: Session): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.accept = ".yaml,.yml,.json,.txt,.rules,.nft,application/yaml,application/json,text/plain";
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    void import("./importing.ts").then(({ importFiles }) => importFiles(session, files));
  });
  input.click();
}
