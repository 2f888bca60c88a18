// A reply that is not kept, beside the chat of a page of the documentation.
import { call } from "millrace/anthropic";
import { uiMessageResponse } from "millrace/http";

const answer = call("claude-sonnet-5-5", { stream: true }, (question) => question);

export async function plain(request) {
  return uiMessageResponse(answer(await request.text()), { signal: request.signal, keepAliveMs: 100 });
}
