import { knownModels, type ModelRules, unrestrictedModel } from "./model-rules.ts";

/** The answer to `GET /v1/models`: one page of the models, newest first. */
export function modelList(query: URLSearchParams, extraModels: readonly string[]): Record<string, unknown> {
  const all = [...knownModels, ...extraModels.map(unrestrictedModel)];
  const place = (id: string | null): number => all.findIndex((model) => model.id === id);
  const limit = Number(query.get("limit") ?? 20);
  const before = place(query.get("before_id"));
  const start = before === -1 ? place(query.get("after_id")) + 1 : Math.max(0, before - limit);
  const page = all.slice(start, before === -1 ? start + limit : before);
  return {
    data: page.map(modelInfo),
    has_more: before === -1 ? start + limit < all.length : start > 0,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

/** The answer to `GET /v1/models/{id}`. */
export function modelInfo({
  id,
  name,
  contextTokens,
  maxTokens,
  thinking,
  effort,
}: ModelRules): Record<string, unknown> {
  const supported = (is: boolean): { supported: boolean } => ({ supported: is });
  const levels = ["low", "medium", "high", "xhigh", "max"].map((level) => [level, supported(effort.includes(level))]);
  return {
    type: "model",
    id,
    display_name: name,
    // What the API reports if a model's release date is unknown.
    created_at: "1970-01-01T00:00:00Z",
    lifecycle: "active",
    max_input_tokens: contextTokens,
    max_tokens: maxTokens,
    capabilities: {
      effort: { ...supported(effort.length > 0), ...Object.fromEntries(levels) },
      thinking: {
        supported: true,
        types: { adaptive: supported(thinking.includes("adaptive")), enabled: supported(thinking.includes("enabled")) },
      },
    },
  };
}
