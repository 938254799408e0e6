import { expect, test } from "vitest";
import type { ConsoleAnswer, ConsoleLine } from "../../wire/protocol.ts";
import { bare } from "./layout.ts";
import { createRepl, type Candidates, type Status } from "./repl.ts";

const OK: ConsoleAnswer = { stdout: "", stderr: "", code: 0 };

/** A console whose core answers as it is told; what it writes is kept. */
function bench(
  answer: (line: ConsoleLine) => ConsoleAnswer | Promise<ConsoleAnswer> = () => OK,
  candidates: (line: string, cursor: number) => Candidates = (_, from) => ({ from, candidates: [] }),
) {
  const asked: ConsoleLine[] = [];
  const opened: string[] = [];
  const kept: string[] = [];
  let out = "";
  let lines: readonly string[] = [];
  let back: { readonly at: string; readonly later: number } | null = null;
  let status: Status = { doing: "reading", code: null };
  const repl = createRepl({
    write: (text) => (out += text),
    size: () => ({ columns: 80, rows: 24 }),
    ask: async (line) => {
      asked.push(line);
      return answer(line);
    },
    complete: async (line, cursor) => candidates(line, cursor),
    lookingBack: () => back,
    history: () => lines,
    keep: (next) => {
      lines = next;
      kept.splice(0, kept.length, ...next);
    },
    clear: () => (out = ""),
    page: () => {},
    open: (name) => opened.push(name),
    status: (next) => (status = next),
    say: () => {},
  });
  repl.start();
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return {
    repl,
    asked,
    opened,
    kept,
    settle,
    type: async (data: string) => {
      repl.input(data);
      await settle();
    },
    lookBack: (at: string | null, later = 0) => (back = at === null ? null : { at, later }),
    status: () => status,
    /** What was written since the last look, without colours and movements. */
    written: () => {
      const text = out;
      out = "";
      return (
        bare(text)
          // oxlint-disable-next-line no-control-regex -- those are what is meant
          .replace(/\u001b\[\d*[A-Z]/g, "")
          .replaceAll("\r\n", "\n")
          .replaceAll("\r", "")
      );
    },
  };
}

test("a line is run as it was typed, its output and its prompt follow", async () => {
  const one = bench(() => ({ stdout: "web\n", stderr: "", code: 0 }));
  await one.type("kubectl get svc -o name\r");
  expect(one.asked).toEqual([{ argv: ["kubectl get svc -o name"] }]);
  expect(one.written().endsWith("\nweb\n$ ")).toBe(true);
  expect(one.kept).toEqual(["kubectl get svc -o name"]);
});

test("what fails says so behind its output, and leaves its code", async () => {
  const one = bench(() => ({ stdout: "half\n", stderr: "error: broken\n", code: 3 }));
  await one.type("x\r");
  expect(one.written()).toContain("half\nerror: broken\n");
  expect(one.status().code).toBe(3);
});

test("keys that come while a line runs are taken afterwards, in order", async () => {
  let end: (answer: ConsoleAnswer) => void = () => {};
  const one = bench((line) => (line.argv[0] === "slow" ? new Promise((resolve) => (end = resolve)) : OK));
  await one.type("slow\rfast");
  await one.type("er\r");
  expect(one.asked.map(({ argv }) => argv[0])).toEqual(["slow"]);
  end(OK);
  await one.settle();
  expect(one.asked.map(({ argv }) => argv[0])).toEqual(["slow", "faster"]);
});

test("Tab puts in what is sure, and lists what is not", async () => {
  const one = bench(
    () => OK,
    (line) =>
      line.endsWith("we") ? { from: 16, candidates: ["web"] } : { from: 16, candidates: ["web-1", "web-2", "worker"] },
  );
  await one.type("kubectl get pod we\t\r");
  await one.type("kubectl get pod w\t");
  expect(one.asked[0]?.argv[0]).toBe("kubectl get pod web");
  expect(one.written()).toMatch(/web-1 {3}web-2 {3}worker\n\$ kubectl get pod w$/);
});

test("a shell in a container: proved, then every line runs there until exit", async () => {
  const one = bench(
    () => OK,
    (line, cursor) => ({ from: cursor - 2, candidates: line === "kubectl exec -it web -- cu" ? ["curl"] : [] }),
  );
  await one.type("kubectl exec -it web -- sh\r");
  await one.type("cu\t");
  await one.type("web | head -1\r");
  await one.type("exit\r");
  await one.type("date\r");
  expect(one.asked.map(({ argv }) => argv)).toEqual([
    ["kubectl", "exec", "-it", "web", "--", "sh", "-c", "true"],
    ["kubectl", "exec", "-it", "web", "--", "sh", "-c", "curl web | head -1"],
    ["date"],
  ]);
  expect(one.written()).toContain("web # ");
});

test("a shell that cannot be opened leaves one where one was", async () => {
  const one = bench(() => ({ stdout: "", stderr: "OCI runtime exec failed\n", code: 1 }));
  await one.type("kubectl exec -it web -- sh\r");
  expect(one.written().endsWith("OCI runtime exec failed\n$ ")).toBe(true);
});

test("looking back, a line that only reads is asked once; one that changes something says first what is dropped", async () => {
  const one = bench((line) =>
    line.readOnly === true && line.argv[0]?.startsWith("kubectl delete") === true
      ? { ...OK, changes: true }
      : { ...OK, stdout: "done\n" },
  );
  one.lookBack("4.218 000 s", 3);
  one.repl.changed();
  expect(one.written().endsWith("@ 4.218 000 s $ ")).toBe(true);
  await one.type("kubectl get svc\r");
  await one.type("kubectl delete svc web\r");
  expect(one.asked).toEqual([
    { argv: ["kubectl get svc"], readOnly: true },
    { argv: ["kubectl delete svc web"], readOnly: true },
    { argv: ["kubectl delete svc web"] },
  ]);
  expect(one.written()).toContain("(this goes on from 4.218 000 s: the 3 commands given after it are dropped)\ndone\n");
});

test("a watch prints what comes until Ctrl-C", async () => {
  let revision = 5;
  const one = bench((line) =>
    line.follow === "start"
      ? { ...OK, stdout: "NAME\nweb\n", followed: revision }
      : { ...OK, stdout: line.follow === revision ? "" : "api\n", followed: revision },
  );
  await one.type("kubectl get svc -w\r");
  expect(one.status().doing).toBe("watching");
  one.written();
  revision = 6;
  one.repl.changed();
  await one.settle();
  expect(one.written()).toBe("api\n");
  await one.type("x\x03");
  expect(one.status()).toEqual({ doing: "reading", code: 130 });
  expect(one.written()).toBe("^C\n$ ");
});

test("an open quote goes on in the next line", async () => {
  const one = bench();
  await one.type("echo 'a\rb'\r");
  expect(one.asked[0]?.argv[0]).toBe("echo 'a\nb'");
});

test("a paste of several lines waits for Enter", async () => {
  const one = bench();
  await one.type("\x1b[200~$ kubectl get svc\r\n$ kubectl get pods\r\n\x1b[201~");
  expect(one.asked).toEqual([]);
  await one.type("\r");
  expect(one.asked[0]?.argv[0]).toBe("kubectl get svc\nkubectl get pods");
});

test("Ctrl-R finds, Enter runs what was found, Escape brings back what stood there", async () => {
  const one = bench();
  await one.type("kubectl get svc\r");
  await one.type("dig web\r");
  await one.type("half\x12get");
  await one.type("\x1b");
  await one.type("\r");
  await one.type("\x12get\r");
  expect(one.asked.map(({ argv }) => argv[0])).toEqual(["kubectl get svc", "dig web", "half", "kubectl get svc"]);
});

test("an example is run at once, and a line half typed comes back", async () => {
  const one = bench();
  await one.type("kubectl ge");
  one.repl.run("help");
  one.repl.run("kubectl get svc");
  await one.settle();
  expect(one.asked.map(({ argv }) => argv[0])).toEqual(["kubectl get svc"]);
  expect(one.written().endsWith("$ kubectl ge")).toBe(true);
});

test("kubectl edit's text goes to a tab; a simulator that is gone is an answer like any other", async () => {
  const one = bench((line) => {
    if (line.argv[0] === "gone") throw new Error("The simulator is not running.");
    return { ...OK, tab: { name: "service-web.yaml", text: "kind: Service\n" } };
  });
  await one.type("kubectl edit svc web\r");
  expect(one.opened).toEqual(["service-web.yaml"]);
  await one.type("gone\r");
  expect(one.written()).toContain("The simulator is not running.\n$ ");
});
