import type { DefineCall } from "../../src/call/call.ts";
import type { LimiterOptions, RequestLimiter } from "../../src/recovery/limiter.ts";
import type { CommonFinishReason, Native, StreamKinds } from "../../src/provider/native.ts";
import type { CallResponse } from "../../src/stream/response.ts";
import type { Stream } from "../../src/stream/stream.ts";
import type { DefineStructuredCall } from "../../src/structured/structured-call.ts";
import type { PairTypes } from "../../src/tool/pair.ts";
import type { StructuredStream } from "../../src/structured/structured-stream.ts";

/** The native types of a provider that is not known. */
export interface AnyNative extends Native {
  readonly kinds: AnyKinds;
}

interface AnyKinds extends StreamKinds {
  readonly stream: Stream<AnyNative, Extract<this["tools"], PairTypes>>;
  readonly response: CallResponse<AnyNative, Extract<this["tools"], PairTypes>>;
  readonly structuredStream: StructuredStream<AnyNative, this["model"], this["arriving"]>;
}

/** A provider, as the contract suites see it: they run for every subject, and know of none. */
export interface Subject<N extends Native = AnyNative> {
  readonly name: string;
  /** Two models of it, which do not share their rate limits. */
  readonly models: readonly [string, string];
  readonly call: DefineCall<N>;
  readonly structuredCall: DefineStructuredCall<N>;
  /** A client for a server of {@link serve}. */
  client(url: string, options?: { readonly secret?: string; readonly headers?: Record<string, string> }): N["client"];
  limiter(options?: LimiterOptions): RequestLimiter;
  /** A price with these rates, in US dollars per million tokens; all others are 0. */
  price(input: number, output: number): object;
  /** Starts a real server on 127.0.0.1 that plays a script for each request. */
  serve(script: (request: ServedRequest) => Script | Promise<Script>): Promise<Server>;
  /** What the provider would refuse about the body of a request: nothing, if it is empty. Checked by the server too. */
  problems(body: unknown): readonly string[];
  /** What this provider cannot do, or does differently: the suites ask, rather than name providers. */
  readonly traits: {
    /**
     * `continue` goes on with the very same reply. The script of such a request is that of the whole reply: the beats
     * that were played before are passed over.
     */
    readonly resumesExactly: boolean;
    /** Another request can go on with a reply, to another model too. */
    readonly continuesInWords: boolean;
    /** An abort has to be told to the provider, too. */
    readonly cancels: boolean;
    /** The message is complete only when the body ends: the sign is not an event. */
    readonly endsWithBody: boolean;
    /** The sign that the message is complete is the last event: nothing is read after it. */
    readonly endsWithSign: boolean;
    /** Events come before the first content: see the beat `start`. */
    readonly starts: boolean;
    /** It has events that are not content: see the beat `ping`. */
    readonly pings: boolean;
    readonly thinking: boolean;
    /** Usage is reported from the first event on: an interrupted reply has some. */
    readonly countsEarly: boolean;
    /** One event can hold several calls of tools, all of them complete: see the beat `tools`. */
    readonly joinsTools: boolean;
    /** The input of a tool arrives as text: what came of it is known to the letter. */
    readonly textInputs: boolean;
    /** A call is complete only once the next one begins or the reply ends, unless that cuts it. */
    readonly completesLate: boolean;
    /** The secret itself is sent, rather than a signature that was made with it. */
    readonly sendsSecret: boolean;
  };
}

/** A request, as a server has got it. */
export interface ServedRequest {
  /** Counts from 0. */
  readonly index: number;
  /** The provider's id of the request: the headers of the response tell it. */
  readonly id: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Settles when the response is over: true if the client closed it before the reply had ended. */
  readonly closed: Promise<boolean>;
}

/** A running server. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ServedRequest[];
  /** The request with that index, as soon as it has come. */
  request(index: number): Promise<ServedRequest>;
  /** The ids of the replies that a client has asked to cancel. */
  readonly cancelled: readonly string[];
}

/** A reply: its beats are played one after another, each written by itself. */
export interface Script {
  /**
   * Default 200. With 400 or above the beats are not played, and the body is the provider's own form of an error. 0: the
   * connection is reset, and there is no response.
   */
  readonly status?: number;
  /** The message of that error. */
  readonly message?: string;
  /** How long that error asks the models that share their limits to wait, in the provider's own form. */
  readonly waitMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the client is asked to wait before its next request, told in the provider's own way. */
  readonly retryAfterMs?: number;
  readonly beats?: readonly Beat[];
  /** The model that the reply says it is of, where the provider does not simply repeat the request's. */
  readonly model?: string;
  /** Writes the whole reply in pieces of so many bytes. Default: each beat in one piece. */
  readonly pieceSize?: number;
}

/** A part of a reply, in words that every provider can write in its own way. */
export type Beat =
  /** The events that come before the first content, if the provider has any. By default they come with the first part. */
  | { readonly start: true }
  /** One delta of text. Deltas that follow each other belong to the same part of the message. */
  | { readonly text: string }
  | { readonly thinking: string }
  /**
   * A call of a tool. `input` is JSON, sent in so many pieces (default 1); with `isCut` it does not end.
   * Its id is new, if the provider has ids.
   */
  | { readonly tool: string; readonly input: string; readonly pieces?: number; readonly isCut?: boolean }
  /** Calls of tools that come whole, all in one event. Only as the first beat. */
  | { readonly tools: readonly { readonly tool: string; readonly input: string }[] }
  /** Usage, in the provider's own form. A reply without this beat reports 10 input and 25 output tokens. */
  | { readonly usage: { readonly input: number; readonly output: number } | null }
  /** The sign that the message is complete. */
  | { readonly finish: CommonFinishReason }
  /** An event that is not content. */
  | { readonly ping: true }
  /** An error inside the reply. Its words are part of the error that the reader gets. */
  | { readonly error: string; readonly retryable: boolean }
  /** An event that cannot be read. */
  | { readonly malformed: true }
  /** Bytes as they are. */
  | { readonly raw: string | Uint8Array }
  /** The server waits. A function is called when the beat's turn has come. */
  | { readonly wait: Promise<unknown> | (() => unknown) }
  /**
   * How the reply ends. Default `clean`: with the provider's last event, if it has one and a `finish` came, and the end of
   * the body. `kept`: the same, but the body does not end. `open`: nothing more comes, and the body does not end.
   */
  | { readonly end: "clean" | "kept" | "open" | "reset" };
