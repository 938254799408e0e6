/** Who has actions to offer. A new owner adds a line; what an action needs beyond a few lines is imported when it runs. */
import { COMPARE_ACTIONS } from "./compare.ts";
import { MAP_ACTIONS } from "./map.ts";
import { PAGE_ACTIONS } from "./page.ts";
import { register } from "./registry.ts";
import { WALK_ACTIONS } from "./walk.ts";

for (const actions of [WALK_ACTIONS, PAGE_ACTIONS, MAP_ACTIONS, COMPARE_ACTIONS]) register(actions);
