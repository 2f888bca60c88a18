/** A server of Chat Completions, and how it differs from OpenAI's own. */
export interface Dialect {
  /** Its address, with its version. */
  readonly baseURL: string;
  /** The names of its hosts end with these, if they are not that of the address. */
  readonly hosts?: readonly string[] | undefined;
  /** The environment variable that may hold another address. */
  readonly baseURLVariable?: string | undefined;
  /** What the address ends with, if that is left out. */
  readonly path?: string | undefined;
  /** The environment variable that may hold a key; null if it takes none. */
  readonly keyVariable: string | null;
  /** The header of the key, if that is not `authorization`. */
  readonly keyHeader?: string | undefined;
  /** The parameter that limits the length of a reply. */
  readonly limit?: "max_tokens" | undefined;
  /** It sends usage unasked, and need not take the parameter that asks for it. */
  readonly tellsUsage?: true | undefined;
  /** It may send no finish reason: `[DONE]` alone says that the reply has ended. */
  readonly mayLackReason?: true | undefined;
  /** How a model is made to call some tool, if not by `required`. */
  readonly anyTool?: string | undefined;
  /** How long the ids of calls have to be: letters and digits. */
  readonly idLength?: number | undefined;
  /** Which reasoning goes back: text, beside calls of tools alone; or details. */
  readonly reasoning?: "reasoning_content" | "reasoning_details" | undefined;
  /** The calls of tools carry `extra_content`, which goes back. */
  readonly extraContent?: true | undefined;
  /** It fetches no images. */
  readonly dataImagesOnly?: true | undefined;
  /** It holds models to no schema. */
  readonly lacksFormats?: true | undefined;
  /** What makes a model go on with its turn at the end of a request: fields of that turn. */
  readonly prefill?: object | undefined;
  /** Only an address with this end does so. */
  readonly prefillPath?: string | undefined;
  /** The same: fields of the body. */
  readonly prefillBody?: object | undefined;
}

const local = (port: number) =>
  ({ baseURL: `http://127.0.0.1:${port}/v1`, keyVariable: null, limit: "max_tokens" }) as const;

/**
 * The servers that are known. Their addresses and variables are those of their documentation. A row says what was seen in
 * recordings or read in a server's code or documentation, and nothing else.
 */
const DIALECTS = {
  openai: { baseURL: "https://api.openai.com/v1", baseURLVariable: "OPENAI_BASE_URL", keyVariable: "OPENAI_API_KEY" },
  azure: {
    baseURL: "",
    hosts: ["openai.azure.com", "services.ai.azure.com"],
    baseURLVariable: "AZURE_OPENAI_ENDPOINT",
    path: "/openai/v1",
    keyVariable: "AZURE_OPENAI_API_KEY",
    keyHeader: "api-key",
  },
  openrouter: {
    baseURL: "https://openrouter.ai/api/v1",
    keyVariable: "OPENROUTER_API_KEY",
    limit: "max_tokens",
    mayLackReason: true,
    reasoning: "reasoning_details",
  },
  groq: { baseURL: "https://api.groq.com/openai/v1", keyVariable: "GROQ_API_KEY", limit: "max_tokens" },
  deepseek: {
    baseURL: "https://api.deepseek.com",
    keyVariable: "DEEPSEEK_API_KEY",
    limit: "max_tokens",
    reasoning: "reasoning_content",
    prefill: { prefix: true },
    prefillPath: "/beta",
  },
  mistral: {
    baseURL: "https://api.mistral.ai/v1",
    keyVariable: "MISTRAL_API_KEY",
    limit: "max_tokens",
    tellsUsage: true,
    anyTool: "any",
    idLength: 9,
    prefill: { prefix: true },
  },
  xai: { baseURL: "https://api.x.ai/v1", keyVariable: "XAI_API_KEY", limit: "max_tokens" },
  together: { baseURL: "https://api.together.xyz/v1", keyVariable: "TOGETHER_API_KEY", limit: "max_tokens" },
  fireworks: {
    baseURL: "https://api.fireworks.ai/inference/v1",
    keyVariable: "FIREWORKS_API_KEY",
    limit: "max_tokens",
  },
  gemini: {
    baseURL: "https://generativelanguage.googleapis.com/v1beta/openai",
    keyVariable: "GEMINI_API_KEY",
    limit: "max_tokens",
    extraContent: true,
  },
  anthropic: {
    baseURL: "https://api.anthropic.com/v1",
    keyVariable: "ANTHROPIC_API_KEY",
    limit: "max_tokens",
    lacksFormats: true,
  },
  vllm: { ...local(8000), prefillBody: { continue_final_message: true, add_generation_prompt: false } },
  llamacpp: { ...local(8080), prefill: {} },
  ollama: { ...local(11434), dataImagesOnly: true },
  lmstudio: local(1234),
} satisfies Readonly<Record<string, Dialect>>;

/** The names of the servers that are known. */
export type DialectName = keyof typeof DIALECTS;

/** The server with this name; undefined if there is none. */
export function dialectNamed(name: string): Dialect | undefined {
  return Object.hasOwn(DIALECTS, name) ? DIALECTS[name as DialectName] : undefined;
}

/** The names of all servers. */
export const dialectNames = (): readonly string[] => Object.keys(DIALECTS);

/** OpenAI's own. */
export const OPENAI: Dialect = DIALECTS.openai;

/** A server that is not known. */
export const UNKNOWN: Dialect = { baseURL: "", keyVariable: OPENAI.keyVariable, limit: "max_tokens" };

/** The server at an address. */
export function dialectAt(baseURL: string): Dialect {
  const rows: readonly Dialect[] = Object.values(DIALECTS);
  const host = hostOf(baseURL);
  const isAt = (known: string): boolean => host === known || host.endsWith(`.${known}`);
  return rows.find((row) => row.keyVariable !== null && (row.hosts ?? [hostOf(row.baseURL)]).some(isAt)) ?? UNKNOWN;
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).hostname : "";
}

/** How a model at an address is made to go on with its turn; null if it is not. */
export function prefillOf(dialect: Dialect, baseURL: string): Pick<Dialect, "prefill" | "prefillBody"> | null {
  const { prefill, prefillBody, prefillPath = "" } = dialect;
  return (prefill ?? prefillBody) !== undefined && baseURL.endsWith(prefillPath) ? { prefill, prefillBody } : null;
}
