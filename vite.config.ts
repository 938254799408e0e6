import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** What the whole built app runs under. Framing is allowed on purpose: the playground is meant to be embedded. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  // Monaco writes style elements as it measures and paints.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors *",
].join("; ");

const headers = {
  "Content-Security-Policy": CSP,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

/** Hot reload needs an inline script and a socket; everything else stays as strict as in the build. */
const devHeaders = {
  ...headers,
  "Content-Security-Policy": CSP.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'").replace(
    "connect-src 'self'",
    "connect-src 'self' ws:",
  ),
};

export default defineConfig({
  // Works from any host and any sub-path.
  base: "./",
  plugins: [react()],
  resolve: {
    alias: [
      // monaco-editor ≥ 0.56 has an exports map without the deep path that monaco-yaml's worker manager imports.
      { find: /^monaco-editor\/esm\/vs\//, replacement: "monaco-editor/" },
    ],
  },
  worker: { format: "es" },
  build: {
    target: "es2023",
    // The CSP has no data: for fonts, and icons are few: nothing is worth inlining.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What the page and its lazy parts share is initial too: its name says so, and the size limit counts it.
        codeSplitting: {
          groups: [
            {
              name: "index-shared",
              test: /node_modules[\\/](react|react-dom|scheduler|zustand|use-sync-external-store)[\\/]|src[\\/]ui[\\/](state|playback)\.ts/,
            },
          ],
        },
      },
    },
    // Monaco's own chunk: lazy, and known to be large.
    chunkSizeWarningLimit: 4_500,
  },
  server: { port: 5173, headers: devHeaders },
  preview: { port: 5173, headers },
});
