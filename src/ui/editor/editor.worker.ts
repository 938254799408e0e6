/** Monaco's own worker, as a local module that the bundler can turn into a file. */
import "monaco-editor/editor/editor.worker.js";
