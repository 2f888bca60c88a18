import { secretsOf } from "../../http/secrets.ts";
import { field } from "../../json/object.ts";

/** Headers of these APIs whose values anybody may see, beside those with ordinary values. */
const PUBLIC_HEADERS = /^(openai-beta|http-referer|x-title)$/i;

/** The values of a request that no error may show: those in its headers and its URL, and those for its MCP servers. */
export function requestSecrets(
  headers: Readonly<Record<string, unknown>>,
  url: unknown,
  body: object,
): readonly string[] {
  const tools = [field(body, "tools")].flat();
  return [
    ...secretsOf(headers, url, PUBLIC_HEADERS),
    ...tools.flatMap((tool) => {
      const sent: object = Object(field(tool, "headers"));
      return secretsOf({ ...sent, token: field(tool, "authorization") ?? "" }, field(tool, "server_url"));
    }),
  ];
}
