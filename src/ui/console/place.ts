/** Where a line of the console runs: at the terminal, or in a shell that was opened in a container or on a machine. */

export interface Shell {
  /** In front of each line. */
  readonly prompt: string;
  /** Proves that the shell can be opened: ends with 0. */
  readonly probe: readonly string[];
  /** What goes before a line while its end is looked up. */
  readonly prefix: string;
  /** The words that run a line there. */
  words(line: string): readonly string[];
}

const SHELLS: ReadonlySet<string> = new Set(["sh", "bash", "ash", "/bin/sh", "/bin/bash", "/bin/ash", "/usr/bin/bash"]);

/** Words of a simple line; null when quotes, pipes or substitutions stand in it, for those open no shell. */
function plainWords(line: string): readonly string[] | null {
  if (/['"`$|;&<>\\\n]/.test(line)) return null;
  return line.trim().split(/\s+/);
}

const quoted = (words: readonly string[]): string => words.join(" ");

/** kubectl's flags whose value is the next word, as far as `exec` has them. */
const VALUED: ReadonlySet<string> = new Set(["-n", "--namespace", "-c", "--container", "--context", "--kubeconfig"]);

/** The word that names the pod, in what stands between `exec` and `--`. */
function podWord(words: readonly string[]): string | null {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (VALUED.has(word)) i++;
    else if (!word.startsWith("-")) return word;
  }
  return null;
}

/** The shell that a line opens; null when it is a command like any other. */
export function shellOf(line: string): Shell | null {
  const words = plainWords(line);
  if (words === null) return null;
  const [program = ""] = words;
  if (program === "kubectl" || program === "k") return inPod(words);
  if (program === "ssh" || program === "node" || program === "client") return onMachine(words);
  return null;
}

function inPod(words: readonly string[]): Shell | null {
  const exec = words.indexOf("exec");
  const dashes = words.indexOf("--");
  if (exec < 0 || dashes < exec) return null;
  const command = words.slice(dashes + 1);
  const [shell = ""] = command;
  const isPlain = command.slice(1).every((word) => word === "-l" || word === "-i" || word === "--login");
  if (!SHELLS.has(shell) || !isPlain) return null;
  const flags = words.slice(1, dashes).filter((_, at) => at !== exec - 1);
  // Without -i a shell reads nothing and ends.
  if (!flags.some((flag) => /^-[a-z]*i[a-z]*$|^--stdin(=true)?$/.test(flag))) return null;
  const pod = podWord(flags);
  if (pod === null) return null;
  const head = words.slice(0, dashes + 1);
  const run = (text: string): readonly string[] => [...head, shell, "-c", text];
  return {
    prompt: `${pod.replace(/^pods?\//, "")} # `,
    probe: run("true"),
    prefix: `${quoted(head)} `,
    words: run,
  };
}

function onMachine(words: readonly string[]): Shell | null {
  const [program = "", target = "", ...rest] = words;
  if (target === "" || target.startsWith("-") || rest.some((word) => word !== "--")) return null;
  const name = target.replace(/^.*@/, "");
  return {
    prompt: `root@${name} # `,
    probe: [program, target, "true"],
    prefix: `${program} ${target} `,
    words: (text) => [program, target, text],
  };
}
