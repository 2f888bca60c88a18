import { EventReader, type ServerEvent } from "./event-reader.ts";
import { invalid, refusal, ReplyError } from "./reply-error.ts";

/** How a lost connection is made good. */
export interface ReconnectOptions {
  /** How many attempts without progress are made, one after another, before the reply counts as cut. Default 12: that is about a minute. */
  readonly attempts?: number | undefined;
  /** How long to wait before the second attempt, in milliseconds: it doubles each time. The first one is made at once. Default 500. */
  readonly delayMs?: number | undefined;
  /** The longest wait between two attempts, in milliseconds. Default 10,000. */
  readonly maxDelayMs?: number | undefined;
  /** After how long without a sign of life a connection counts as lost, in milliseconds. Default 40,000: the server gives one every 15 s. */
  readonly idleMs?: number | undefined;
}

/** Headers of every request; a function is asked again at each. */
export type RequestHeaders = HeadersInit | (() => HeadersInit | Promise<HeadersInit>);

/** How a server is reached. */
export interface LineOptions {
  /** Headers of every request. A function is asked at each, for a token that changes. */
  readonly headers?: RequestHeaders | undefined;
  /** Used in place of the page's `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How a lost connection is made good. */
  readonly reconnect?: ReconnectOptions | undefined;
}

/** A connection that is over as soon as it is of no use. */
interface OpenResponse {
  readonly response: Response;
  readonly controller: AbortController;
}

/** Statuses that may be others at the next attempt, though they are below 500. */
const PASSING = [408, 425, 429];
/** Characters that are parsed at a time: much may come at once, and the page has other things to do. */
const PIECE = 16_384;
/** How long the server may take to stop a run. */
const STOP_MS = 10_000;
/** A connection that held as long as this was not in vain. */
const HELD_MS = 10_000;

/** The events of one run, over as many connections as it takes. */
export class Line {
  /** The run; null before it is known, and if the server does not keep it. */
  run: string | null = null;
  /** The id of the last event that was handed out. */
  position: string | null = null;
  /** The last message that the page has: if the run is that one, and over, there is nothing to go on with. */
  message: string | null = null;
  /** Why it was closed by this page; null as long as it was not. */
  closed: unknown = null;
  /** Whether the server has answered, or cannot be asked any more. */
  isAnswered = false;
  /** Settles then. */
  readonly answered: Promise<void>;

  readonly #options: LineOptions;
  /** Where the run can be had again; null if nowhere. */
  readonly #resumeURL: string | null;
  /** The request that starts a run, until it is answered. */
  #starting: Promise<OpenResponse> | null = null;
  #controller = new AbortController();
  #abandon = (_reason: unknown): void => {};
  #wake = (): void => {};
  #onAnswer = (): void => {};
  /** Attempts without progress. */
  #failures = 0;

  constructor(resumeURL: string | null, options: LineOptions) {
    this.#resumeURL = resumeURL;
    this.#options = options;
    this.answered = new Promise((resolve) => {
      this.#onAnswer = () => {
        this.isAnswered = true;
        resolve();
      };
    });
  }

  /**
   * The events, as many at a time as came together. They do not end by themselves: who knows the last one leaves.
   *
   * @param first - The first request; null goes on with a run.
   * @throws ReplyError if the rest cannot be read.
   */
  async *batches(url: string, first: RequestInit | null): AsyncGenerator<ServerEvent[], void> {
    const abandoned = new Promise<never>((_, reject) => {
      this.#abandon = reject;
    });
    try {
      if (first !== null) this.#starting = this.#begin(url, first);
      let open = await Promise.race([this.#starting ?? this.#reopen(null, true), abandoned]);
      this.#starting = null;
      for (;;) {
        this.run ??= runIn(open);
        this.#onAnswer();
        const { position } = this;
        const start = Date.now();
        const lost = yield* this.#read(open);
        if (position !== this.position || Date.now() - start > HELD_MS) this.#failures = 0;
        open = await this.#reopen(lost);
      }
    } finally {
      this.#onAnswer();
      // It is still to say which run it starts.
      if (this.#starting === null) this.#controller.abort();
    }
  }

  /** Takes note of an event that is handed out next. False: it was handed out already. */
  take({ id }: ServerEvent): boolean {
    if (id === null) return true;
    if (!isAfter(id, this.position)) return false;
    this.position = id;
    return true;
  }

  /** Leaves the run: it goes on if the server keeps it, else the server ends it. */
  close(reason: unknown): void {
    this.closed ??= reason;
    this.#controller.abort();
    this.#wake();
  }

  /** Has the server end the run. False: it does not keep the run, which therefore ends with its connection. */
  async stop(): Promise<boolean> {
    await this.answered;
    if (this.run === null || this.#resumeURL === null) return false;
    await this.#tell(this.run);
    return true;
  }

  /**
   * Has the server end the run before it has answered: the run that is known, else whichever is live in the place. One that
   * is being started is also stopped as soon as the server names it. Nobody reads on: the events end at once.
   */
  async stopUnanswered(reason: unknown): Promise<void> {
    const starting = this.#starting;
    if (starting === null || this.#resumeURL === null) this.close(reason);
    this.#abandon(reason);
    if (this.#resumeURL === null) return;
    starting?.then((open) => this.#stopNamed(open)).catch(() => {});
    await this.#tell(this.run);
  }

  async #stopNamed(open: OpenResponse): Promise<void> {
    const run = runIn(open);
    open.controller.abort();
    if (run !== null) await this.#tell(run);
  }

  /** Has the server end this run; null: whichever is live. */
  async #tell(run: string | null): Promise<void> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), Math.min(this.#idleMs, STOP_MS));
    try {
      const response = await this.#fetch(this.#urlOf({ run }), { method: "DELETE" }, controller).catch(
        (cause: unknown) => {
          throw unreached(cause);
        },
      );
      // 404: it has ended.
      if (!response.ok && response.status !== 404) throw await refusal(response);
    } finally {
      clearTimeout(timer);
    }
  }

  get #idleMs(): number {
    return this.#options.reconnect?.idleMs ?? 40_000;
  }

  async *#read({ response, controller }: OpenResponse): AsyncGenerator<ServerEvent[], unknown> {
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    const events = new EventReader();
    try {
      for (;;) {
        const timer = setTimeout(() => controller.abort(), this.#idleMs);
        const read = await reader?.read().finally(() => clearTimeout(timer));
        if (read?.value === undefined) return null;
        const text = decoder.decode(read.value, { stream: true });
        for (let at = 0; at < text.length; at += PIECE) yield events.push(text.slice(at, at + PIECE));
      }
    } catch (error) {
      return error;
    }
  }

  async #begin(url: string, init: RequestInit): Promise<OpenResponse> {
    const controller = this.#renew();
    const timer = setTimeout(() => controller.abort(), this.#idleMs);
    const response = await this.#fetch(url, init, controller)
      .catch((cause: unknown) => {
        throw this.closed ?? unreached(cause);
      })
      .finally(() => clearTimeout(timer));
    if (!hasEvents(response)) throw await refusal(response);
    return { response, controller };
  }

  /** Connects anew. `isFirst`: nothing is known yet of the run. */
  async #reopen(cause: unknown, isFirst = false): Promise<OpenResponse> {
    const { attempts = 12, delayMs = 500, maxDelayMs = 10_000 } = this.#options.reconnect ?? {};
    const cut = (problem: string, details: object): ReplyError =>
      new ReplyError("stream_truncated", `The reply was cut off: ${problem}`, details);
    for (let last = cause; ;) {
      if (this.closed !== null) throw this.closed;
      const nth = this.#failures++;
      if (this.#resumeURL === null || (this.run === null && !isFirst) || nth >= attempts) {
        throw isFirst ? unreached(last) : cut("the connection was lost.", { cause: last });
      }
      if (nth > 0) await this.#wait(Math.min(maxDelayMs, delayMs * 2 ** (nth - 1)) * (0.5 + Math.random() / 2));
      const controller = this.#renew();
      const timer = setTimeout(() => controller.abort(), this.#idleMs);
      try {
        const url = this.#urlOf({ run: this.run, after: this.position, message: isFirst ? this.message : null });
        const response = await this.#fetch(url, { cache: "no-store" }, controller).catch((error: unknown) => {
          last = error;
        });
        // `headers()` that fails is tried again, too: it may need the network to get a token.
        if (response === undefined) continue;
        const { status } = response;
        if (status === 204) {
          throw isFirst
            ? new ReplyError("nothing_to_resume", "There is no reply to go on with.")
            : cut("the server does not have the rest of it.", { status });
        }
        if (hasEvents(response)) return { response, controller };
        last = await refusal(response);
        if (status >= 400 && status < 500 && !PASSING.includes(status)) {
          throw isFirst
            ? last
            : cut(`the server refused the rest of it with status ${status}.`, { status, cause: last });
        }
      } finally {
        clearTimeout(timer);
      }
    }
  }

  async #fetch(url: string, init: RequestInit, { signal }: AbortController): Promise<Response> {
    const { headers: own, fetch: send = fetch } = this.#options;
    const headers = await headersOf(own).catch((cause: unknown) => {
      throw invalid("headers", "the function threw, or the value is not valid as headers.", cause);
    });
    if (init.body !== undefined) headers.set("content-type", "application/json");
    return send(url, { ...init, headers, signal });
  }

  #renew(): AbortController {
    this.#controller = new AbortController();
    if (this.closed !== null) this.#controller.abort();
    return this.#controller;
  }

  /** Until the time is over, the network is back, or nobody waits any more. */
  async #wait(ms: number): Promise<void> {
    const { addEventListener, removeEventListener } = globalThis;
    const timer = await new Promise<unknown>((resolve) => {
      const timer = setTimeout(() => this.#wake(), ms);
      this.#wake = () => resolve(timer);
      addEventListener?.("online", this.#wake);
    });
    clearTimeout(timer as number);
    removeEventListener?.("online", this.#wake);
  }

  #urlOf(query: Readonly<Record<string, string | null>>): string {
    const url = this.#resumeURL ?? "";
    const known = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== null);
    if (known.length === 0) return url;
    return `${url}${url.includes("?") ? "&" : "?"}${new URLSearchParams(known)}`;
  }
}

/** The run that a response names. */
function runIn({ response }: OpenResponse): string | null {
  const token = response.headers.get("x-millrace-run");
  return token === null ? null : decodeURIComponent(token);
}

function unreached(cause: unknown): ReplyError {
  // No server has said this: nothing was sent.
  if (cause instanceof ReplyError && cause.status === undefined) return cause;
  return new ReplyError("connection", "The server cannot be reached.", { cause });
}

/** The request that starts a reply. @throws ReplyError if the body has no JSON form. */
export function postOf(body: unknown): RequestInit {
  let json: string | undefined;
  let cause: unknown;
  try {
    json = JSON.stringify(body);
  } catch (error) {
    cause = error;
  }
  if (json === undefined) throw invalid("body", "it has no JSON form.", cause);
  return { method: "POST", body: json };
}

/** @throws What the function throws, and whatever `Headers` refuses. */
export async function headersOf(given: RequestHeaders | undefined): Promise<Headers> {
  return new Headers(typeof given === "function" ? await given() : given);
}

/** Where the run of an id can be had again, by the conventions of `millrace/http`. */
export function streamURL(url: string, id: string): string {
  return url.replace(/(?=\?|$)/, () => `/${encodeURIComponent(id)}/stream`);
}

function hasEvents({ ok, status, headers }: Response): boolean {
  return ok && status !== 204 && (headers.get("content-type") ?? "").startsWith("text/event-stream");
}

/** What an id of `millrace/http` ends in: `<position>.<nth>` or `end`, `.<parts>` and `~<recoveries>`. */
const PLACE = /:(?:end|(\d+)\.(\d+))(?:\.(\d+))?(?:~(\d+))?$/;

/** Whether an event comes after one that was handed out. Other servers' ids are taken as they come. */
function isAfter(id: string, last: string | null): boolean {
  const [place, lastPlace] = [placeOf(id), placeOf(last ?? "")];
  const at = place.findIndex((number, nth) => number !== lastPlace[nth]);
  return lastPlace.length === 0 || place.length === 0 || (place[at] ?? 0) > (lastPlace[at] ?? 0);
}

/** Numbers that rise from event to event. A producer that takes over may give positions anew. */
function placeOf(id: string): readonly number[] {
  const found = PLACE.exec(id);
  if (found === null) return [];
  const [, position, nth = 0, parts = Infinity, recoveries = 0] = found;
  return [position === undefined ? Infinity : recoveries, position ?? 0, nth, parts].map(Number);
}
