import { isDeeperThan, isJsonObject, type JsonObject } from "./json.ts";

/** Far more than any real request needs. Walking deeper bodies would overflow the stack. */
const DEPTH_LIMIT = 500;

/**
 * The JSON object in a request's body, or the problem with it.
 *
 * @param bodyText - Null if it was too long.
 */
export function parsedBody(bodyText: string | null): JsonObject | string {
  if (bodyText === null) return "Request exceeds the maximum size";
  try {
    const body: unknown = JSON.parse(bodyText);
    if (!isJsonObject(body)) return "Input should be a valid dictionary or object to extract fields from";
    return isDeeperThan(DEPTH_LIMIT, body) ? `The request body is nested more than ${DEPTH_LIMIT} levels deep` : body;
  } catch (error) {
    return `The request body is not valid JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}
