import type { FinalState } from "../attempt/lifecycle.ts";
import { aLog, checkedLog } from "../log/checked-log.ts";
import type { Log } from "../log/log.ts";
import { field, tryParse } from "../json/object.ts";
import { anObject, aText, checkForm, checkOptions, type Forms, needed } from "../schema/option-form.ts";
import type { ErrorRecord } from "./error-record.ts";
import { aName } from "./names.ts";
import type { EndRecord } from "./record.ts";

/** What is known of a run without reading it. */
export interface RunStatus {
  /** The name of the run. */
  readonly run: string;
  /** `live`: its producer writes it. `orphaned`: the producer is gone, and no reader has noticed yet. `ended`: it is whole, or as whole as it will be. */
  readonly state: "live" | "orphaned" | "ended";
  /** Whether somebody has asked it to stop. */
  readonly isStopped: boolean;
  /** How it has ended; null before. */
  readonly outcome: FinalState | null;
  /** The error that it ended with, if any. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** What it cost, in US dollars; null where that is not known, or not yet. */
  readonly cost: number | null;
}

/**
 * What is known of a run.
 *
 * @param log - The log.
 * @param id - The place.
 * @param options - `run`: the run. Default: the one that began last in the place.
 * @returns Null if the log has no such run.
 * @throws InvalidOptionError if an option cannot work.
 * @example
 * ```ts
 * import { memoryLog, status } from "millrace/resume";
 *
 * const found = await status(memoryLog(), "chat-1");
 * if (found?.state === "live") console.log(`${found.run} goes on.`);
 * ```
 */
export async function status(
  log: Log,
  id: string,
  options: { readonly run?: string | undefined } = {},
): Promise<RunStatus | null> {
  check(log, id, options, { run: aName });
  const checked = checkedLog(log);
  const run = options.run ?? (await checked.latest(id));
  const state = run === null ? null : await checked.read({ place: id, run }, 0);
  if (run === null || state === null) return null;
  const { isEnded, hasLapsed, stop, last } = state;
  const tail = isEnded ? await checked.read({ place: id, run }, last - 1) : null;
  const end = endIn(tail?.entries.at(-1)?.data);
  return {
    run,
    state: isEnded ? "ended" : hasLapsed ? "orphaned" : "live",
    isStopped: stop !== null,
    outcome: end?.outcome ?? null,
    error: end?.error ? { code: end.error.code, message: end.error.message } : null,
    cost: end?.cost ?? null,
  };
}

/**
 * Asks a run to stop, whichever machine it runs on: it ends as `aborted`, within a second.
 *
 * @param log - The log.
 * @param id - The place.
 * @param options - `run`: the run. Without it, the one that began last in the place. `reason`: becomes the cause of its error.
 * @returns True if the run has not ended, and is told to stop; false if it has ended, or there is none.
 * @throws InvalidOptionError if an option cannot work.
 * @example
 * ```ts
 * import { memoryLog, stop } from "millrace/resume";
 *
 * const log = memoryLog();
 * if (!(await stop(log, "chat-1", { reason: "The visitor pressed Stop." }))) console.log("It has ended already.");
 * ```
 */
export async function stop(
  log: Log,
  id: string,
  options: { readonly run?: string | undefined; readonly reason?: string | undefined } = {},
): Promise<boolean> {
  check(log, id, options, { run: aName, reason: aText });
  const checked = checkedLog(log);
  const run = options.run ?? (await checked.latest(id));
  return run !== null && (await checked.stop({ place: id, run }, options.reason ?? "stopped"));
}

/**
 * Drops all runs of a place. One that goes on is not kept any further.
 *
 * @param log - The log.
 * @param id - The place.
 * @throws InvalidOptionError if the log or the place cannot be one.
 * @example
 * ```ts
 * import { memoryLog, remove } from "millrace/resume";
 *
 * await remove(memoryLog(), "chat-1");
 * ```
 */
export async function remove(log: Log, id: string): Promise<void> {
  check(log, id, {}, {});
  await checkedLog(log).remove(id);
}

/** @throws InvalidOptionError: a stop of the wrong run, or of none, would be taken for one that had its effect. */
function check(log: Log, id: string, options: object, forms: Forms): void {
  checkForm("log", log, needed(aLog));
  checkForm("id", id, needed(aName));
  checkForm("options", options, anObject);
  checkOptions(options, forms);
}

function endIn(data: string | undefined): (EndRecord & { readonly error: ErrorRecord | null }) | undefined {
  const records = tryParse(data ?? "");
  return Array.isArray(records) ? records.find((record) => field(record, "type") === "end") : undefined;
}
