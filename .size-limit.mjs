/** What the browser has to load before the first picture: the scripts that index.html names, whatever the bundler called them. */
import { existsSync, readFileSync } from "node:fs";

const DIST = process.env.KUBEHOP_DIST ?? "dist";
const page = existsSync(`${DIST}/index.html`) ? readFileSync(`${DIST}/index.html`, "utf8") : "";
const initial = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(([, path]) => `${DIST}/${path}`);

export default [{ name: "initial JavaScript, before Monaco", path: initial, limit: "200 kB", gzip: true }];
