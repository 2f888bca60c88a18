import type { Fetch } from "../http/fetch.ts";
import { type Natives, PREFIXES } from "../neutral-provider.ts";
import { UsageError } from "./options.ts";
import { type FakeAnthropic, fakeAnthropic, type FakeOpenAI, fakeOpenAI, type Replies } from "../testing/index.ts";

/** The settings of a client that the command knows of. */
interface Settings {
  readonly apiKey?: string;
  readonly baseURL?: string;
  readonly fetch?: Fetch;
}

type Prefix = keyof Natives;

/**
 * The provider of a model's id. Ids that name none are Anthropic's.
 *
 * @throws UsageError if it names one that there is not, or no model.
 */
export function providerOfId(id: string): { readonly prefix: Prefix; readonly model: string } {
  const prefix = PREFIXES.find((known) => id.startsWith(`${known}/`));
  if (id === `${prefix}/`) throw new UsageError(`--model ${id} names no model.`);
  if (prefix === undefined && id.includes("/")) {
    throw new UsageError(`--model ${id}: there is no such provider. Use one of ${PREFIXES.join(", ")}.`);
  }
  return prefix === undefined ? { prefix: "anthropic", model: id } : { prefix, model: id.slice(prefix.length + 1) };
}

/** A client of a provider. */
export async function clientOf(prefix: Prefix, settings: Settings): Promise<object> {
  if (prefix === "anthropic") return (await import("../providers/anthropic/client.ts")).client(settings);
  if (prefix === "openai") return (await import("../providers/openai/client.ts")).client(settings);
  return (await import("../providers/openai-chat/client.ts")).client({ ...settings, dialect: prefix });
}

/** A server on this machine that answers as a provider does. */
export function fakeOf(prefix: Prefix, model: string, reply: Replies): Promise<FakeAnthropic | FakeOpenAI> {
  if (prefix === "anthropic") return fakeAnthropic({ replies: reply, models: [model] });
  return fakeOpenAI({ replies: reply, models: [model], ...(isDialect(prefix) && { dialect: prefix }) });
}

function isDialect(prefix: Prefix): prefix is Exclude<Prefix, "anthropic" | "openai"> {
  return prefix !== "anthropic" && prefix !== "openai";
}

/** The parameters, in the words of a provider, with which a model shows its thinking. */
export function thinkingParams(prefix: Prefix): object {
  if (prefix === "anthropic") return { thinking: { type: "adaptive", display: "summarized" } };
  return prefix === "openai" ? { reasoning: { summary: "auto" } } : {};
}
