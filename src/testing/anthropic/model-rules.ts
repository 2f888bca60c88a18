/**
 * The models that the fake server knows and what each accepts, from platform.claude.com/docs/en/about-claude/models and
 * the pages on thinking, effort and migration, as of November 2026. Kept separate from the library's own tables so that
 * these can be tested against it.
 */

/** What a model accepts. */
export interface ModelRules {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly contextTokens: number;
  readonly maxTokens: number;
  readonly thinking: readonly string[];
  /** The accepted levels of `output_config.effort`; empty if the parameter is refused. */
  readonly effort: readonly string[];
  /** Whether thinking can be disabled even at the efforts `xhigh` and `max`. */
  readonly thinkingOffAtAnyEffort: boolean;
  /** Whether the last message may be the beginning of the reply. */
  readonly prefill: boolean;
  /** Whether `temperature`, `top_p` and `top_k` may have any value. */
  readonly sampling: boolean;
  /** Whether `tool_choice` may be `any` or `tool`. */
  readonly forcedTools: boolean;
  /** Whether messages may have the role `system`. */
  readonly systemMessages: boolean;
  /** Whether `speed` is accepted without a beta. */
  readonly fastMode: boolean;
}

const ALL_EFFORTS = ["low", "medium", "high", "xhigh", "max"];
const BEFORE_XHIGH = ["low", "medium", "high", "max"];

const newest: Omit<ModelRules, "id" | "name"> = {
  aliases: [],
  contextTokens: 1_000_000,
  maxTokens: 128_000,
  thinking: ["adaptive", "disabled"],
  effort: ALL_EFFORTS,
  thinkingOffAtAnyEffort: true,
  prefill: false,
  sampling: false,
  forcedTools: true,
  systemMessages: true,
  fastMode: false,
};

const alwaysThinks = { ...newest, thinking: ["adaptive"] };
const alwaysThinksFreely = { ...alwaysThinks, forcedTools: false };
const sonnet5 = { ...newest, systemMessages: false };
const v46 = {
  ...newest,
  thinking: ["adaptive", "enabled", "disabled"],
  effort: BEFORE_XHIGH,
  sampling: true,
  systemMessages: false,
};
const v45 = {
  ...v46,
  contextTokens: 200_000,
  maxTokens: 64_000,
  thinking: ["enabled", "disabled"],
  effort: [],
  prefill: true,
};

/** All models, newest first. */
export const knownModels: readonly ModelRules[] = [
  { ...alwaysThinksFreely, id: "claude-fable-5-2", name: "Claude Fable 5.2", fastMode: true },
  { ...alwaysThinksFreely, id: "claude-mythos-5-2", name: "Claude Mythos 5.2", fastMode: true },
  { ...newest, id: "claude-haiku-5-5", name: "Claude Haiku 5.5", thinkingOffAtAnyEffort: false },
  {
    ...newest,
    id: "claude-sonnet-5-5",
    name: "Claude Sonnet 5.5",
    thinking: ["adaptive", "between_tools"],
    forcedTools: false,
  },
  { ...alwaysThinksFreely, id: "claude-opus-5-5", name: "Claude Opus 5.5", fastMode: true },
  { ...alwaysThinksFreely, id: "claude-fable-5-1", name: "Claude Fable 5.1" },
  { ...alwaysThinksFreely, id: "claude-mythos-5-1", name: "Claude Mythos 5.1" },
  { ...newest, id: "claude-opus-5", name: "Claude Opus 5", thinkingOffAtAnyEffort: false },
  { ...sonnet5, id: "claude-sonnet-5", name: "Claude Sonnet 5" },
  { ...alwaysThinks, id: "claude-fable-5", name: "Claude Fable 5" },
  { ...alwaysThinks, id: "claude-mythos-5", name: "Claude Mythos 5" },
  { ...newest, id: "claude-opus-4-8", name: "Claude Opus 4.8" },
  { ...sonnet5, id: "claude-opus-4-7", name: "Claude Opus 4.7" },
  {
    ...sonnet5,
    id: "claude-mythos-preview",
    name: "Claude Mythos Preview",
    thinking: ["adaptive", "enabled"],
    effort: BEFORE_XHIGH,
  },
  { ...v46, id: "claude-sonnet-4-6", name: "Claude Sonnet 4.6" },
  { ...v46, id: "claude-opus-4-6", name: "Claude Opus 4.6" },
  {
    ...v45,
    id: "claude-opus-4-5-20251101",
    name: "Claude Opus 4.5",
    aliases: ["claude-opus-4-5"],
    effort: ["low", "medium", "high"],
  },
  { ...v45, id: "claude-haiku-4-5-20251001", name: "Claude Haiku 4.5", aliases: ["claude-haiku-4-5"] },
  { ...v45, id: "claude-sonnet-4-5-20250929", name: "Claude Sonnet 4.5", aliases: ["claude-sonnet-4-5"] },
];

/** A model made up for a test, which accepts whatever any model accepts. */
export function unrestrictedModel(id: string): ModelRules {
  return {
    ...newest,
    id,
    name: id,
    thinking: ["adaptive", "enabled", "disabled", "between_tools"],
    prefill: true,
    sampling: true,
    fastMode: true,
  };
}

/**
 * The values of `anthropic-beta`, from platform.claude.com/docs/en/api/beta-headers, the official SDK (1.12.0) and
 * `@ai-sdk/anthropic` (4.0.105).
 */
export const knownBetas: ReadonlySet<string> = new Set([
  ...["2024-10-22", "2025-01-24", "2025-11-24"].map((date) => `computer-use-${date}`),
  ...["2025-04-04", "2025-11-20", "2026-09-15"].map((date) => `mcp-client-${date}`),
  ...["2026-01-12", "2026-09-04"].map((date) => `compact-${date}`),
  ...["2026-03-24", "2026-08-18", "2026-09-04"].map((date) => `user-profiles-${date}`),
  ...["2026-06-01", "2026-07-01"].flatMap((date) => [`server-side-fallback-${date}`, `fallback-credit-${date}`]),
  "admin-user-sign-out-2026-10-08",
  "advanced-tool-use-2025-11-20",
  "advisor-tool-2026-03-01",
  "agent-memory-2026-07-22",
  "analytics-usage-cost-2026-08-24",
  "cache-diagnosis-2026-04-07",
  "ce-claude-code-managed-settings-2026-10-06",
  "ce-plugins-2026-09-01",
  "ce-user-management-2026-07-13",
  "claude-code-20250219",
  "code-execution-2025-05-22",
  "code-execution-2025-08-25",
  "code-execution-web-tools-2026-02-09",
  "context-1m-2025-08-07",
  "context-management-2025-06-27",
  "dangerous-tool-use-2026-09-03",
  "dev-full-thinking-2025-05-14",
  "dreaming-2026-04-21",
  "effort-2025-11-24",
  "experimental-claude-tag-2026-10-21",
  "extended-cache-ttl-2025-04-11",
  "fast-mode-2026-02-01",
  "files-api-2025-04-14",
  "fine-grained-tool-streaming-2025-05-14",
  "inline-tools-2026-09-15",
  "interleaved-thinking-2025-05-14",
  "managed-agents-2026-04-01",
  "max-tokens-3-5-sonnet-2024-07-15",
  "mcp-tunnels-2026-06-22",
  "message-batches-2024-09-24",
  "message-threads-2026-08-12",
  "mid-conversation-output-config-2026-07-01",
  "mid-conversation-system-2026-04-07",
  "mid-conversation-system-clear-at-2026-08-21",
  "mid-conversation-tool-changes-2026-07-01",
  "model-context-window-exceeded-2025-08-26",
  "oauth-2025-04-20",
  "output-128k-2025-02-19",
  "output-300k-2026-03-24",
  "pdfs-2024-09-25",
  "prompt-caching-2024-07-31",
  "skills-2025-10-02",
  "spend-limit-reads-2026-09-26",
  "structured-outputs-2025-11-13",
  "structured-outputs-2025-12-15",
  "task-budgets-2026-03-13",
  "telemetry-destinations-2026-08-11",
  "thinking-binding-controls-2026-08-01",
  "thinking-display-updates-2026-08-18",
  "thinking-token-count-2026-05-13",
  "token-counting-2024-11-01",
  "token-efficient-tools-2025-02-19",
  "tool-search-tool-2025-10-19",
  "user-profiles-billing-2026-10-01",
  "web-fetch-2025-09-10",
  "web-search-2025-03-05",
  "webhooks-2026-10-07",
]);
