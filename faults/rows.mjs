/**
 * The faults. A row is `{ name, title, expects, drive, serve, verdict }` and, where it takes them, `options` (what the client is
 * told), `environment` (variables that the client has, from `facts`), `lingerMs` (how long the process lives on), `elsewhere`
 * (another server), `needs` (an ability), `isAboutMemory`, `limitMs` (when it hangs, if that is later than usual) and `whenHung`
 * (what a cell says of a client that hangs). The files of `rows/` make them for a wire.
 *
 * `serve(request, response, count, facts)` plays the fault; `count` is the request's place, from 1, and what it writes
 * to `facts` is in `observation.server`. `verdict(observation)` gives `{ pass, seen }`.
 */

import { contents } from "./rows/contents.mjs";
import { contradictions } from "./rows/contradictions.mjs";
import { endings } from "./rows/endings.mjs";
import { imitations } from "./rows/imitations.mjs";
import { retries } from "./rows/retries.mjs";
import { safety } from "./rows/safety.mjs";
import { stopping } from "./rows/stopping.mjs";
import { wires } from "./wire.mjs";

const parts = [endings, retries, stopping, contents, contradictions, imitations, safety];

const byApi = new Map(
  Object.entries(wires).map(([api, wire]) => [
    api,
    new Map(parts.flatMap((part) => part(wire)).map((row) => [row.name, row])),
  ]),
);

/** All rows: their names, titles and expectations are the same for every API. */
export const rows = [...byApi.get("anthropic").values()];

/** A row in the words of an API, or why there is none: `{ row }` or `{ lack }`. */
export function rowFor({ name }, api) {
  const lack = wires[api].lacks[name];
  return lack === undefined ? { row: byApi.get(api).get(name) } : { lack };
}
