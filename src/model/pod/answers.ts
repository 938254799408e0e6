/** Commands of probes that are bound to fail in a stock image's container, where nothing of the text can have made it otherwise. */
import { isStockImage } from "./listening.ts";
import type { Container } from "./types.ts";

/** Fields that only pass through: what is mounted, and what runs at its start. */
interface Changed {
  readonly volumeMounts?: readonly { readonly mountPath?: string }[];
  readonly lifecycle?: unknown;
}

const mountsOf = (container: Container): readonly string[] =>
  ((container as Changed).volumeMounts ?? []).map(({ mountPath }) => mountPath ?? "/");

/** What a command prints that is bound to fail; null: it may succeed. */
export function commandFailure(container: Container, command: readonly string[]): string | null {
  const [program = "", ...rest] = command;
  const name = program.replace(/^.*\//, "");
  const script = /^(sh|bash|ash)$/.test(name) && /^-\w*c$/.test(rest[0] ?? "") ? (rest[1] ?? "").trim() : null;
  if (script !== null) {
    if (/^(false|exit [1-9]\d*)$/.test(script)) return "";
    return /[;&|<>$`(){}]/.test(script) ? null : commandFailure(container, script.split(/\s+/));
  }
  if (name === "false") return "";
  const file = rest.findLast((word) => !word.startsWith("-") && word !== "]");
  if (
    !/^(cat|ls|stat|test|\[)$/.test(name) ||
    file === undefined ||
    !/^(\/tmp\/|\/(var\/)?run\/|\/[\w.-]+$)/.test(file)
  )
    return null;
  const made = JSON.stringify([container.command, container.args, (container as Changed).lifecycle]);
  const isSystem = /^\/(bin|boot|dev|etc|home|lib\w*|media|mnt|opt|proc|root|run|s?bin|srv|sys|tmp|usr|var)$/.test(
    file,
  );
  const isMounted = mountsOf(container).some((path) => file === path || file.startsWith(path.replace(/\/?$/, "/")));
  if (!isStockImage(container) || made.includes(file) || isSystem || isMounted) return null;
  if (name === "test" || name === "[") return "";
  return /(^|\/)(busybox|alpine)([:@]|$)|-alpine/.test(container.image ?? "")
    ? `${name}: can't open '${file}': No such file or directory`
    : `${name}: ${file}: No such file or directory`;
}
