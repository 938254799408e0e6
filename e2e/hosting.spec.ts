import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { expect, test } from "./app.ts";

const DIST = process.env["KUBEHOP_DIST"] ?? "dist";
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".ttf": "font/ttf",
};

/** The headers that the built app asks its host for, from its own `_headers`. */
function documentedHeaders(): Record<string, string> {
  const lines = readFileSync(join(DIST, "_headers"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("  "));
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

/** A plain file server under a path, as any static host is; what it lacks is collected. */
async function host(path: string, missing: string[]): Promise<{ readonly server: Server; readonly url: string }> {
  const headers = documentedHeaders();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://host");
    const wanted = pathname.startsWith(path) ? normalize(pathname.slice(path.length)) : null;
    const file = wanted === null ? null : join(DIST, wanted === "." || wanted === "" ? "index.html" : wanted);
    if (file === null || !existsSync(file)) {
      missing.push(pathname);
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { ...headers, "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}` };
}

test("I put the built files under a sub-path of any host, with its headers, and all of the app runs there", async ({
  app,
}) => {
  const missing: string[] = [];
  const { server, url } = await host("/some/sub/path/", missing);
  try {
    const response = await app.page.goto(url);
    expect(response?.headers()["content-security-policy"]).toContain("script-src 'self'");
    await app.running();
    // The lazy parts as well: editor, its language server, help, shared links.
    await app.retype("replicas: 3", "replicas: 2");
    await expect(app.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(2);
    await app.retype("  externalTrafficPolicy: Cluster", "  ");
    await app.page.keyboard.press("ControlOrMeta+Space");
    await expect(app.page.getByRole("option", { name: /^externalTrafficPolicy/ })).toBeVisible();
    await app.page.keyboard.press("Escape");
    await app.page.getByRole("button", { name: "Help and keys" }).click();
    await expect(app.page.getByRole("dialog")).toBeVisible();
    await app.page.keyboard.press("Escape");
    await app.page.getByRole("button", { name: "Share" }).click();
    await expect(app.page.getByRole("heading", { name: /^(Copied|The link is in the address bar), / })).toBeVisible();
    expect(app.page.url().startsWith(`${url}#v1.`)).toBe(true);
    await app.page.reload();
    await app.running();
    await expect(app.map.getByRole("button", { name: /^Pod shop\/web-/ })).toHaveCount(2);
    expect(missing).toEqual([]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
