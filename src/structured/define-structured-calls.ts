import type { CallMachine } from "../call/call.ts";
import { addAccessors, type AnyOptions, callOf, type CallKind, type StreamClasses } from "../call/define-calls.ts";
import { isStreamed } from "../call/options.ts";
import type { ResolveModel } from "../call/planner.ts";
import { InvalidOptionError } from "../errors.ts";
import { aFlag, anObject, anything, wholeFrom } from "../schema/option-form.ts";
import type { Native } from "../provider/native.ts";
import type { FormatBody, Provider } from "../provider/provider.ts";
import type { CallPlan } from "../recovery/plan.ts";
import type { Reply } from "../recovery/reply.ts";
import { type ResponseFormat, responseFormat } from "../schema/response-format.ts";
import { handled } from "../stream/leavable.ts";
import type { CallResponse } from "../stream/response.ts";
import { isDeclared } from "../tool/declared.ts";
import { extract } from "./extract.ts";
import { parseText, type ResponseModel } from "./response-model.ts";
import type { DefineStructuredCall, ModelOptions } from "./structured-call.ts";
import { StructuredStream } from "./structured-stream.ts";

/** A provider whose calls may have response models. */
export interface StructuredProvider<N extends Native> {
  readonly provider: Provider<N>;
  /** Makes a body ask for JSON: of a format or, in words, of any. */
  formatBody(format: ResponseFormat | undefined, jsonMode: boolean): FormatBody<N>;
  /**
   * Whether a body has tools that the program runs.
   *
   * @param by - The provider that the body is for.
   */
  hasTools(body: N["body"], by?: Provider<N>): boolean;
}

/** The calls of a provider that may have response models. */
export interface StructuredCalls<N extends Native> {
  readonly kind: CallKind<N, StructuredOptions<N>>;
  readonly call: DefineStructuredCall<N>;
  readonly StructuredStream: new (plan: CallPlan<N>, model: ResponseModel) => StructuredStream<N>;
}

/** Options that nothing more is known of. */
export type StructuredOptions<N extends Native> = AnyOptions<N> & ModelOptions;

/**
 * Makes `call` for a provider, with response models.
 *
 * @param classes - Those of its calls without response models.
 * @param resolve - Says which provider an id belongs to, if there are several.
 */
export function defineStructuredCalls<N extends Native>(
  structured: StructuredProvider<N>,
  classes: StreamClasses<N>,
  resolve?: ResolveModel<N>,
): StructuredCalls<N> {
  const { provider } = structured;
  class ProviderStructuredStream extends StructuredStream<N> {
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof StructuredStream && value.provider === provider.name;
    }

    protected override "~respond"(reply: Reply<N>): CallResponse<N, never> {
      return new classes.Response(reply);
    }
  }
  Object.defineProperty(ProviderStructuredStream, "name", { value: `${provider.label}StructuredStream` });
  addAccessors(provider, ProviderStructuredStream.prototype);
  const kind: CallKind<N, StructuredOptions<N>> = {
    provider,
    classes,
    resolve,
    further: { jsonMode: aFlag, responseModel: anything, responseSchema: anObject, validationRetries: wholeFrom(0) },
    checkEffects,
    formatBody: (options) => formatBodyOf(structured, options),
    machine: (options) => machineOf(structured, options),
    open(plan, options) {
      const model = modelOf(options);
      if (model !== undefined && !hasDeclaredTools(options)) return new ProviderStructuredStream(plan, model);
      const stream = new classes.Stream(plan);
      return model === undefined ? stream : withParse(stream, model, () => stream.response());
    },
    async answer(plan, options) {
      const model = modelOf(options);
      if (model !== undefined && !hasDeclaredTools(options)) {
        return extract(plan, (from) => new ProviderStructuredStream(from, model), options.validationRetries);
      }
      const response = await new classes.Stream(plan).response();
      return { model: model === undefined ? response : withParse(response, model, () => response), response };
    },
  };
  const define = (
    model: N["model"],
    ...rest: [fn: unknown] | [options: StructuredOptions<N>, fn: unknown]
  ): unknown => {
    const [options, fn] = rest.length === 1 ? [{}, rest[0]] : rest;
    return callOf(kind, model, options, fn);
  };
  // Both signatures come to this; the types of the results follow from the options.
  return { kind, call: define as unknown as DefineStructuredCall<N>, StructuredStream: ProviderStructuredStream };
}

/** Whether the call has tools that the program runs: then the reply may be something other than the model. */
function hasDeclaredTools({ tools = [] }: { readonly tools?: readonly object[] | undefined }): boolean {
  return tools.some(isDeclared);
}

/** Converts the model where the call is defined, so that a faulty one is noticed there. */
function formatBodyOf<N extends Native>(
  { formatBody, hasTools }: StructuredProvider<N>,
  options: StructuredOptions<N>,
): FormatBody<N> | undefined {
  const { jsonMode = false } = options;
  const format = modelOf(options)?.format;
  if (format === undefined && !jsonMode) return undefined;
  const formatted = formatBody(format, jsonMode);
  const isNamed = hasDeclaredTools(options);
  return (body, by) => {
    // The kind of the call's result was decided before its function ran.
    if (format !== undefined && !isNamed && hasTools(body, by)) {
      const rule = "together with responseModel, name them in the options, not in the function's result alone.";
      throw new InvalidOptionError("tools", rule);
    }
    return formatted(body, by);
  };
}

/** Refuses options that would change nothing. @throws InvalidOptionError */
function checkEffects<N extends Native>(given: StructuredOptions<N>, options: StructuredOptions<N>): void {
  const { responseSchema, validationRetries } = given;
  const { responseModel, stream } = options;
  if (
    validationRetries !== undefined &&
    (responseModel === undefined || isStreamed(stream) || hasDeclaredTools(options))
  ) {
    const rule = "it needs a responseModel, and does not work with stream or tools.";
    throw new InvalidOptionError("validationRetries", rule);
  }
  if (responseModel === undefined && responseSchema !== undefined) {
    throw new InvalidOptionError("responseSchema", "it describes a responseModel, and there is none.");
  }
}

/** How an agent gets the model out of its last reply, and how the JSON of a reply is read once more. */
function machineOf<N extends Native>(
  structured: StructuredProvider<N>,
  options: StructuredOptions<N>,
): Partial<CallMachine<N, readonly unknown[], never, unknown>> | undefined {
  const model = modelOf(options);
  if (model === undefined) return undefined;
  const again: Partial<CallMachine<N, readonly unknown[], never, unknown>> = {
    fromJson: (body, by) => formatBodyOf(structured, options)?.(body, by).fromJson,
  };
  if (hasDeclaredTools(options)) return { ...again, parse: (response) => parseText(model, response) };
  // The reply may be the input of a tool that belongs to the format.
  return {
    ...again,
    open() {
      throw new InvalidOptionError(
        "responseModel",
        "an agent needs tools in the options of the call; without tools, call the function itself.",
      );
    },
  };
}

/** The response model of the options. @throws SchemaError if there is no JSON Schema of it. */
function modelOf({ responseModel, responseSchema }: ModelOptions): ResponseModel | undefined {
  return responseModel && { model: responseModel, format: responseFormat(responseModel, responseSchema) };
}

/** Adds `parse()`. */
function withParse<V extends object, N extends Native>(
  view: V,
  model: ResponseModel,
  respond: () => CallResponse<N, never> | Promise<CallResponse<N, never>>,
): V {
  return Object.defineProperty(view, "parse", { value: () => handled(parseText(model, respond())) });
}
