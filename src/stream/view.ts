import type { NativeConfig, PreparedCall } from "../attempt/prepared.ts";
import { StreamNotStartedError } from "../errors.ts";
import { inspectable } from "../json/inspectable.ts";
import type { CommonMessage, ToolCallPart } from "../prompt/common-message.ts";
import type { CommonFinishReason, Native } from "../provider/native.ts";
import type { MessageViews, Provider } from "../provider/provider.ts";
import type { Reply } from "../recovery/reply.ts";
import type { CallOf, PairTool, PairTypes } from "../tool/pair.ts";
import type { AnyTool } from "../tool/tool.ts";
import { type AttemptReport, reportOf } from "./attempt-report.ts";
import { historyOf, resultItems, resultOf, type ToolOutput } from "./history.ts";
import { type Warning, warningsOf } from "./warning.ts";

/** When a call began, had its first content, and ended: milliseconds since the epoch, or null. */
export interface Timings {
  /** When the call began. */
  readonly start: number | null;
  /** When its first content came. */
  readonly firstChunk: number | null;
  /** When it ended. */
  readonly end: number | null;
}

/**
 * What a stream and a response have in common: views of the native message and of the request. They hold no state of
 * their own; each is computed when it is read.
 */
export abstract class CallView<out N extends Native, out T extends PairTypes = PairTypes> {
  readonly #reply: Reply<N>;

  /** @internal */
  constructor(reply: Reply<N>) {
    this.#reply = reply;
    inspectable(this);
  }

  /** The text so far. */
  toString(): string {
    return this.content;
  }

  /** The data that `console.log` shows and `JSON.stringify` returns. */
  abstract toJSON(): object;

  /** All state of the call. @internal */
  get "~reply"(): Reply<N> {
    return this.#reply;
  }

  /**
   * The requests that were made for this call, in their order: those that failed, and those whose replies did not fit a
   * response model, too. {@link usage} is that of the one
   * that served; {@link cost} is that of all.
   */
  get attempts(): readonly AttemptReport<N>[] {
    return this.#reply.allAttempts.map(reportOf);
  }

  /** The tools that the model asks for, in the message's order, with their states: those that failed, too. */
  get tools(): readonly CallOf<T, N["toolCall"]>[] {
    // The declared tools are what `T` stands for, and the blocks are those of `N`.
    return this.#reply.shown.toolCalls as unknown as readonly CallOf<T, N["toolCall"]>[];
  }

  /** The first of {@link tools} that can be called, or null. */
  get tool(): PairTool<T, N["toolCall"]> {
    const found = this.#reply.shown.toolCalls.find(({ state }) => state === "complete") ?? null;
    return found as unknown as PairTool<T, N["toolCall"]>;
  }

  /** The tools that the model may ask for; those in the provider's own shape are in {@link callKwargs}. */
  get toolTypes(): readonly AnyTool[] {
    return this.#prepared("toolTypes").tools?.types ?? [];
  }

  /** What a program may want to log, although the reply went on: see {@link Warning}. Empty if all is well. */
  get warnings(): readonly Warning[] {
    return warningsOf(this.#reply);
  }

  /** The native message so far, or null before its first event. */
  get message(): N["message"] | null {
    return this.#reply.shown.decoder.message;
  }

  /** The assistant's turn as it may be sent back, or null where it may not: a refusal, or no content. */
  get messageParam(): N["turn"] | null {
    const [first, ...rest] = this.#reply.shown.sendableItems();
    return first === undefined ? null : this.#provider.turn([first, ...rest]);
  }

  /** {@link messageParam} as data that belongs to no provider. */
  get commonMessageParam(): CommonMessage | null {
    return this.#provider.common(this.#reply.shown.sendableItems())[0] ?? null;
  }

  /** When the call began, had its first content, and ended. */
  get timings(): Timings {
    const { times, firstContentTime } = this.#reply;
    return { start: times.start, firstChunk: firstContentTime, end: times.end };
  }

  /** The provider's id of the request, from the response's headers. */
  get requestId(): string | null {
    return this.#reply.shown.requestId;
  }

  /** The provider's name, such as `"anthropic"`. */
  get provider(): N["name"] {
    return this.#provider.name;
  }

  /** All text of the message, concatenated. */
  get content(): string {
    return this.#views.content(this.message);
  }

  /** All thinking of the message, concatenated. */
  get thinking(): string {
    return this.#views.thinking(this.message);
  }

  /** The message's id, or null before it is known. */
  get id(): string | null {
    return this.#views.id(this.message);
  }

  /** The model that answered; until that is known, the one that was asked. */
  get model(): string {
    return this.#views.model(this.message) ?? this.#reply.shown.model;
  }

  /** The provider's stop reason, in a list; empty before it is known. */
  get finishReasons(): readonly N["finishReason"][] {
    return this.#views.finishReasons(this.message);
  }

  /** The stop reason in words that all providers share. */
  get commonFinishReasons(): readonly CommonFinishReason[] {
    return this.#views.commonFinishReasons(this.message);
  }

  /** The provider's usage under its own field names, with `source`, which says how far to trust it. */
  get usage(): N["usage"] {
    return this.#reply.shown.usage;
  }

  /** Usage in words that all providers share. */
  get commonUsage(): N["commonUsage"] {
    return this.#reply.shown.commonUsage;
  }

  /** Input tokens that were neither read from nor written to the cache. */
  get inputTokens(): number {
    return this.commonUsage.inputTokens;
  }

  /** Input tokens read from the cache. */
  get cachedTokens(): number {
    return this.commonUsage.cachedTokens;
  }

  /** Output tokens, thinking included. */
  get outputTokens(): number {
    return this.commonUsage.outputTokens;
  }

  /** What the call costs so far, itemised; null where the model's price is not known. */
  get costMetadata(): N["costMetadata"] | null {
    return this.#reply.costMetadata;
  }

  /** What the call costs so far, in US dollars; null where that is not known. */
  get cost(): number | null {
    return this.costMetadata?.cost ?? null;
  }

  /** The arguments of the call. */
  get fnArgs(): readonly unknown[] {
    return this.#plan.fnArgs;
  }

  /** The literal of the prompt template, where the prompt function is one; else null. */
  get promptTemplate(): string | null {
    return this.#plan.promptTemplate;
  }

  /** The messages as sent. */
  get messages(): readonly N["item"][] {
    return this.#prepared("messages").items;
  }

  /** The last user message as sent, or null. */
  get userMessageParam(): N["item"] | null {
    return this.#views.userMessageParam(this.#prepared("userMessageParam").items);
  }

  /** {@link messages} as data that belongs to no provider. A prompt function may return them. */
  get commonMessages(): readonly CommonMessage[] {
    return this.#prepared("commonMessages").common();
  }

  /** {@link userMessageParam} as data that belongs to no provider, or null. */
  get commonUserMessageParam(): CommonMessage | null {
    const common = this.#prepared("commonUserMessageParam").common();
    return common.findLast(({ role }) => role === "user") ?? null;
  }

  /** The complete calls among {@link tools}, and those of tools that were not declared, as data that belongs to no provider. */
  get commonTools(): readonly ToolCallPart[] {
    const complete = this.#reply.shown.decoder.toolInputs.filter(({ state }) => state === "complete");
    return complete.map(({ id, name, value = {} }) => ({ type: "toolCall", id, name, args: value }));
  }

  /**
   * The message with the results of tools, in a list. Without outputs the list is empty.
   *
   * @param outputs - Calls of this message with their outputs: text, JSON, bytes, content parts, or an `Error`, of which
   * the model sees the message (never the stack).
   */
  toolMessageParams(outputs: readonly ToolOutput[]): readonly N["item"][] {
    return resultItems(this.#reply.shown, outputs.map(resultOf));
  }

  /**
   * The conversation so far: the messages sent, the answer as it may be sent back, and the results of its tools. The
   * provider accepts it whatever has happened to the stream: what was cut is left out, and a call without an output is
   * answered with an error that says why. A call that was cut by the end of a complete message (`max_tokens`) is only
   * part of it if there is an output for it, such as an error that tells the model what happened.
   *
   * @param outputs - As for {@link toolMessageParams}.
   * @throws StreamNotStartedError as long as there is no request, also if the call has ended before there was one: never
   * an empty conversation. InvalidOptionError for the output of a call that is not in the message.
   * @example
   * ```ts
   * import { tool, type ToolOutput } from "millrace";
   * import { call, type MessageParam } from "millrace/anthropic";
   *
   * const clock = tool({ name: "clock", description: "Tells the time.", call: () => new Date().toISOString() });
   * const options = { stream: true, tools: [clock] } as const;
   * const chat = call("claude-sonnet-5-5", options, (messages: readonly MessageParam[]) => messages);
   *
   * const stream = chat([{ role: "user", content: "What time is it?" }]);
   * const outputs: ToolOutput[] = [];
   * for await (const [, toolCall] of stream) if (toolCall) outputs.push([toolCall, await toolCall.call()]);
   * const next = chat([...stream.history(outputs), { role: "user", content: "And in Tokyo?" }]);
   * ```
   */
  history(outputs: readonly ToolOutput[] = []): readonly N["item"][] {
    return historyOf(this.#reply.shown, this.#prepared("history").items, outputs);
  }

  /**
   * {@link history} as data that belongs to no provider, which any of them takes as a prompt. Its own gets the items that
   * the messages carry beside their parts.
   *
   * @param outputs - As for {@link toolMessageParams}.
   * It is known as soon as the prompt function has run: also if the call was aborted before its request was made, or has
   * no API key.
   *
   * @throws StreamNotStartedError before, also if the call has ended by then or its prompt was refused: never an empty
   * conversation. InvalidOptionError as {@link history} does.
   * @example
   * ```ts
   * import { call as ask, type CommonMessage } from "millrace";
   *
   * const chat = ask("anthropic/claude-sonnet-5-5", { stream: true }, (messages: readonly CommonMessage[]) => messages);
   * const stream = chat([{ role: "user", content: "Recommend a book." }]);
   * await stream.response();
   * const next = chat([...stream.commonHistory(), { role: "user", content: "And another." }]);
   * ```
   */
  commonHistory(outputs: readonly ToolOutput[] = []): readonly CommonMessage[] {
    const { prepared, plan, shown } = this.#reply;
    const sent = (prepared ?? plan).common() ?? this.#prepared("commonHistory").common();
    return [...sent, ...this.#provider.common(historyOf(shown, [], outputs))];
  }

  /** The provider's parameters: those of the options, and those of the dynamic config over them. */
  get callParams(): N["callParams"] | undefined {
    return this.#prepared("callParams").callParams;
  }

  /** The body of the request as sent. */
  get callKwargs(): N["body"] {
    return this.#prepared("callKwargs").body;
  }

  /** The config object that the prompt function returned, or null where it returned a prompt alone. */
  get dynamicConfig(): NativeConfig<N> | null {
    return this.#prepared("dynamicConfig").dynamicConfig;
  }

  /** Metadata of the options, and that of the dynamic config over it. It is not sent. */
  get metadata(): Readonly<Record<string, unknown>> {
    return this.#prepared("metadata").metadata;
  }

  /** When the call began, in milliseconds since the epoch, or null. */
  get startTime(): number | null {
    return this.timings.start;
  }

  /** When the call ended, in milliseconds since the epoch, or null. */
  get endTime(): number | null {
    return this.timings.end;
  }

  /** Output tokens per second between the first content and the end (or now), or null before the first content. */
  get tokensPerSecond(): number | null {
    const { firstChunk, end } = this.timings;
    const elapsedMs = firstChunk === null ? 0 : (end ?? Date.now()) - firstChunk;
    return elapsedMs > 0 ? (this.outputTokens * 1000) / elapsedMs : null;
  }

  get #plan(): Reply<N>["plan"] {
    return this.#reply.plan;
  }

  get #provider(): Provider<N> {
    return this.#reply.shown.provider;
  }

  get #views(): MessageViews<N> {
    return this.#provider.views;
  }

  #prepared(accessor: string): PreparedCall<N> {
    const { prepared } = this.#reply;
    if (prepared === null) throw new StreamNotStartedError(accessor);
    return prepared;
  }
}
