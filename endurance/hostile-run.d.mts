/** What the cases need of the library, as built or as source. */
export interface HostileLibrary {
  readonly agent: unknown;
  readonly call: unknown;
  readonly client: unknown;
  readonly limiter: unknown;
  readonly MillraceError: unknown;
  readonly structuredCall: unknown;
  readonly tool: unknown;
  /** What the provider would refuse about the messages of a request; null if nothing. */
  problemWith(messages: readonly unknown[]): string | null;
}

export interface HostileOptions {
  /** The seed of the first case; that of each further one is the next. */
  readonly seed: number;
  readonly cases: number;
  /** When to stop, as `performance.now()` gives it. */
  readonly until?: number;
  print?(line: string): void;
}

/** A case that failed. */
export interface HostileFailure {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly plan: unknown;
}

export function runHostile(
  library: HostileLibrary,
  options: HostileOptions,
): Promise<{ readonly done: number; readonly failure: HostileFailure | null }>;

export function describeFailure(failure: HostileFailure): string;
