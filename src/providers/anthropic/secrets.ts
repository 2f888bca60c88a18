import { secretsOf } from "../../http/secrets.ts";
import { field } from "../../json/object.ts";

/** Headers of the API whose values anybody may see, beside those with ordinary values. */
const PUBLIC_HEADERS = /^anthropic-(beta|version)$/i;

/** The values of a request that no error may show: those in its headers and its URL, and those for its MCP servers. */
export function requestSecrets(
  headers: Readonly<Record<string, unknown>>,
  url: unknown,
  body: object,
): readonly string[] {
  const servers = [field(body, "mcp_servers")].flat();
  return [
    ...secretsOf(headers, url, PUBLIC_HEADERS),
    ...servers.flatMap((server) => secretsOf({ token: field(server, "authorization_token") }, field(server, "url"))),
  ];
}
