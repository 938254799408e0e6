/** What the page has to say about itself, above the map: what happened, what still works, and one thing to do next. */
import { lazy, Suspense, useEffect, type ReactNode } from "react";
import { useMirror } from "../../mirror/store.ts";
import { DEFAULT_SCENARIO } from "../../scenarios/index.ts";
import { LONG_LINK } from "../share/ShareButton.tsx";
import { saveFile } from "../share/file.ts";
import { Button } from "./Button.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { usePage, type Notice } from "./page.ts";
import { useSession } from "./session.ts";
import { useTime } from "../time/time.ts";
import styles from "./Notices.module.css";

const LookingBack = lazy(() =>
  import("../time/LookingBack.tsx").then(({ LookingBack: component }) => ({ default: component })),
);

const SourceNotice = lazy(() =>
  import("../share/SourceNotice.tsx").then(({ SourceNotice: component }) => ({ default: component })),
);

const dismiss = (): void => usePage.setState({ notice: null });

export function Notices() {
  const status = useMirror((state) => state.status);
  const trouble = useMirror((state) => state.trouble);
  const notice = usePage((state) => state.notice);
  return (
    <>
      {status === "stalled" && <Stalled trouble={trouble ?? ""} />}
      {status === "faulted" && <Faulted trouble={trouble ?? ""} />}
      {notice !== null && <NoticeCard notice={notice} />}
      <TimeNotices />
    </>
  );
}

/** Where the view stands, when that is not the present. */
function TimeNotices() {
  const needed = useTime((state) => state.looking || state.fresh !== null);
  return <Suspense>{needed && <LookingBack />}</Suspense>;
}

interface CardProps {
  readonly tone: "ink" | "warn" | "reject" | "good";
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  readonly onClose?: () => void;
}

export function Card({ tone, icon, title, children, actions, onClose }: CardProps) {
  return (
    <section className={styles["card"]} data-tone={tone} aria-label={title}>
      <span className={styles["icon"]}>
        <Icon name={icon} />
      </span>
      <div className={styles["words"]}>
        <h2>{title}</h2>
        {children !== undefined && <p>{children}</p>}
      </div>
      {actions !== undefined && <div className={styles["actions"]}>{actions}</div>}
      {onClose !== undefined && <Button look="bare" icon="close" aria-label={`Dismiss: ${title}`} onClick={onClose} />}
    </section>
  );
}

function Stalled({ trouble }: { readonly trouble: string }) {
  const session = useSession();
  const scenario = usePage((state) => state.scenario);
  return (
    <Card
      tone="reject"
      icon="error"
      title="The simulator stopped answering"
      actions={
        <>
          <Button look="primary" onClick={() => void session.restart()}>
            Restart and replay
          </Button>
          <Button onClick={() => void session.openScenario(scenario)}>Start over</Button>
        </>
      }
    >
      {trouble}
    </Card>
  );
}

function Faulted({ trouble }: { readonly trouble: string }) {
  const session = useSession();
  const revision = useMirror((state) => state.revision);
  return (
    <Card
      tone="reject"
      icon="error"
      title="A fault of ours stopped the last step"
      actions={
        <Button look="primary" onClick={() => void session.restart()}>
          Restart and replay
        </Button>
      }
    >
      <code>{trouble}</code> The map still shows revision {revision}; your text and commands are untouched. You can go
      on.
    </Card>
  );
}

function NoticeCard({ notice }: { readonly notice: Notice }) {
  const session = useSession();
  switch (notice.kind) {
    case "damaged-link":
      return (
        <Card
          tone="warn"
          icon="warning"
          title="This link is damaged"
          actions={
            <Button look="primary" onClick={dismiss}>
              Go on with this scenario
            </Button>
          }
        >
          It could not be read: {notice.why}. {DEFAULT_SCENARIO.title} is open instead; ask for the link again to see
          what was meant.
        </Card>
      );
    case "source":
      return (
        <Suspense>
          <SourceNotice written={notice.written} />
        </Suspense>
      );
    case "newer-page":
      return (
        <Card
          tone="ink"
          icon="reset"
          title="A newer kubehop is here"
          actions={
            <Button look="primary" onClick={notice.take}>
              Reload with it
            </Button>
          }
          onClose={dismiss}
        >
          It is taken when you say so. Text, history and view come along.
        </Card>
      );
    case "newer-link": {
      const { text } = notice;
      return (
        <Card
          tone="warn"
          icon="warning"
          title="This link is from a newer kubehop"
          actions={
            <>
              {text !== null && (
                <Button
                  look="primary"
                  onClick={() => {
                    dismiss();
                    session.replaceText(text);
                  }}
                >
                  Open the YAML
                </Button>
              )}
              <Button look={text === null ? "primary" : "plain"} onClick={() => location.reload()}>
                Reload
              </Button>
            </>
          }
          onClose={dismiss}
        >
          It uses format v{notice.version}, this page reads v1.{" "}
          {text === null ? "Reloading may bring the newer page." : "The YAML inside is readable, the timeline is not."}
        </Card>
      );
    }
    case "refused":
      return (
        <Card tone="warn" icon="warning" title="That was not done" onClose={dismiss}>
          {notice.message}
        </Card>
      );
    case "shared":
      return <Shared {...notice} />;
  }
}

function Shared({ length, copied, url }: Extract<Notice, { kind: "shared" }>) {
  const scenario = usePage((state) => state.scenario);
  const draft = usePage((state) => state.draft);
  const long = length > LONG_LINK;
  useEffect(() => {
    if (long) return;
    // Nothing to decide here, and it was said aloud: it may go by itself.
    const timer = setTimeout(dismiss, 8_000);
    return () => clearTimeout(timer);
  }, [long, url]);
  const size = `${length.toLocaleString("en")} characters`;
  return (
    <Card
      tone={long ? "warn" : "good"}
      icon={long ? "warning" : "check"}
      title={copied ? `Copied, ${size}` : `The link is in the address bar, ${size}`}
      onClose={dismiss}
      actions={
        long ? (
          <>
            <Button look="primary" onClick={() => saveFile(`${scenario.slug}.yaml`, draft, "application/yaml")}>
              Download the YAML
            </Button>
            <Button onClick={() => saveFile(`${scenario.slug}.kubehop-link.txt`, url, "text/plain")}>
              Download the link
            </Button>
          </>
        ) : undefined
      }
    >
      {long
        ? `Some programs cut links beyond ${LONG_LINK.toLocaleString("en")} characters. A file is safe.`
        : "It opens this very picture: text, commands, walk and hop."}
    </Card>
  );
}
