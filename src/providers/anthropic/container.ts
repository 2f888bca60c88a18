import { field, isObject, stringField } from "../../json/object.ts";
import type { AnthropicCallParams } from "./params.ts";
import type { AnthropicMessage } from "./wire.ts";

/** The id of the container in which a reply ran code, or null. */
export function containerOf(message: AnthropicMessage | null): string | null {
  return stringField(field(message, "container"), "id");
}

/** Parameters with the container of a reply: the API asks for it if code in there waits for the result of a tool. */
export function withContainer(
  message: AnthropicMessage | null,
  params: AnthropicCallParams | undefined,
): AnthropicCallParams | undefined {
  const id = containerOf(message);
  const asked = params?.container;
  // Skills have to be named in each request.
  return id === null ? undefined : { container: isObject(asked) ? { ...asked, id } : id };
}
