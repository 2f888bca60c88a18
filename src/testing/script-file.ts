import { readFile } from "node:fs/promises";
import { InvalidOptionError } from "../errors.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import { replyMessage } from "./anthropic/message-script.ts";
import { apiError, events, replayFile, type Script } from "./script.ts";
import type { DeliveryOptions } from "./delivery.ts";

/**
 * Reads scripts from a file: a recording (`.sse`, `.jsonl`), or JSON. In JSON a reply is a text, a message as the API
 * gives it (`{"content": [...]}`), an error (`{"error": {"status": 529}}`) or a list of events (`{"events": [...]}`). An
 * object may also have `"delivery"`, the options for how it is sent and what goes wrong:
 * `{"content": [], "delivery": {"endAfter": 4}}`. The replies in an array are played in turn.
 *
 * @throws InvalidOptionError if the file holds anything else.
 */
export async function readScripts(path: string): Promise<Script | Script[]> {
  const content = await readFile(path, "utf8");
  if (!path.endsWith(".json")) return replayFile(path);
  const parsed: unknown = JSON.parse(content);
  return Array.isArray(parsed) ? parsed.map(scriptOf) : scriptOf(parsed);
}

function scriptOf(value: unknown): Script {
  if (typeof value === "string") return value;
  if (!isJsonObject(value)) throw unknownScript(value);
  const { delivery, ...script } = value;
  const options: DeliveryOptions = isJsonObject(delivery) ? delivery : {};
  if (isJsonObject(script["error"])) return errorOf(script["error"], options);
  if (Array.isArray(script["events"])) return events(script["events"].filter(isEvent), options);
  if (script["content"] === undefined) throw unknownScript(value);
  return replyMessage(script, options);
}

function errorOf({ status, type, message, headers, details, body }: JsonObject, delivery: DeliveryOptions): Script {
  const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  const given = Object.entries(isJsonObject(headers) ? headers : {});
  return apiError(Number(status ?? 500), text(type), text(message), {
    ...delivery,
    headers: Object.fromEntries(given.map(([name, value]) => [name, value === null ? null : String(value)])),
    ...(isJsonObject(details) ? { details } : {}),
    ...(body === "html" || body === "empty" ? { body } : {}),
    ...(isJsonObject(body) ? { body: { text: text(body["text"]) ?? "", contentType: text(body["contentType"]) } } : {}),
  });
}

function isEvent(event: unknown): event is JsonObject | string {
  return typeof event === "string" || isJsonObject(event);
}

function unknownScript(value: unknown): InvalidOptionError {
  const shapes = 'a text, {"content": …}, {"error": {"status": …}} or {"events": […]}';
  return new InvalidOptionError("script", `${JSON.stringify(value)?.slice(0, 60)} is not ${shapes}.`);
}
