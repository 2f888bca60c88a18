/**
 * The faults. A row is `{ name, title, expects, needs, play }` and, where it takes them, `words` (how many the provider sends),
 * `firstDelayMs` (how long it waits before), `hasTool` (it asks for a tool first, which does not come to an end), `leaseMs`, `blocks` (the largest file of the producer's process). `play(scene)`
 * gives `problems`, which fail the row, and `notes`, which are measures.
 */

import { deaths } from "./rows/deaths.mjs";
import { logs } from "./rows/logs.mjs";
import { readers } from "./rows/readers.mjs";
import { stops } from "./rows/stops.mjs";

export const rows = [...deaths, ...logs, ...readers, ...stops];
