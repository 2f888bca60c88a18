import type { Attempt } from "../attempt/attempt.ts";
import type { NativeConfig, Prepared } from "../attempt/prepared.ts";
import {
  InvalidOptionError,
  isMillraceError,
  messageOf,
  MissingApiKeyError,
  PromptFunctionError,
  TemplateError,
} from "../errors.ts";
import { defaultTimeout } from "../http/timeout.ts";
import { defined, field, isObject, stringField } from "../json/object.ts";
import { isPromptTemplate, normalizePrompt } from "../prompt/dynamic-config.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { FormatBody, Prompt, Provider } from "../provider/provider.ts";
import type { CallPlan, PlannedPrompt, PlannedTarget, Target } from "../recovery/plan.ts";
import { retryPolicy } from "../recovery/policy.ts";
import { aFunction, anObject, anything, aText, checkForm, type Form, needed } from "../schema/option-form.ts";
import { isDeclared } from "../tool/declared.ts";
import type { ToolBox } from "../tool/tool-box.ts";
import type { AnyTool } from "../tool/tool.ts";
import { checkConfig, checkTools } from "./check-options.ts";
import { type Authored, commonMessages, conversationOf, messagesFor } from "./messages-for.ts";
import { type CallOptions, isStreamed, mergeParams, type StreamOption } from "./options.ts";

/** A call as it was defined. */
export interface CallDefinition<N extends Native, Args extends readonly unknown[]> {
  readonly provider: Provider<N>;
  readonly model: N["model"];
  readonly options: CallOptions<N>;
  readonly fn: (...args: Args) => unknown;
  /** Makes the body of a request ask for JSON. */
  readonly formatBody?: FormatBody<N> | undefined;
  /** Which model of which provider an id means, if there are several; else all are this provider's own. */
  readonly resolve?: ResolveModel<N> | undefined;
}

/** Says which model of which provider an id means. @throws InvalidOptionError if it means none. */
export type ResolveModel<N extends Native> = {
  resolve(id: N["model"]): { readonly model: N["model"]; readonly provider: Provider<N> };
}["resolve"];

/** Items that a plan was extended by. Linked, since an agent keeps the plans of all its turns. */
interface Added<N extends Native> extends Authored<N> {
  readonly before: Added<N> | null;
}

function listOf<N extends Native>(added: Added<N> | null): readonly Authored<N>[] {
  const list: Authored<N>[] = [];
  for (let at = added; at !== null; at = at.before) list.push(at);
  return list.reverse();
}

/** Plans calls: nothing runs, and nothing is sent, until a call's stream is first read. */
export function planner<N extends Native, Args extends readonly unknown[]>(
  definition: CallDefinition<N, Args>,
): (...fnArgs: Args) => CallPlan<N> {
  const { provider, model, fn, formatBody, options, resolve } = definition;
  const { onInterrupt = "fail" } = options;
  const timeout = { ...defaultTimeout, ...defined(options.timeout ?? {}) };
  const fallbacks = [options.fallback ?? []].flat().map((fallback): PlannedTarget<N> => {
    const target = targetOf(fallback);
    return { ...target, ...(resolve?.(target.model) ?? { provider }) };
  });
  const targets: [PlannedTarget<N>, ...PlannedTarget<N>[]] = [{ model, provider }, ...fallbacks];
  const fixed = {
    ...options,
    targets,
    promptTemplate: isPromptTemplate(fn) ? fn.template : null,
    timeout,
    retry: retryPolicy(options.retry, fallbacks.length > 0),
    onInterrupt,
    // Another reply cannot continue half a JSON text: the model would begin a new one.
    resumesOnly: formatBody !== undefined,
    limit: options.limit ?? {},
  } as const;
  return (...fnArgs) => {
    // A reaction runs in the asynchronous context (AsyncLocalStorage and its like) in which it was registered: that of
    // the call. It runs once, however often the prompt is sent.
    let runPrompt = (): void => {};
    const result = new Promise<void>((resolve) => (runPrompt = resolve)).then(() => fn(...fnArgs));
    let prompt: Promise<PlannedPrompt<N>> | undefined;
    let known: PlannedPrompt<N> | null = null;
    const read = async (other = provider): Promise<PlannedPrompt<N>> => {
      runPrompt();
      await loaded(result, provider, other);
      return (prompt ??= result
        .then((value) => (known = normalizePrompt(value, provider.isItem) as PlannedPrompt<N>), promptFailed)
        .catch(promptRefused));
    };
    const plan = (added: Added<N> | null, earlier: readonly Attempt<N>[]): CallPlan<N> => ({
      fnArgs,
      earlier,
      async prepare(target, more) {
        const { messages, config } = await read(target.provider);
        const all = [{ author: provider, messages }, ...listOf(added), { author: target.provider, messages: more }];
        return prepare(definition, all, config, target, timeout.connect).catch((error: unknown) => {
          // Without a key nobody has looked at the prompt; otherwise it would be refused each time that it is sent.
          if (!(error instanceof MissingApiKeyError)) known = null;
          return promptRefused(error);
        });
      },
      common: () => known && conversationOf([{ author: provider, ...known }, ...listOf(added)].flatMap(commonMessages)),
      read,
      extend: (items, author, soFar = []) => plan({ before: added, messages: items, author }, soFar),
      // Last: V8 takes five times as long to add to what it has cloned.
      ...fixed,
    });
    return plan(null, []);
  };
}

async function prepare<N extends Native>(
  definition: Pick<CallDefinition<N, never>, "provider" | "options" | "formatBody">,
  prompt: readonly Authored<N>[],
  config: NativeConfig<N> | null,
  target: PlannedTarget<N>,
  connectTimeoutMs: number,
): Promise<Prepared<N>> {
  const { options, formatBody } = definition;
  const { model, provider } = target;
  if (config !== null) checkConfig(config);
  const given = config?.tools ?? options.tools ?? [];
  checkTools(given);
  const toolChoice = target.toolChoice ?? options.toolChoice;
  if (toolChoice !== undefined && given.length === 0)
    throw new InvalidOptionError("toolChoice", "the call has no tools.");
  const { leftOut, tools, client, ...params } = requestOptions(definition, { given, config, target });
  const callParams = mergeParams<N["callParams"]>(params.callParams, target.callParams);
  checkForm("callParams", callParams, provider.optionForms.callParams);
  const { request, ...encoded } = await provider.encode({
    model,
    messages: prompt.flatMap((part) => messagesFor(provider, part)),
    callParams,
    tools,
    toolChoice,
    formatBody: formatBody && ((body) => formatBody(body, provider)),
    client,
    streamed: isStreamed(options.stream),
    connectTimeoutMs,
  });
  const metadata = config?.metadata ?? options.metadata ?? {};
  const toolBox = openToolBox(tools, options.stream);
  const common = (): readonly CommonMessage[] => conversationOf(prompt.flatMap(commonMessages));
  return {
    call: { ...encoded, dynamicConfig: config, callParams, metadata, tools: toolBox, leftOut, common },
    request,
    totalTimeoutMs: encoded.totalTimeoutMs,
  };
}

const FALLBACK: Form = {
  words: "a model's id or { model, … }",
  holds: isObject,
  keys: { model: needed(aText), callParams: anObject, client: anything, when: aFunction },
};

/** Waits for the code of providers that is loaded when it is first needed. */
function loaded<N extends Native>(
  result: Promise<unknown>,
  own: Provider<N>,
  other: Provider<N>,
): Promise<unknown> | undefined {
  if (own.load === undefined && other.load === undefined) return undefined;
  // It may fail meanwhile, and is looked at later.
  result.catch(() => {});
  return Promise.all([own.load?.(), other.load?.()]);
}

/** What a request to a target has of the call's options; what its provider has nothing like is left out. */
function requestOptions<N extends Native>(
  { provider: own, options }: Pick<CallDefinition<N, never>, "provider" | "options">,
  {
    given,
    config,
    target,
  }: {
    readonly given: readonly (AnyTool | N["toolParam"])[];
    readonly config: NativeConfig<N> | null;
    readonly target: PlannedTarget<N>;
  },
): Pick<Prompt<N>, "tools" | "callParams" | "client"> & { readonly leftOut: readonly string[] } {
  const { provider } = target;
  const written = mergeParams<N["callParams"]>(options.callParams, config?.callParams);
  const client = config?.client ?? options.client;
  const { callParams, unsupported } =
    options.params === undefined
      ? { callParams: undefined, unsupported: [] }
      : provider.nativeParams(options.params, target.model);
  const lacking = unsupported.map((name) => `params.${name}`);
  if (provider === own) {
    const [first] = lacking;
    if (first !== undefined)
      throw new InvalidOptionError(first, `${provider.label} has nothing like it for ${target.model}.`);
    const tools = given;
    return { tools, callParams: mergeParams(callParams, written), client: target.client ?? client, leftOut: [] };
  }
  const tools = given.filter(isDeclared);
  const leftOut = [
    ...lacking,
    ...(written === undefined ? [] : ["callParams"]),
    ...(client === undefined ? [] : ["client"]),
    ...given.filter((tool) => !isDeclared(tool)).map((tool) => stringField(tool, "name") ?? "tools"),
  ];
  return { tools, callParams, client: target.client, leftOut };
}

function targetOf<N extends Native>(fallback: N["model"] | Target<N>): Target<N> {
  if (typeof fallback === "string") return { model: fallback };
  checkForm("fallback", fallback, needed(FALLBACK));
  return fallback;
}

/** The declared tools; null if there are none, so that a stream without tools does no work for them. */
function openToolBox(tools: readonly object[], stream: StreamOption | undefined): ToolBox | null {
  const declared = tools.filter(isDeclared);
  return declared[0]?.["~box"](declared, field(stream, "partialTools") === true) ?? null;
}

/** A prompt is the user's own, and reading it may throw anything: a getter's error, say. */
function promptRefused(error: unknown): never {
  throw isMillraceError(error) ? error : new InvalidOptionError("prompt", messageOf(error), { cause: error });
}

function promptFailed(error: unknown): never {
  const isOfPrompt = isMillraceError(error) && (error instanceof InvalidOptionError || error instanceof TemplateError);
  throw isOfPrompt ? error : new PromptFunctionError(error);
}
