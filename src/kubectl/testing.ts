/** A world and a terminal for tests. */
import type { World } from "../world/types.ts";
import { createWorld } from "../world/world.ts";
import type { Files } from "./call.ts";
import type { Output } from "./output.ts";
import { runLine } from "./shell/shell.ts";

/** A cluster of three workers with what the text says. */
export function worldOf(text = "", seed = 1): World {
  const world = createWorld({ seed });
  world.dispatch({ type: "text", text });
  return world;
}

/** A terminal over a world: runs lines and returns what they print. */
export function terminal(world: World, files: Files = {}) {
  const run = (line: string): Output => runLine(world, line, files);
  return {
    run,
    /** Standard output of a line that must succeed. */
    out: (line: string): string => {
      const { stdout, stderr, code } = run(line);
      if (code !== 0) throw new Error(`${line}: exit ${code}: ${stderr}`);
      return stdout;
    },
    /** Standard error of a line that must fail. */
    err: (line: string): string => {
      const { stderr, code } = run(line);
      if (code === 0) throw new Error(`${line} succeeded`);
      return stderr;
    },
  };
}

/** A Deployment's manifest, as the tests need it. */
export const deployment = (name: string, replicas: number, port = 80): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers: [{name: ${name}, image: nginx, ports: [{containerPort: ${port}}]}]
`;

/** A Service's manifest. */
export const service = (name: string, spec = "{selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}"): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
