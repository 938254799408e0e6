import "./ui/theme/global.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./ui/App.tsx";
import { Boundary } from "./ui/shell/Boundary.tsx";
import { createSession, type Session } from "./ui/shell/session.ts";
import { workerTransport } from "./ui/shell/transport.ts";
import { startTheme } from "./ui/theme/theme.ts";

startTheme();

const newSession = (): Session =>
  createSession(() =>
    workerTransport(new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "simulator" })),
  );

const root = document.getElementById("root");
if (root !== null) {
  if (new URLSearchParams(location.search).get("embed") === "1") {
    void import("./ui/embed/mount.tsx").then(({ mountEmbed }) => mountEmbed(root, newSession));
  } else mountPage(root);
}

function mountPage(place: HTMLElement): void {
  // The worker starts before React does: its first frame is what the reader waits for.
  const session = newSession();
  void session.start().then(async () => {
    // After the first picture: keeping the page for later must not make the reader wait now.
    if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
    const { keepOffline } = await import("./ui/shell/offline.ts");
    keepOffline(session);
  });
  createRoot(place).render(
    <StrictMode>
      <Boundary name="The page">
        <App session={session} />
      </Boundary>
    </StrictMode>,
  );
}
