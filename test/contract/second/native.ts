import type { SharedKind, TieredRates } from "../../../src/cost/price.ts";
import type { ReportedUsage } from "../../../src/errors.ts";
import type { Client } from "../../../src/http/client.ts";
import type { JsonObject } from "../../../src/json/object.ts";
import type { Message } from "../../../src/prompt/message.ts";
import type { ResponseChunk } from "../../../src/provider/chunk.ts";
import type { Native, StreamKinds } from "../../../src/provider/native.ts";
import type { CallResponse } from "../../../src/stream/response.ts";
import type { Stream } from "../../../src/stream/stream.ts";
import type { StructuredStream } from "../../../src/structured/structured-stream.ts";
import type { PairTypes } from "../../../src/tool/pair.ts";

/** An entry of the log that a request sends. A model's turn is as many entries as it has parts. */
export type Entry =
  | { readonly rule: string }
  | { readonly ask: string }
  | { readonly text: string }
  | { readonly thought: string }
  | { readonly call: string; readonly ref: string; readonly args: unknown }
  | { readonly result: string; readonly ref: string; readonly failed: boolean };

/** Cached tokens are input, too. */
export type FolioUsage = { readonly input: number; readonly output: number; readonly cached?: number };

export interface FolioMessage {
  readonly id?: string;
  readonly model?: string;
  readonly candidates: readonly { readonly parts: readonly JsonObject[]; readonly finish: string | null }[];
  readonly usage?: FolioUsage;
  readonly checkpoint?: string;
}

/** The texts of all candidates but the first, which is the content. */
export type FolioAccessors = { readonly alternatives: readonly string[] };

interface FolioKinds extends StreamKinds {
  readonly stream: Stream<FolioNative, Extract<this["tools"], PairTypes>> & FolioAccessors;
  readonly response: CallResponse<FolioNative, Extract<this["tools"], PairTypes>> & FolioAccessors;
  readonly structuredStream: StructuredStream<FolioNative, this["model"], this["arriving"]> & FolioAccessors;
}

export interface FolioNative extends Native {
  readonly name: "folio";
  readonly entry: "folio";
  readonly event: JsonObject;
  readonly frame: JsonObject;
  readonly chunk: ResponseChunk & { readonly chunk: JsonObject | null };
  readonly message: FolioMessage;
  readonly item: Entry;
  readonly turn: readonly Entry[];
  readonly toolCall: { readonly call: string; readonly args?: unknown };
  readonly promptMessage: Message | Entry;
  readonly usage: FolioUsage & ReportedUsage;
  readonly prices: Readonly<Record<string, TieredRates<SharedKind>>>;
  readonly toolParam: never;
  readonly callParams: { readonly length?: number; readonly candidates?: number };
  readonly body: { readonly model: string; readonly log: readonly Entry[]; readonly tools?: readonly object[] };
  readonly client: Client;
  readonly accessors: FolioAccessors;
  readonly kinds: FolioKinds;
}
