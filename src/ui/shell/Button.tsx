import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Icon, type IconName } from "./icons.tsx";
import styles from "./Button.module.css";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** primary: ink, the one thing to do next. plain: outlined. bare: no box. */
  readonly look?: "primary" | "plain" | "bare";
  readonly icon?: IconName;
  readonly children?: ReactNode;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** A button. Without children it needs an aria-label. */
export function Button({ look = "plain", icon, children, className, ...rest }: ButtonProps) {
  const classes = [styles["button"], styles[look], children === undefined ? styles["square"] : "", className ?? ""];
  return (
    <button type="button" {...rest} className={classes.join(" ")}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}
