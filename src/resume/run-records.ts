import { InvalidOptionError, LogError } from "../errors.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { Provider } from "../provider/provider.ts";
import type { CallPlan } from "../recovery/plan.ts";
import type { EndRecord, LogRecord, StartRecord } from "./record.ts";
import { RunReader, type RunReaderOptions } from "./run-reader.ts";

/** Loads a provider by the name that its streams have. */
export type LoadProvider = (name: string) => Promise<Provider<Native>>;

/** Prefers the providers of a plan: programs may have their own. */
export function loaderFor(plan: CallPlan<Native> | undefined, load: LoadProvider): LoadProvider {
  return async (name) => {
    const known = plan?.targets.find(({ provider }) => provider.name === name)?.provider;
    await known?.load?.();
    return known ?? load(name);
  };
}

/** The run to read. */
export type RunSource = Omit<RunReaderOptions, "isWhole" | "signal">;

/** The providers that records are of. */
export class ProviderLoader {
  readonly #load: LoadProvider;
  readonly #providers = new Map<string, Provider<Native>>();

  constructor(load: LoadProvider) {
    this.#load = load;
  }

  async loadFor(records: readonly LogRecord[]): Promise<void> {
    for (const name of records.flatMap(providersIn)) {
      if (!this.#providers.has(name)) this.#providers.set(name, await this.#load(name));
    }
  }

  /** One that was loaded. */
  readonly named = (name: string): Provider<Native> => {
    const provider = this.#providers.get(name);
    if (provider === undefined) throw new InvalidOptionError("log", `it names a provider "${name}" that is not known.`);
    return provider;
  };
}

/** The records of a run, with the providers that they are of. */
export class RunRecords {
  /** Whether the message is whole so far. */
  isWhole: () => boolean = () => false;
  /** The positions after which another process has gone on with the run, as far as it was read. */
  readonly takeovers: number[] = [];
  /** What the run has come to, once that was read. */
  end: EndRecord | null = null;
  /** The prompt of the run, if it was logged, and read. */
  prompt: readonly CommonMessage[] | null = null;
  readonly #reader: RunReader;
  readonly #controller = new AbortController();
  readonly #providers: ProviderLoader;

  constructor(load: LoadProvider, source: RunSource) {
    this.#providers = new ProviderLoader(load);
    this.#reader = new RunReader({ ...source, signal: this.#controller.signal, isWhole: () => this.isWhole() });
  }

  /** The first records, and what they begin with; null if the log has nothing of the run. */
  async start(): Promise<{ readonly start: StartRecord; readonly first: readonly LogRecord[] } | null> {
    const first = await this.next();
    const start = first?.find((record) => record.type === "start");
    if (start !== undefined && start.version !== 1) {
      throw new LogError("Another version of millrace has written the run: this one cannot read it.");
    }
    return first === null || start === undefined ? null : { start, first };
  }

  /** The next records; null after the last of them. Their providers are loaded. */
  async next(): Promise<readonly LogRecord[] | null> {
    const records = await this.#reader.next();
    await this.#providers.loadFor(records ?? []);
    for (const record of records ?? []) {
      if (record.type === "takeover") this.takeovers.push(record.position);
      if (record.type === "prompt") this.prompt = record.messages;
      if (record.type === "end") this.end = record;
    }
    return records;
  }

  get providerNamed(): (name: string) => Provider<Native> {
    return this.#providers.named;
  }

  /** Ends the reading. */
  leave(): void {
    this.#controller.abort();
  }
}

/** The names of the providers that a record needs. */
function providersIn(record: LogRecord): string[] {
  if (record.type === "reply" || record.type === "attempt") return [record.provider];
  return record.type === "start" || record.type === "recovery" ? [record.reply.provider] : [];
}
