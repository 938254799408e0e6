/** The YAML language server, as a local module that the bundler can turn into a file. */
import "monaco-yaml/yaml.worker.js";
