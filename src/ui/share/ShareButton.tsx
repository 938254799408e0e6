import { Button } from "../shell/Button.tsx";
import { say, usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";

/** Beyond this many characters, chat programs and some mail programs cut a link short. */
export const LONG_LINK = 2_000;

/** Copies a link to exactly this picture, puts it in the address bar, and says how long it is. */
export function ShareButton({ compact }: { readonly compact: boolean }) {
  const session = useSession();

  const share = async (): Promise<void> => {
    const hash = await session.hash();
    if (hash === null) {
      const message = "This text or its history is too long for a link. Save the YAML as a file instead.";
      usePage.setState({ notice: { kind: "refused", message } });
      say(message);
      return;
    }
    history.replaceState(null, "", hash);
    const url = location.href;
    let copied = true;
    try {
      await navigator.clipboard.writeText(url);
    } catch {
      // No permission, or no clipboard on a plain http host: the address bar has the link all the same.
      copied = false;
    }
    usePage.setState({ notice: { kind: "shared", length: url.length, copied, url } });
    say(`${copied ? "Copied" : "The link is in the address bar"}, ${url.length.toLocaleString("en")} characters.`);
  };

  return (
    <Button
      look={compact ? "bare" : "primary"}
      icon="share"
      aria-label={compact ? "Share" : undefined}
      onClick={() => void share()}
    >
      {compact ? undefined : "Share"}
    </Button>
  );
}
