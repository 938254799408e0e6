/** Who has actions to offer. A new owner adds a line; what an action needs beyond a few lines is imported when it runs. */
import { CLUSTER_ACTIONS } from "./cluster.ts";
import { COMPARE_ACTIONS } from "./compare.ts";
import { CONSOLE_ACTIONS } from "./console.ts";
import { EXCHANGE_ACTIONS } from "./exchange.ts";
import { MAP_ACTIONS } from "./map.ts";
import { PAGE_ACTIONS } from "./page.ts";
import { register } from "./registry.ts";
import { TIME_ACTIONS } from "./time.ts";
import { WALK_ACTIONS } from "./walk.ts";

for (const actions of [
  WALK_ACTIONS,
  TIME_ACTIONS,
  PAGE_ACTIONS,
  MAP_ACTIONS,
  CONSOLE_ACTIONS,
  COMPARE_ACTIONS,
  CLUSTER_ACTIONS,
  EXCHANGE_ACTIONS,
])
  register(actions);
