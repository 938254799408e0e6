import { Dialog, Tabs } from "radix-ui";
import { Button } from "./Button.tsx";
import { HelpPicture, HelpTruth } from "./HelpWords.tsx";
import { keySections } from "./keymap.ts";
import { ModeControl } from "./ModeControl.tsx";
import { usePage } from "./page.ts";
import { ResetButton, ThemeButton } from "./PageButtons.tsx";
import { useLayout } from "./useMedia.ts";
import styles from "./Help.module.css";

const close = (): void => usePage.setState({ helpOpen: false });

/** What kubehop is, every key it listens to, how to read the picture, and how far to trust it. A module of its own, loaded when first opened. */
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
          <Tabs.Root defaultValue={phone ? "picture" : "keys"}>
            <Tabs.List className={styles["tabs"]} aria-label="Help">
              <Tabs.Trigger value="keys" className={styles["tab"]}>
                Keys
              </Tabs.Trigger>
              <Tabs.Trigger value="picture" className={styles["tab"]}>
                How to read the picture
              </Tabs.Trigger>
              <Tabs.Trigger value="truth" className={styles["tab"]}>
                What is simulated
              </Tabs.Trigger>
            </Tabs.List>
            <Tabs.Content value="keys" className={styles["grid"]}>
              {keySections().map(({ title, keys }) => (
                <section key={title}>
                  <h3>{title}</h3>
                  <dl>
                    {keys.map(({ press, does }) => (
                      <div key={`${press.join(" ")} ${does}`}>
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
            </Tabs.Content>
            <Tabs.Content value="picture">
              <HelpPicture />
            </Tabs.Content>
            <Tabs.Content value="truth">
              <HelpTruth />
            </Tabs.Content>
          </Tabs.Root>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
