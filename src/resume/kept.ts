import type { Closing } from "./closing.ts";
import type { LiveReader } from "./live-reader.ts";
import type { LogState } from "./log-writer.ts";

/** The log of a run, as its producer knows it. */
export interface KeptLog {
  /** See {@link LogState}. */
  readonly state: LogState;
  /** Why the log did not take the run, or the last error after which it was asked again; null if there was none. */
  readonly error: unknown;
  /** Settles once the run is written to its end, or is not written any further. Never rejects. */
  readonly settled: Promise<void>;
}

/** What a stream has that is kept. */
export interface Kept {
  /** The name of the run. */
  readonly run: string;
  /** The position of the last event that was delivered here, counted from 1; 0 before. */
  readonly position: number;
  /** What has become of the log. */
  readonly log: KeptLog;
}

/** What a kept stream knows of its run. */
export interface Keeping {
  readonly run: string;
  readonly log: KeptLog;
  /** Its reader in this process. */
  readonly live: LiveReader<unknown>;
  readonly closing: Closing;
  /** Settles once the run may begin; null if it may at once. */
  readonly gate: Promise<void> | null;
}

/** A stream that is kept, to those who work on it. */
export interface KeptStream {
  readonly "~keeping": Keeping;
}

/** What all of them do alike. */
const PROPERTIES: PropertyDescriptorMap & ThisType<KeptStream> = {
  run: {
    get() {
      return this["~keeping"].run;
    },
  },
  position: {
    get() {
      return this["~keeping"].live.position;
    },
  },
  log: {
    get() {
      return this["~keeping"].log;
    },
  },
  [Symbol.asyncIterator]: {
    value() {
      return this["~keeping"].live.iterate();
    },
  },
  // Those who read it may leave, and it goes on.
  [Symbol.asyncDispose]: {
    async value() {
      void this["~keeping"].live.return();
    },
  },
};

/** What kept streams inherit from, by what they inherit from else. */
const prototypes = new WeakMap<object, object>();

/**
 * Gives a stream the properties of a kept one. They are defined once for each class: defining them on each stream would
 * take longer than a batch takes to write.
 *
 * @param methods - What it does in its own way, from the prototype that it had.
 */
export function becomeKept<S extends object>(
  stream: S,
  keeping: Keeping,
  methods: (own: S) => PropertyDescriptorMap & ThisType<S & KeptStream>,
): S & Kept {
  const own: S = Object.getPrototypeOf(stream);
  const prototype = prototypes.get(own) ?? Object.create(own, { ...PROPERTIES, ...methods(own) });
  prototypes.set(own, prototype);
  Object.setPrototypeOf(stream, prototype);
  Object.defineProperty(stream, "~keeping", { value: keeping });
  // It has the properties of a kept stream now.
  return stream as S & Kept;
}

/** Whether it is kept already. */
export function isKept<S extends object>(stream: S): stream is S & Kept & KeptStream {
  return "~keeping" in stream;
}
