import type { Native } from "../provider/native.ts";
import type { FormatBody, Provider } from "../provider/provider.ts";
import type { CallPlan } from "../recovery/plan.ts";
import type { Reply } from "../recovery/reply.ts";
import { CallResponse } from "../stream/response.ts";
import { aFunction, anObject, aText, checkForm, type Forms, needed } from "../schema/option-form.ts";
import { Stream } from "../stream/stream.ts";
import type { CallView } from "../stream/view.ts";
import type { DefineCall, WithResponse } from "./call.ts";
import { checkCallOptions } from "./check-options.ts";
import { type CallOptions, isStreamed, mergeOptions, type ParserOption } from "./options.ts";
import { planner, type ResolveModel } from "./planner.ts";

/** Options that nothing more is known of. */
export type AnyOptions<N extends Native> = CallOptions<N> & ParserOption<unknown, unknown>;

/** The classes of a provider's streams and responses. */
export interface StreamClasses<N extends Native> {
  readonly Stream: new (plan: CallPlan<N>) => Stream<N, never>;
  readonly Response: new (reply: Reply<N>) => CallResponse<N, never>;
}

/** The calls of a provider. */
export interface Calls<N extends Native> extends StreamClasses<N> {
  readonly call: DefineCall<N>;
}

/**
 * Makes `call` for a provider, and the classes of its streams and responses.
 *
 * This, with the provider's own types, is all that a provider's entry takes.
 */
export function defineCalls<N extends Native>(provider: Provider<N>): Calls<N> {
  const classes = streamClasses(provider);
  const kind: CallKind<N, AnyOptions<N>> = {
    provider,
    classes,
    open: (plan) => new classes.Stream(plan),
    // A new promise: the stream's own may be ignored, while an ignored failure of this one should be noticed.
    answer: (plan) => new classes.Stream(plan).response().then((response) => ({ model: response, response })),
  };
  const define = (model: N["model"], ...rest: [fn: unknown] | [options: AnyOptions<N>, fn: unknown]): unknown => {
    const [options, fn] = rest.length === 1 ? [{}, rest[0]] : rest;
    return callOf(kind, model, options, fn);
  };
  // Both signatures come to this; the types of the results follow from the options.
  return { call: define as unknown as DefineCall<N>, ...classes };
}

/** Makes the classes of a provider's streams and responses, with its own accessors. */
export function streamClasses<N extends Native>(provider: Provider<N>): StreamClasses<N> {
  class ProviderResponse extends CallResponse<N, never> {
    /** What the neutral call gives is of its provider's class as well. */
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof CallResponse && value.provider === provider.name;
    }
  }
  class ProviderStream extends Stream<N, never> {
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof Stream && value.provider === provider.name;
    }

    protected override "~respond"(reply: Reply<N>): CallResponse<N, never> {
      return new ProviderResponse(reply);
    }
  }
  for (const [view, kind] of [
    [ProviderResponse, "CallResponse"],
    [ProviderStream, "Stream"],
  ] as const) {
    Object.defineProperty(view, "name", { value: provider.label + kind });
    addAccessors(provider, view.prototype);
  }
  return { Stream: ProviderStream, Response: ProviderResponse };
}

/** Gives a class the accessors that only this provider's streams and responses have. */
export function addAccessors<N extends Native>(provider: Provider<N>, prototype: CallView<N, never>): void {
  // The type of `Object.keys` does not know the keys.
  for (const name of Object.keys(provider.accessors(null)) as (keyof N["accessors"])[]) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      get(this: CallView<N, never>) {
        return this["~reply"].shown.provider.accessors(this.message)[name];
      },
    });
  }
}

/** How the calls of an entry are made. */
export interface CallKind<N extends Native, O extends AnyOptions<N>> {
  readonly provider: Provider<N>;
  readonly classes: StreamClasses<N>;
  /** The stream of a planned call. */
  open(plan: CallPlan<N>, options: O): unknown;
  /** The result of a planned call that is not streamed, before its output parser. */
  answer(plan: CallPlan<N>, options: O): Promise<WithResponse<unknown, CallResponse<N, never>>>;
  /** Says which provider an id belongs to, if there are several. */
  readonly resolve?: ResolveModel<N> | undefined;
  /** The forms of options that only these calls have. */
  readonly further?: Forms;
  /** Refuses options that would change nothing, among all that the call has. @throws InvalidOptionError */
  checkEffects?(given: O, options: O): void;
  /** Makes the body of a request ask for JSON. */
  formatBody?(options: O): FormatBody<N> | undefined;
  /** What callers that repeat the call need beside the plan and the stream. */
  machine?(options: O): object | undefined;
}

/**
 * Makes a call. All signatures come to this.
 *
 * @param given - The options that were written now, if others were merged into them: that hides their form.
 */
export function callOf<N extends Native, O extends AnyOptions<N>>(
  kind: CallKind<N, O>,
  model: N["model"],
  options: O,
  prompt: unknown,
  given: O = options,
): unknown {
  checkForm("prompt function", prompt, needed(aFunction));
  checkForm("options", options, needed(anObject));
  const { provider, classes, further } = kind;
  checkForm("model", model, needed(aText));
  checkCallOptions(given, { ...provider.optionForms, ...further }, further ? {} : elsewhere(provider));
  kind.checkEffects?.(given, options);
  // That it takes these arguments was checked where the call was defined.
  const fn = prompt as (...args: readonly unknown[]) => unknown;
  const { resolve } = kind;
  const formatBody = kind.formatBody?.(options);
  const plan = planner<N, readonly unknown[]>({ provider, model, options, fn, formatBody, resolve });
  const { stream, outputParser = (result: unknown): unknown => result } = options;
  const withResponse = async (...args: readonly unknown[]): Promise<WithResponse<unknown, unknown>> => {
    const answer = await kind.answer(plan(...args), options);
    return { model: await outputParser(answer.model), response: answer.response };
  };
  const ask = (...args: readonly unknown[]): unknown =>
    isStreamed(stream) ? kind.open(plan(...args), options) : withResponse(...args).then((answer) => answer.model);
  return Object.assign(ask, {
    withResponse,
    "~call": {
      plan,
      open: (from: CallPlan<N>) => new classes.Stream(from),
      stream: (from: CallPlan<N>) => kind.open(from, options),
      ...kind.machine?.(options),
    },
    with: ({ model: other = model, ...overrides }: O & { readonly model?: N["model"] }) => {
      // Options do not have `model`: what is left is all of them.
      const given = overrides as unknown as O;
      return callOf(kind, other, mergeOptions<N, O>(options, given), fn, given);
    },
  });
}

/** Where the options are that calls without response models do not have. */
function elsewhere<N extends Native>({ entry }: Provider<N>): Readonly<Record<string, string>> {
  const advice = `call from "${entry}/structured"`;
  return { jsonMode: advice, responseModel: advice, responseSchema: advice, validationRetries: advice };
}
