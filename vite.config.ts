import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";

/** What the whole built app runs under. Framing is allowed on purpose: the playground is meant to be embedded. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  // A scenario of ?src= may lie there; it is fetched when the reader says so.
  "connect-src 'self' https://raw.githubusercontent.com https://gist.githubusercontent.com",
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
    // A scenario of ?src= may lie there; it is fetched when the reader says so.
    "connect-src 'self' https://raw.githubusercontent.com https://gist.githubusercontent.com",
    "connect-src 'self' ws:",
  ),
};

/**
 * The page without a network: everything that the build made is kept at the first visit. A newer version waits until the reader
 * takes it (src/ui/shell/offline.ts).
 */
const OFFLINE = VitePWA({
  strategies: "generateSW",
  registerType: "prompt",
  injectRegister: null,
  manifest: {
    name: "kubehop: see every hop",
    short_name: "kubehop",
    description:
      "A playground for Kubernetes Service networking: type YAML, send a request, watch the packet hop by hop.",
    id: "./",
    start_url: "./",
    scope: "./",
    display: "standalone",
    background_color: "#f6f4ef",
    theme_color: "#17202b",
    categories: ["education", "developer"],
    icons: [
      { src: "icon.svg", sizes: "any", type: "image/svg+xml" },
      { src: "icon-192.png", sizes: "192x192", type: "image/png" },
      { src: "icon-512.png", sizes: "512x512", type: "image/png" },
      { src: "icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
    ],
  },
  workbox: {
    globPatterns: ["**/*.{js,css,html,svg,png,woff2,ttf,webmanifest}"],
    globIgnores: ["screenshot.png"],
    // Monaco's chunk is the largest.
    maximumFileSizeToCacheInBytes: 8_000_000,
    // Names with a hash never change what they hold.
    dontCacheBustURLsMatching: /assets\//,
    navigateFallback: "index.html",
    cleanupOutdatedCaches: true,
    sourcemap: false,
  },
});

export default defineConfig({
  // Works from any host and any sub-path.
  base: "./",
  plugins: [react(), OFFLINE],
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
