import { useMirror } from "../../mirror/store.ts";
import { SCENARIOS } from "../../scenarios/index.ts";
import { useLesson } from "../lessons/state.ts";
import { openPresent } from "../present/state.ts";
import { useUi } from "../state.ts";
import { ShareButton } from "../share/ShareButton.tsx";
import { Button } from "./Button.tsx";
import { Icon, Logo } from "./icons.tsx";
import { ModeControl } from "./ModeControl.tsx";
import { ResetButton, ThemeButton } from "./PageButtons.tsx";
import { say, usePage } from "./page.ts";
import { useSession } from "./session.ts";
import { focusRegion, REGIONS } from "./useKeys.ts";
import type { Layout } from "./useMedia.ts";
import styles from "./TopBar.module.css";

/** 48 pixels: whose page this is, what runs on it, and what can be done with the whole of it. */
export function TopBar({ layout }: { readonly layout: Layout }) {
  const phone = layout === "phone";
  return (
    <header className={styles["bar"]}>
      <SkipLink />
      <h1 className="kh-hidden">kubehop: see every hop of a Kubernetes Service request</h1>
      <div className={styles["side"]}>
        <Logo />
        {!phone && <span className={styles["name"]}>kubehop</span>}
        {!phone && <span className={styles["rule"]} />}
        <ScenarioPicker phone={phone} />
        {!phone && <ResetButton />}
        {layout === "wide" && (
          <Button aria-haspopup="dialog" onClick={() => useLesson.setState({ listing: true })}>
            Lessons
          </Button>
        )}
      </div>
      {(layout === "wide" || layout === "middle") && (
        <div className={styles["side"]}>
          <ModeControl />
          <CompareButton />
        </div>
      )}
      <div className={styles["side"]} data-end>
        <PaletteButton phone={phone} />
        {!phone && (
          <Button
            look="bare"
            icon="screen"
            aria-label="Present (P)"
            aria-keyshortcuts="P"
            title="Present: full screen, for a room"
            onClick={openPresent}
          />
        )}
        <ShareButton compact={phone} />
        {!phone && <ThemeButton />}
        <Button
          look="bare"
          icon={phone ? "more" : "help"}
          aria-label={phone ? "More: help, theme, reset" : "Help and keys"}
          aria-keyshortcuts="?"
          aria-haspopup="dialog"
          onClick={() => usePage.setState({ helpOpen: true })}
        />
      </div>
    </header>
  );
}

/** The palette for those who do not know its key. */
function PaletteButton({ phone }: { readonly phone: boolean }) {
  return (
    <Button
      look="bare"
      icon="search"
      aria-label={phone ? "Command palette" : "Command palette (Ctrl+K)"}
      aria-keyshortcuts="Control+K"
      aria-haspopup="dialog"
      onClick={() => useUi.getState().set({ palette: true })}
    />
  );
}

function ScenarioPicker({ phone }: { readonly phone: boolean }) {
  const session = useSession();
  const scenario = usePage((state) => state.scenario);
  const edited = usePage((state) => state.draft !== state.scenario.text);
  const mode = useMirror((state) => state.mode);
  const walks = useMirror((state) => state.walks.length);
  const walk = useUi((state) => state.walk);
  return (
    <div className={styles["picker"]} data-phone={phone || undefined}>
      {!phone && <Icon name="file" />}
      <div className={styles["picked"]} aria-hidden="true">
        <span className={styles["title"]}>{scenario.title}</span>
        {phone ? (
          <span className={styles["sub"]}>
            {mode}
            {walk !== null && `, walk ${String(walk)} of ${String(walks)}`}
          </span>
        ) : (
          edited && <span className={styles["edited"]}>edited</span>
        )}
      </div>
      {!phone && <Icon name="chevron" />}
      <select
        aria-label={edited ? "Scenario (its text was edited)" : "Scenario"}
        value={scenario.slug}
        onChange={(event) => {
          const next = SCENARIOS.find(({ slug }) => slug === event.target.value);
          if (next !== undefined) void session.openScenario(next).then(() => say(`Scenario ${next.title} opened.`));
        }}
      >
        {SCENARIOS.map(({ slug, title }) => (
          <option key={slug} value={slug}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}

function CompareButton() {
  const on = useUi((state) => state.center === "compare");
  const set = useUi((state) => state.set);
  return (
    <Button
      look={on ? "primary" : "plain"}
      aria-pressed={on}
      aria-keyshortcuts="C"
      title="The same packet in several modes, side by side"
      onClick={() => set({ center: on ? "map" : "compare" })}
    >
      Compare
    </Button>
  );
}

function SkipLink() {
  const set = useUi((state) => state.set);
  return (
    <a
      className={styles["skip"]}
      href={`#${REGIONS.main}`}
      onClick={(event) => {
        // By script, not by hash: the hash belongs to shared links.
        event.preventDefault();
        set({ phone: "map", center: "map", drawer: null });
        focusRegion(REGIONS.map);
      }}
    >
      Skip to the map
    </a>
  );
}
