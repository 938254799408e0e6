import { Component, type ReactNode } from "react";
import { Button } from "./Button.tsx";
import styles from "./Boundary.module.css";

interface Props {
  /** What stopped, as in "The map". */
  readonly name: string;
  readonly children: ReactNode;
}

interface State {
  readonly error: Error | null;
}

/**
 * Keeps a bug of ours in one panel to that panel: the text, the cluster and the other panels go on. React offers this to class
 * components only.
 */
export class Boundary extends Component<Props, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  private readonly again = (): void => this.setState({ error: null });

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div className={styles["broken"]} role="alert">
        <h2>{this.props.name} stopped</h2>
        <p>This is our mistake. Your text and everything you sent are safe, and the rest of the page goes on.</p>
        <p className={styles["machine"]}>{error.message}</p>
        <Button look="primary" onClick={this.again}>
          Show it again
        </Button>
      </div>
    );
  }
}
