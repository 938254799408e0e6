/** Network namespaces of this run, one agent in each, and their end: whatever happens, nothing of them stays. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { transformWithOxc } from "vite";
import type { AgentAnswer, AgentOrder, Dial, Said } from "./agent-types.ts";

const RUN = "/run/netns";
const PREFIX = "kubehop-";

/** Waits for the end of its input, which comes when the harness is gone; twice, for an "ip netns add" may be under way. */
const GUARD = `cat > /dev/null
for i in 1 2; do
  for path in ${RUN}/$1*; do test -e "$path" && ip netns del "$(basename "$path")"; done
  sleep 0.5
done
rm -rf "$2"`;

/** Runs a program with input; throws with what it complained about. */
export function sh(command: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0] ?? "", command.slice(1));
    let out = "";
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${command.join(" ")}: ${complaint.trim() || out.trim()}\n${input}`));
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** The process in one namespace. */
export class Agent {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (answer: AgentAnswer) => void>();
  private last = 0;

  constructor(namespace: string, program: string) {
    this.child = spawn("ip", ["netns", "exec", namespace, process.execPath, program], {
      stdio: ["pipe", "pipe", "inherit"],
      // Ctrl-C is for the harness, which takes its agents with it.
      detached: true,
    });
    const { stdin, stdout } = this.child;
    stdin?.on("error", () => undefined);
    if (stdout === null) throw new Error("an agent has a standard output");
    createInterface({ input: stdout }).on("line", (line) => {
      const answer = JSON.parse(line) as AgentAnswer;
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    });
    this.child.on("close", () => {
      for (const [id, resolve] of this.waiting)
        resolve({ id, value: null, error: `the process in ${namespace} is gone` });
      this.waiting.clear();
    });
  }

  private async ask<T>(order: AgentOrder): Promise<T> {
    const id = ++this.last;
    const answer = await new Promise<AgentAnswer>((resolve) => {
      this.waiting.set(id, resolve);
      this.child.stdin?.write(`${JSON.stringify({ id, order })}\n`);
    });
    if (answer.error !== null) throw new Error(answer.error);
    return answer.value as T;
  }

  tell(order: Extract<AgentOrder, { op: "sysctls" | "listen" | "close" }>): Promise<null> {
    return this.ask<null>(order);
  }

  dial(dial: Dial, count: number): Promise<readonly Said[]> {
    return this.ask<readonly Said[]>({ op: "dial", count, ...dial });
  }

  again(hold: string, timeout: number): Promise<Said> {
    return this.ask<Said>({ op: "again", hold, timeout });
  }

  /** Runs a program in the namespace; does not throw on its exit code. */
  run(command: readonly string[], input = ""): Promise<{ readonly code: number; readonly output: string }> {
    return this.ask({ op: "run", command, input });
  }

  end(): void {
    this.child.stdin?.end();
    this.child.kill("SIGKILL");
  }
}

/** All namespaces of one run. */
export class Namespaces {
  private readonly folder = mkdtempSync(join(tmpdir(), PREFIX));
  private readonly program = join(this.folder, "agent.mjs");
  private readonly agents = new Map<string, Agent>();
  private readonly own = `${PREFIX}${process.pid}-`;
  private made = 0;

  async prepare(): Promise<void> {
    sweep();
    this.guard();
    const file = join(import.meta.dirname, "agent.ts");
    const { code } = await transformWithOxc(readFileSync(file, "utf8"), file, { sourcemap: false });
    writeFileSync(this.program, code);
  }

  /** A process that outlives this one, however it ends (Ctrl-C, SIGKILL), and then removes what is left. */
  private guard(): void {
    const guard = spawn("sh", ["-c", GUARD, "sh", this.own, this.folder], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    guard.unref();
    (guard.stdin as Socket).unref();
  }

  /** Makes as many empty namespaces as there are labels, with lo up. */
  async create(labels: readonly string[]): Promise<readonly string[]> {
    const names = labels.map((label) => `${this.own}${this.made++}-${label.replaceAll(/[^A-Za-z0-9.-]/g, "-")}`);
    await sh(["ip", "-batch", "-"], names.map((name) => `netns add ${name}\n`).join(""));
    for (const name of names) this.agents.set(name, new Agent(name, this.program));
    await Promise.all(names.map((name) => this.configure(name, ["link set lo up"])));
    return names;
  }

  agent(name: string): Agent {
    const agent = this.agents.get(name);
    if (agent === undefined) throw new Error(`no namespace ${name}`);
    return agent;
  }

  /** `ip` commands inside one namespace, in order. */
  async configure(name: string, lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await sh(["ip", "-n", name, "-batch", "-"], `${lines.join("\n")}\n`);
  }

  /**
   * Takes hosts away. Their links go first: a namespace lives on until the kernel has ended what ran in it, and while it does it
   * would answer with resets for sockets that are closed already.
   */
  async remove(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.unplug(name)));
    for (const name of names) {
      this.agents.get(name)?.end();
      this.agents.delete(name);
    }
    await sh(["ip", "-force", "-batch", "-"], names.map((name) => `netns del ${name}\n`).join(""));
  }

  private async unplug(name: string): Promise<void> {
    const listed = await sh(["ip", "-n", name, "-o", "link", "show"]);
    const links = [...listed.matchAll(/^\d+: ([^:@\s]+)/gm)].flatMap(([, link]) => (link === "lo" ? [] : (link ?? [])));
    await sh(["ip", "-force", "-n", name, "-batch", "-"], links.map((link) => `link del ${link}\n`).join("")).catch(
      // Devices that the kernel itself keeps (tunnels' defaults) cannot be deleted, and carry nothing.
      () => undefined,
    );
  }

  /** Ends everything. */
  close(): void {
    for (const agent of this.agents.values()) agent.end();
    this.agents.clear();
    removeAll(standing().filter((name) => name.startsWith(this.own)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function standing(): readonly string[] {
  return existsSync(RUN) ? readdirSync(RUN) : [];
}

function removeAll(names: readonly string[]): void {
  if (names.length > 0)
    spawnSync("ip", ["-force", "-batch", "-"], { input: names.map((name) => `netns del ${name}\n`).join("") });
}

/** Removes what a run left behind that was killed outright. */
function sweep(): void {
  removeAll(
    standing().filter((name) => {
      const pid = /^kubehop-(\d+)-/.exec(name)?.[1];
      return pid !== undefined && !existsSync(`/proc/${pid}`);
    }),
  );
}
