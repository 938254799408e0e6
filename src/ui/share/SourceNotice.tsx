import { useState } from "react";
import { Button } from "../shell/Button.tsx";
import { Card } from "../shell/Notices.tsx";
import { usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { fetchSource, sourceOf } from "./source.ts";

/** Leaves the page as it is, and the address without what it asked for. */
function leave(): void {
  history.replaceState(null, "", location.pathname + location.hash);
  usePage.setState({ notice: null });
}

/** Asks before anything is fetched, and says what came of it. */
export function SourceNotice({ written }: { readonly written: string }) {
  const session = useSession();
  const [state, setState] = useState<"asks" | "fetches" | { readonly why: string }>("asks");
  const source = sourceOf(written, location.href);
  if (!source.ok) {
    return (
      <Card
        tone="warn"
        icon="warning"
        title="This link's file is not taken"
        actions={
          <Button look="primary" onClick={leave}>
            Go on without it
          </Button>
        }
      >
        {source.why}
      </Card>
    );
  }
  const load = async (): Promise<void> => {
    setState("fetches");
    const fetched = await fetchSource(source.url);
    if (fetched.ok) await session.openSource(source.name, fetched.text);
    else setState({ why: fetched.why });
  };
  const failed = typeof state === "object";
  return (
    <Card
      tone={failed ? "warn" : "ink"}
      icon={failed ? "warning" : "file"}
      title={failed ? `${source.name} was not loaded` : `This link brings ${source.name} from ${source.host}`}
      actions={
        <>
          <Button look="primary" disabled={state === "fetches"} onClick={() => void load()}>
            {state === "fetches" ? "Loading" : failed ? "Try again" : "Load it"}
          </Button>
          <Button onClick={leave}>Not now</Button>
        </>
      }
    >
      {failed
        ? state.why
        : "Nothing is fetched before you say so. It takes the place of the text; undo brings that back."}
    </Card>
  );
}
