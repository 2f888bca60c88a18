import { LogError } from "../errors.ts";
import { field } from "../json/object.ts";
import type { Form } from "../schema/option-form.ts";
import type { Holding, Log, LogEntry, LogRead, RunKey } from "./log.ts";

const METHODS = ["begin", "append", "end", "take", "read", "wait", "stop", "latest", "remove"] as const;

/** A log, which may be anybody's. */
export const aLog: Form = {
  words: `a log (an object with the methods ${METHODS.join(", ")})`,
  holds: (value) => METHODS.every((name) => typeof field(value, name) === "function"),
};

/** The producer of a run, to a log in the same process. */
export interface LocalProducer {
  /** Writes what waits at once, and learns what has become of the run. */
  readonly write: () => void;
  /** Writes it when the next batch is due. */
  readonly writeSoon: () => void;
}

/** A log in the process of its producers. */
export interface LocalLog extends Log {
  /** Whether a log is one itself, rather than made of one: then it may have methods of its own. */
  "~isLocal"(log: object): boolean;
  /** The same as `append`, at once. */
  "~append"(...args: Parameters<Log["append"]>): Holding;
  /**
   * Tells it who writes a run. It loses nothing if the run is written late, and most runs are never read: it has it written
   * once somebody reads it, asks it to stop, or removes it.
   *
   * @returns Whether it does.
   */
  "~attach"(key: RunKey, producer: LocalProducer): boolean;
  /** Something waits to be written. @returns Whether the log will ask for it. It does not if somebody waits for entries. */
  "~defer"(key: RunKey): boolean;
}

/** A log whose answers were checked. One that is not local has to be written as a run goes on, and asked about stops. */
export interface CheckedLog extends Log, Pick<LocalLog, "~attach" | "~defer"> {
  /** The same as `append`, which may answer at once. It is called for each batch of each run. */
  "~append"(...args: Parameters<Log["append"]>): Promise<Holding> | Holding;
}

/** One for each log, so that its runs can be recognised as belonging together; a checked log maps to itself. */
const checkedLogs = new WeakMap<Log, CheckedLog>();

/**
 * The same log, whose answers have the types that they should have: anybody can write one, in any language, and what it
 * throws or leaves out must not become an error elsewhere. All methods reject, with LogError if an answer is not one.
 */
export function checkedLog(log: Log): CheckedLog {
  const known = checkedLogs.get(log);
  if (known !== undefined) return known;
  const made = checking(log);
  checkedLogs.set(log, made);
  checkedLogs.set(made, made);
  return made;
}

function checking(log: Log): CheckedLog {
  const local = isLocal(log) ? log : null;
  return {
    begin: async (...args) => checked("begin", await log.begin(...args), isName),
    append: async (...args) => checked("append", await log.append(...args), isHolding),
    "~append": (...args) => local?.["~append"](...args) ?? Promise.resolve(log.append(...args)).then(asHolding),
    "~attach": (...args) => local?.["~attach"](...args) ?? false,
    "~defer": (...args) => local?.["~defer"](...args) ?? false,
    end: async (...args) => checked("end", await log.end(...args), isFlag),
    take: async (...args) => checked("take", await log.take(...args), isFlag),
    read: async (...args) => checked("read", await log.read(...args), isRead),
    wait: async (...args) => log.wait(...args),
    stop: async (...args) => checked("stop", await log.stop(...args), isFlag),
    latest: async (...args) => checked("latest", await log.latest(...args), isName),
    remove: async (...args) => log.remove(...args),
  };
}

function isLocal(log: Log): log is LocalLog {
  const hasOwn = METHODS.some((name) => Object.hasOwn(log, name));
  return "~isLocal" in log && !hasOwn && (log as LocalLog)["~isLocal"](log);
}

const asHolding = (answer: unknown): Holding => checked("append", answer, isHolding);

function checked<V>(method: keyof Log, answer: unknown, is: (answer: unknown) => answer is V): V {
  if (is(answer)) return answer;
  const found = answer === null ? "null" : typeof answer;
  throw new LogError(`The log's ${method}() has not answered what a Log should: it gave ${found}.`);
}

function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isName(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isHolding(value: unknown): value is Holding {
  return isFlag(field(value, "isHeld")) && isName(field(value, "stop"));
}

function isRead(value: unknown): value is LogRead | null {
  if (value === null) return true;
  const entries = field(value, "entries");
  const numbers = ["beat", "leaseMs", "last"].map((name) => field(value, name));
  const flags = ["hasLapsed", "isEnded"].map((name) => field(value, name));
  return (
    numbers.every((number) => typeof number === "number") &&
    flags.every(isFlag) &&
    isName(field(value, "stop")) &&
    Array.isArray(entries) &&
    entries.every(isEntry)
  );
}

function isEntry(value: unknown): value is LogEntry {
  return typeof field(value, "number") === "number" && typeof field(value, "data") === "string";
}
