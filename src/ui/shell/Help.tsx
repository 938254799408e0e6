import { Dialog } from "radix-ui";
import { Button } from "./Button.tsx";
import { keySections } from "./keymap.ts";
import { ModeControl } from "./ModeControl.tsx";
import { usePage } from "./page.ts";
import { ResetButton, ThemeButton } from "./PageButtons.tsx";
import { useLayout } from "./useMedia.ts";
import styles from "./Help.module.css";

const close = (): void => usePage.setState({ helpOpen: false });

/** What kubehop is and every key it listens to. A module of its own, loaded when first opened. */
export function Help() {
  const phone = useLayout() === "phone";
  return (
    <Dialog.Root open onOpenChange={close}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles["scrim"]} />
        <Dialog.Content className={styles["dialog"]}>
          <header className={styles["head"]}>
            <Dialog.Title>kubehop: see every hop</Dialog.Title>
            <Dialog.Close asChild>
              <Button look="bare" icon="close" aria-label="Close help" />
            </Dialog.Close>
          </header>
          <Dialog.Description className={styles["lead"]}>
            Type Kubernetes YAML. A cluster in this tab admits it, hands out addresses, builds EndpointSlices and writes
            every node’s kube-proxy rules, as kube-proxy 1.36 writes them. Send a request and follow the packet out and
            back: the rule that rewrote it, the object behind the rule, the line behind the object.
          </Dialog.Description>
          {phone && (
            <div className={styles["actions"]}>
              <ModeControl />
              <ResetButton words onDone={close} />
              <ThemeButton words onDone={close} />
            </div>
          )}
          <div className={styles["grid"]}>
            {keySections().map(({ title, keys }) => (
              <section key={title}>
                <h3>{title}</h3>
                <dl>
                  {keys.map(({ press, does }) => (
                    <div key={does}>
                      <dt>
                        {press.map((key) => (
                          <kbd key={key}>{key}</kbd>
                        ))}
                      </dt>
                      <dd>{does}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
            <section>
              <h3>Good to know</h3>
              <ul>
                <li>A Service is on no wire: its rules are on every node, and packets meet them there.</li>
                <li>
                  Virtual time runs at 1/1000 or slower until you choose a speed: a walk takes about 2 ms, within a node
                  a tenth of it.
                </li>
                <li>
                  kube-proxy reads its configuration when it starts. The mode control writes the mode into it and
                  restarts kube-proxy on every node; an edited ConfigMap alone changes nothing.
                </li>
                <li>Nothing leaves this tab. A shared link holds all of its picture itself.</li>
              </ul>
            </section>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
