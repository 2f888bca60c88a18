import { type DeliveryOptions, deliverStream } from "./delivery.ts";
import type { ResponseWriter } from "./response-writer.ts";
import type { ErrorScript } from "./script.ts";
import { encodedFrames } from "./script-events.ts";
import type { Wire, WireEvent } from "./wire.ts";

/** The headers of a response by name. */
export type Headers = Readonly<Record<string, string>>;

/**
 * Sends events as a stream.
 *
 * @param length - How many there are.
 */
export async function sendStream(
  writer: ResponseWriter,
  events: Iterable<WireEvent>,
  length: number,
  headers: Headers,
  delivery: DeliveryOptions,
  wire: Wire,
): Promise<void> {
  const { contentType = "text/event-stream; charset=utf-8" } = delivery;
  writer.head(200, { ...headers, "content-type": contentType, "cache-control": "no-cache" }, delivery.gzip);
  const total = length + (delivery.done === true ? 1 : 0);
  await deliverStream(writer, encodedFrames(events, delivery, wire), total, delivery, wire);
}

/** Sends a body that is not a stream. The faults of streams do not apply to it. */
export async function send(
  writer: ResponseWriter,
  status: number,
  text: string,
  headers: Headers,
  { gzip, pace, chunkBytes = Infinity }: DeliveryOptions,
  wire: Wire,
): Promise<void> {
  const bytes = Buffer.from(text);
  writer.head(status, gzip === true ? headers : { ...headers, "content-length": String(bytes.length) }, gzip);
  await deliverStream(writer, [{ bytes, pause: 0 }], 1, { pace, chunkBytes }, wire);
}

/** The body of an error that is not JSON, and its type; null for one that is. */
export function errorPage(
  status: number,
  message: string,
  body: ErrorScript["options"]["body"],
): readonly [text: string, contentType: string] | null {
  if (body === undefined || body === "json") return null;
  if (typeof body === "object") return [body.text, body.contentType ?? "text/plain"];
  const title = `${status} ${message}`;
  const html = `<html>\n<head><title>${title}</title></head>\n<body><h1>${title}</h1></body>\n</html>\n`;
  return [body === "html" ? html : "", "text/html"];
}

/** The usual headers, overridden by those of a script, whose names may be in any case. */
export function overridden(usual: Headers, given: ErrorScript["options"]["headers"] = {}): Record<string, string> {
  const all = new Map<string, string | null>(Object.entries(usual));
  for (const [name, value] of Object.entries(given)) all.set(name.toLowerCase(), value);
  return Object.fromEntries([...all].filter((entry): entry is [string, string] => entry[1] !== null));
}

/** The options of a script over those of the server. Options that the script leaves undefined are the server's. */
export function merged(server: DeliveryOptions, script: DeliveryOptions): DeliveryOptions {
  const given = Object.entries(script).filter(([, value]) => value !== undefined);
  return { ...server, ...Object.fromEntries(given) };
}
