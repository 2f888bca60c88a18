/**
 * The faults. A row is `{ name, title, expects, drive, serve, verdict }` and, where it takes them, `options` (what the
 * client is told), `environment` (variables that the client has, from `facts`), `lingerMs` (how long the process lives on), `elsewhere` (another server), `needs` (an ability),
 * `isAboutMemory`, `limitMs` (when it hangs, if that is later than usual) and `whenHung` (what a cell says of a client that hangs).
 *
 * `serve(request, response, count, facts)` plays the fault; `count` is the request's place, from 1, and what it writes
 * to `facts` is in `observation.server`. `verdict(observation)` gives `{ pass, seen }`.
 */

import { contents } from "./rows/contents.mjs";
import { contradictions } from "./rows/contradictions.mjs";
import { endings } from "./rows/endings.mjs";
import { retries } from "./rows/retries.mjs";
import { safety } from "./rows/safety.mjs";
import { stopping } from "./rows/stopping.mjs";

export const rows = [...endings, ...retries, ...stopping, ...contents, ...contradictions, ...safety];
