/**
 * What runs inside each network namespace: the processes of a pod, a node or a client. Told what to do by lines of JSON on its
 * standard input, it answers by lines of JSON. It stands alone (Node's own modules, types only from beside it), because it is
 * transpiled by itself and started by plain `node`.
 */
import { spawn } from "node:child_process";
import { createSocket, type Socket as Datagrams } from "node:dgram";
import { writeFileSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { createInterface } from "node:readline";
import type { AgentAnswer, AgentOrder, Dial, Said, ServerPlace } from "./agent-types.ts";

/** Sockets that later orders come back to. */
const held = new Map<string, (timeout: number) => Promise<Said>>();
const servers = new Map<string, () => void>();

/** What a server answers: its owner and the source it sees. */
const greeting = (owner: string, from: string): string => `${owner} ${from}\n`;

function understand(line: string): Said {
  const [who = "", source = ""] = line.trim().split(" ");
  return { outcome: "delivered", who, source };
}

function failure(error: NodeJS.ErrnoException): Said {
  switch (error.code) {
    case "ECONNREFUSED":
    // The node's own OUTPUT chain rejects or drops a datagram.
    case "EPERM":
      return { outcome: "refused", who: error.code, source: "" };
    case "ECONNRESET":
    case "EPIPE":
      return { outcome: "reset", who: error.code, source: "" };
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return { outcome: "unreachable", who: error.code, source: "" };
    default:
      return { outcome: "broken", who: `${error.code ?? ""} ${error.message}`, source: "" };
  }
}

const TIMEOUT: Said = { outcome: "timeout", who: "", source: "" };

function listenTcp({ ip, port, owner }: ServerPlace, ipv6Only: boolean): Promise<() => void> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    const line = greeting(owner, socket.remoteAddress ?? "?");
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    socket.on("data", () => socket.write(line));
    socket.write(line);
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen({ host: ip, port, ipv6Only, backlog: 4_096 }, () => {
      resolve(() => {
        server.close();
        for (const socket of open) socket.destroy();
      });
    });
  });
}

function listenUdp({ ip, port, owner }: ServerPlace, family: 4 | 6): Promise<() => void> {
  const socket = createSocket({ type: family === 4 ? "udp4" : "udp6", ipv6Only: family === 6 });
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (_, from) => socket.send(greeting(owner, from.address), from.port, from.address));
    socket.bind(port, ip, () => resolve(() => socket.close()));
  });
}

async function listen(place: ServerPlace): Promise<void> {
  // A wildcard process accepts both families; two sockets keep the sources free of ::ffff:.
  const places = place.ip === "0.0.0.0" ? [place, { ...place, ip: "::" }] : [place];
  for (const one of places) {
    const family = one.ip.includes(":") ? 6 : 4;
    const stop = place.protocol === "tcp" ? await listenTcp(one, family === 6) : await listenUdp(one, family);
    servers.set(`${place.protocol} ${one.ip} ${place.port}`, stop);
  }
}

/** Reads one line, or what ends the connection first. */
function readLine(socket: Socket, timeout: number): Promise<Said> {
  return new Promise((resolve) => {
    let text = "";
    const done = (said: Said): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on("error", () => undefined);
      resolve(said);
    };
    const timer = setTimeout(() => done(TIMEOUT), timeout);
    socket.on("data", (chunk) => {
      text += chunk.toString();
      if (text.includes("\n")) done(understand(text));
    });
    socket.on("error", (error: NodeJS.ErrnoException) => done(failure(error)));
    socket.on("end", () => done({ outcome: "reset", who: "closed", source: "" }));
  });
}

async function dialTcp(dial: Dial): Promise<Said> {
  const socket = new Socket();
  const answer = readLine(socket, dial.timeout);
  socket.connect({
    host: dial.ip,
    port: dial.port,
    ...(dial.localPort === undefined ? {} : { localPort: dial.localPort }),
  });
  const said = await answer;
  if (dial.hold === undefined) socket.destroy();
  else
    held.set(dial.hold, (timeout) => {
      const next = readLine(socket, timeout);
      socket.write("again\n");
      return next;
    });
  return said;
}

function readDatagram(socket: Datagrams, timeout: number): Promise<Said> {
  return new Promise((resolve) => {
    const done = (said: Said): void => {
      clearTimeout(timer);
      socket.removeAllListeners("message");
      socket.removeAllListeners("error");
      socket.on("error", () => undefined);
      resolve(said);
    };
    const timer = setTimeout(() => done(TIMEOUT), timeout);
    socket.on("message", (text) => done(understand(text.toString())));
    socket.on("error", (error: NodeJS.ErrnoException) => done(failure(error)));
    socket.send("hello", (error) => {
      if (error !== null) done(failure(error));
    });
  });
}

function dialUdp(dial: Dial): Promise<Said> {
  const socket = createSocket(dial.ip.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve) => {
    let isOver = false;
    const done = (said: Said): void => {
      if (isOver) return;
      isOver = true;
      if (dial.hold === undefined) socket.close();
      else held.set(dial.hold, (timeout) => readDatagram(socket, timeout));
      resolve(said);
    };
    socket.on("error", (error: NodeJS.ErrnoException) => done(failure(error)));
    socket.bind(dial.localPort ?? 0, () => {
      // A connected socket hears of ICMP errors.
      socket.connect(dial.port, dial.ip, (error?: Error) => {
        if (error) done(failure(error));
        else void readDatagram(socket, dial.timeout).then(done);
      });
    });
  });
}

function run(command: readonly string[], input: string): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command[0] ?? "", command.slice(1));
    let output = "";
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

async function dial(order: Dial): Promise<Said> {
  if (order.protocol === "tcp") return await dialTcp(order);
  if (order.protocol === "udp") return await dialUdp(order);
  const { code, output } = await run(
    ["ping", "-n", "-c", "1", "-W", String(Math.ceil(order.timeout / 1_000)), order.ip],
    "",
  );
  if (code === 0) return { outcome: "delivered", who: "", source: "" };
  if (/Port Unreachable|Operation not permitted/i.test(output)) return { outcome: "refused", who: "", source: "" };
  if (/unreachable/i.test(output)) return { outcome: "unreachable", who: "", source: "" };
  return TIMEOUT;
}

async function obey(order: AgentOrder): Promise<unknown> {
  switch (order.op) {
    case "sysctls":
      for (const [key, value] of Object.entries(order.values)) writeFileSync(`/proc/sys/${key}`, value);
      return null;
    case "listen":
      for (const place of order.places) await listen(place);
      return null;
    case "close":
      for (const stop of servers.values()) stop();
      servers.clear();
      return null;
    case "dial":
      return await Promise.all(Array.from({ length: order.count }, () => dial(order)));
    case "again": {
      const ask = held.get(order.hold);
      if (ask === undefined) throw new Error(`nothing is held as ${order.hold}`);
      return await ask(order.timeout);
    }
    case "run":
      return await run(order.command, order.input);
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, order } = JSON.parse(line) as { id: number; order: AgentOrder };
  const reply = (answer: Omit<AgentAnswer, "id">): void => {
    process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
  };
  obey(order).then(
    (value) => reply({ value, error: null }),
    (error: unknown) => reply({ value: null, error: error instanceof Error ? error.message : String(error) }),
  );
});
// The harness is gone: so am I.
process.stdin.on("end", () => process.exit(0));
