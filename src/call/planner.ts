import type { NativeConfig, Prepared } from "../attempt/prepared.ts";
import { InvalidOptionError, isMillraceError, messageOf, PromptFunctionError, TemplateError } from "../errors.ts";
import { defaultTimeout } from "../http/timeout.ts";
import { defined, field, isObject } from "../json/object.ts";
import { isPromptTemplate, normalizePrompt } from "../prompt/dynamic-config.ts";
import type { Native } from "../provider/native.ts";
import type { FormatBody, Provider } from "../provider/provider.ts";
import { nothingSpent, type Spending } from "../recovery/budget.ts";
import type { CallPlan, PlannedTarget, Target } from "../recovery/plan.ts";
import { retryPolicy } from "../recovery/policy.ts";
import { aFunction, anObject, anything, aText, checkForm, type Form, needed } from "../schema/option-form.ts";
import { isDeclared } from "../tool/declared.ts";
import type { ToolBox } from "../tool/tool-box.ts";
import { checkConfig, checkTools } from "./check-options.ts";
import { type CallOptions, isStreamed, mergeParams, type StreamOption } from "./options.ts";

/** A call as it was defined. */
export interface CallDefinition<N extends Native, Args extends readonly unknown[]> {
  readonly provider: Provider<N>;
  readonly model: N["model"];
  readonly options: CallOptions<N>;
  readonly fn: (...args: Args) => unknown;
  /** Makes the body of a request ask for JSON. */
  readonly formatBody?: FormatBody<N> | undefined;
}

/** A prompt function's result. */
interface NativePrompt<N extends Native> {
  readonly messages: readonly N["promptMessage"][];
  readonly config: NativeConfig<N> | null;
}

/** Items that a plan was extended by. Linked, since an agent keeps the plans of all its turns. */
interface Added<N extends Native> {
  readonly before: Added<N> | null;
  readonly items: readonly N["promptMessage"][];
}

function listOf<N extends Native>(added: Added<N> | null): readonly N["promptMessage"][] {
  const lists: (readonly N["promptMessage"][])[] = [];
  for (let at = added; at !== null; at = at.before) lists.push(at.items);
  return lists.reverse().flat();
}

/** Plans calls: nothing runs, and nothing is sent, until a call's stream is first read. */
export function planner<N extends Native, Args extends readonly unknown[]>(
  definition: CallDefinition<N, Args>,
): (...fnArgs: Args) => CallPlan<N> {
  const { provider, model, fn, formatBody, options } = definition;
  const { onInterrupt = "fail" } = options;
  const timeout = { ...defaultTimeout, ...defined(options.timeout ?? {}) };
  const fallbacks = [options.fallback ?? []].flat().map(targetOf);
  const targets: [Target<N>, ...Target<N>[]] = [{ model }, ...fallbacks];
  const fixed = {
    ...options,
    provider,
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
    let prompt: Promise<NativePrompt<N>> | undefined;
    const plan = (added: Added<N> | null, spent: Spending): CallPlan<N> => ({
      fnArgs,
      spent,
      prepare(target, more) {
        runPrompt();
        prompt ??= result.then((value) => normalizePrompt(value, provider.isItem) as NativePrompt<N>, promptFailed);
        return prompt
          .then((normal) => prepare(definition, normal, target, timeout.connect, [...listOf(added), ...more]))
          .catch(promptRefused);
      },
      extend: (items, soFar = nothingSpent) => plan({ before: added, items }, soFar),
      // Last: V8 takes five times as long to add to what it has cloned.
      ...fixed,
    });
    return plan(null, nothingSpent);
  };
}

async function prepare<N extends Native>(
  { provider, options, formatBody }: Pick<CallDefinition<N, never>, "provider" | "options" | "formatBody">,
  { messages, config }: NativePrompt<N>,
  target: PlannedTarget<N>,
  connectTimeoutMs: number,
  added: readonly N["promptMessage"][],
): Promise<Prepared<N>> {
  if (config !== null) checkConfig(config);
  const common = mergeParams<N["callParams"]>(options.callParams, config?.callParams);
  const callParams = mergeParams<N["callParams"]>(common, target.callParams);
  const tools = config?.tools ?? options.tools ?? [];
  checkTools(tools);
  const toolChoice = target.toolChoice ?? options.toolChoice;
  if (toolChoice !== undefined && tools.length === 0)
    throw new InvalidOptionError("toolChoice", "the call has no tools.");
  checkForm("callParams", callParams, provider.optionForms.callParams);
  const { request, ...encoded } = await provider.encode({
    model: target.model,
    messages: added.length === 0 ? messages : [...messages, ...added],
    callParams,
    tools,
    toolChoice,
    formatBody,
    client: target.client ?? config?.client ?? options.client,
    streamed: isStreamed(options.stream),
    connectTimeoutMs,
  });
  const metadata = config?.metadata ?? options.metadata ?? {};
  const toolBox = openToolBox(tools, options.stream);
  return {
    call: { ...encoded, dynamicConfig: config, callParams, metadata, tools: toolBox },
    request,
    totalTimeoutMs: encoded.totalTimeoutMs,
  };
}

const FALLBACK: Form = {
  words: "a model's id or { model, … }",
  holds: isObject,
  keys: { model: needed(aText), callParams: anObject, client: anything, when: aFunction },
};

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
