/** The models that the fake knows, from the types of `openai` 7.59.0. */

const IDS =
  "gpt-6.2-astra gpt-6.2-sol gpt-6.1-sol gpt-6.1-terra gpt-6-astra gpt-6-sol gpt-6-luna gpt-5.6-sol gpt-5.6-terra " +
  "gpt-5.6-luna gpt-5.5 gpt-5.5-pro gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.3-chat-latest gpt-5.2 gpt-5.2-pro gpt-5.1 " +
  "gpt-5.1-codex gpt-5.1-codex-max gpt-5.1-mini gpt-5 gpt-5-mini gpt-5-nano gpt-5-pro gpt-5-codex gpt-5-chat-latest gpt-4.1 " +
  "gpt-4.1-mini gpt-4.1-nano o4-mini o4-mini-deep-research o3 o3-pro o3-mini o3-deep-research o1 o1-pro gpt-4o gpt-4o-mini " +
  "gpt-4o-search-preview gpt-4o-audio-preview gpt-audio gpt-audio-mini gpt-4-turbo gpt-4 gpt-3.5-turbo computer-use-preview";

/** The ids of the models, newest first. */
const knownModels: readonly string[] = IDS.split(" ");

/** Whether a model exists, dated or not. */
export function isKnownModel(id: string, more: readonly string[]): boolean {
  return more.includes(id) || knownModels.includes(id.replace(/-\d{4}-\d\d-\d\d$/, ""));
}

/** Whether a model reasons: it takes no `max_tokens`, and only the usual temperature. */
export function reasons(id: string): boolean {
  return /^(o\d|gpt-([6-9]|5(?!(\.\d+)?-chat)))/.test(id);
}

/** The answer to `GET /v1/models`. */
export function modelList(more: readonly string[]): object {
  return { object: "list", data: [...knownModels, ...more].map(modelInfo) };
}

/** The answer to `GET /v1/models/{id}`. */
export function modelInfo(id: string): object {
  return { id, object: "model", created: 1_700_000_000, owned_by: "system" };
}
