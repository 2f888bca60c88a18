/** Where a reader of a run is. */
export interface Place {
  readonly run: string;
  /** The id of the last event that was handed out; null before the first. */
  readonly position: string | null;
}

/** The part of `Storage` that is used. */
export type PlaceStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const WRITE_MS = 250;

/** Remembers a place for after a reload. Where there is no storage, or it is full, it remembers nothing. */
export class StoredPlace {
  readonly #storage: PlaceStorage | null;
  readonly #key: string;
  #written = -Infinity;

  constructor(storage: PlaceStorage | null | undefined, key: string | null) {
    this.#storage = key === null ? null : storage === undefined ? pageStorage() : storage;
    this.#key = `millrace:${key}`;
  }

  read(): Place | null {
    return attempt(() => JSON.parse(this.#storage?.getItem(this.#key) ?? "null"));
  }

  write(run: string | null, position: string | null): void {
    if (run === null) return;
    this.#written = performance.now();
    attempt(() => this.#storage?.setItem(this.#key, JSON.stringify({ run, position })));
  }

  /** Whether it is time to write again: each writing is passed on to another process. */
  get isOld(): boolean {
    return performance.now() - this.#written > WRITE_MS;
  }

  forget(): void {
    attempt(() => this.#storage?.removeItem(this.#key));
  }
}

/** A page in a sandbox may not even look at it. */
function pageStorage(): PlaceStorage | null {
  return attempt(() => globalThis.sessionStorage) ?? null;
}

function attempt<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}
