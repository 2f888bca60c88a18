// The pages of docs/api, out of the Markdown that typedoc writes.

/** What each page is called, the page that explains it, and the parts of `src` that its names come from. */
export const PAGES = {
  call: {
    title: "Calls",
    from: [
      "call/",
      "neutral-call",
      "neutral-provider",
      "http/",
      "attempt/limit.ts",
      "provider/native",
      "provider/params",
    ],
  },
  prompt: {
    title: "Prompts",
    from: ["prompt/", "neutral-message", "neutral-template", "providers/anthropic/cache-control"],
  },
  tool: { title: "Tools and schemas", from: ["tool/", "neutral-tool", "schema/"] },
  stream: { title: "Streams and responses", from: ["stream/", "provider/chunk", "attempt/lifecycle"] },
  structured: { title: "Structured output", from: ["structured/", "schema/deep-partial"] },
  recovery: { title: "Recovery", from: ["recovery/", "attempt/limiter", "stream/attempt-report"] },
  agent: { title: "Agents", from: ["agent/"] },
  cost: { title: "Usage and cost", from: ["cost/", "providers/anthropic/price", "providers/anthropic/usage"] },
  errors: { title: "Errors", from: ["errors", "schema/schema-error", "tool/tool-input-error"] },
  anthropic: { entry: "millrace/anthropic", from: "providers/anthropic/index.ts" },
  "anthropic-structured": {
    entry: "millrace/anthropic/structured",
    guide: "structured",
    from: "providers/anthropic/structured.ts",
  },
  openai: { entry: "millrace/openai", from: "providers/openai/index.ts" },
  "openai-structured": {
    entry: "millrace/openai/structured",
    guide: "structured",
    from: "providers/openai/structured.ts",
  },
  "openai-chat": { entry: "millrace/openai/chat", from: "providers/openai-chat/index.ts" },
  "openai-chat-structured": {
    entry: "millrace/openai/chat/structured",
    guide: "structured",
    from: "providers/openai-chat/structured.ts",
  },
  resume: { entry: "millrace/resume", from: "neutral-resume.ts" },
  browser: { entry: "millrace/browser", guide: "browser", from: "browser/index.ts" },
  http: { entry: "millrace/http", guide: "browser", from: "neutral-http.ts" },
  context: { entry: "millrace/context", guide: "providers", from: "neutral-context.ts" },
  json: { entry: "millrace/json", from: "json/index.ts" },
  mcp: { entry: "millrace/mcp", guide: "tool", from: "neutral-mcp.ts" },
  testing: { entry: "millrace/testing", from: "testing/index.ts" },
};

/** Pages have other names while typedoc links: `{@link cost}` of a member would lead to a page that is called so. */
export const PREFIX = "page_";

const NOTE = "<!-- Written by scripts/api.mjs from the docblocks. -->";

/** The pages without what their readers do not need, and with a beginning of their own. */
export function tidy(raw) {
  const texts = new Map(
    [...raw].filter(([name]) => name !== "README.md").map(([name, page]) => [rename(name), prune(page)]),
  );
  const anchors = new Map([...texts].map(([name, text]) => [name, anchorsOf(text)]));
  for (const [name, text] of texts) texts.set(name, begin(name, link(name, text, anchors), anchors.get(name)));
  const all = [...texts.values()].join("\n");
  for (const [name, text] of texts) {
    const isLinked = (id) => all.includes(`#${id})`);
    texts.set(
      name,
      text.replaceAll(/<a id="([^"]*)"><\/a> /g, (anchor, id) => (isLinked(id) ? anchor : "")),
    );
  }
  return texts.set("README.md", contents(anchors));
}

function rename(text) {
  return text.replaceAll(PREFIX, "");
}

/** A page without its title, and without sections that say again what is above them. */
function prune(page) {
  const [, ...sections] = rename(page.replaceAll("\\_", "_"))
    .replaceAll(/^\*\*\*\n\n/gm, "")
    // The fields of an option: its own line has said what they are.
    .replaceAll(/^\| `\w+\..*\| - \|\n/gm, "")
    .replaceAll(/^(\| .*\|) - \|$/gm, "$1 |")
    .split(/^(?=#{2,6} )/m);
  const kept = sections.map((section) => {
    const [, name] = /^#+ (.*)\n/.exec(section);
    if (["Type Parameters", "Extended by", "Implements", "References"].includes(name)) return "";
    if (name === "Returns") return returned(section);
    if (name === "Extends") return extended(section);
    return reexported(section) ? "" : section;
  });
  const also = sections.filter(reexported).map((section) => reexported(section));
  return `${kept.join("").trimEnd()}\n${also.length > 0 ? `\n## Also\n\n${also.join("\n")}\n` : ""}`;
}

/** What is returned is in the signature, but for what is said about it. */
function returned(section) {
  const [heading, , ...words] = section.trimEnd().split("\n\n");
  return words.length > 0 ? `${[heading, ...words].join("\n\n")}\n\n` : "";
}

function extended(section) {
  const linked = [...section.matchAll(/^- (\[`\w+`\]\([^)]*\))/gm)].map(([, parent]) => parent);
  return linked.length === 0 ? "" : `Extends ${linked.join(", ")}.\n\n`;
}

function reexported(section) {
  const [, name, , to] = /^### (\w+)\n\n((?:Renames and re|Re)-exports) (.*)\n/.exec(section) ?? [];
  return name && `- \`${name}\`: ${to}`;
}

/** The anchors of the names on a page, as GitHub gives them: a name that differs in its case alone gets a number. */
function anchorsOf(text) {
  const seen = new Map();
  const anchors = new Map();
  for (const [, level, name] of text.matchAll(/^(#+) (\S.*?)(?:\(\))?\??$/gm)) {
    const slug = name
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    if (level === "###") anchors.set(name, times === 0 ? slug : `${slug}-${times}`);
  }
  return anchors;
}

/** The links to names lead to their anchors. */
function link(name, text, anchors) {
  return text.replaceAll(/\[(`?)(\w+)\1\]\(([\w-]*(?:\.md)?)#[\w-]*\)/g, (whole, quote, label, page) => {
    const anchor = anchors.get(page === "" ? name : page)?.get(label);
    return anchor === undefined ? whole : `[${quote}${label}${quote}](${page}#${anchor})`;
  });
}

function begin(name, text, anchors) {
  const page = name.slice(0, -3);
  const { title, entry = "millrace", guide = page } = PAGES[page];
  const names = [...anchors].map(([label, anchor]) => `[\`${label}\`](#${anchor})`);
  const about = title === undefined ? "" : `From \`${entry}\`. `;
  return [NOTE, `# ${title ?? entry}`, `${about}The guide: [${guide}](../${guide}.md).`, names.join(", "), text].join(
    "\n\n",
  );
}

function contents(anchors) {
  const lines = Object.entries(PAGES).map(([page, { title, entry }]) => {
    const names = [...anchors.get(`${page}.md`)].map(([label, anchor]) => `[\`${label}\`](${page}.md#${anchor})`);
    return `## [${title ?? entry}](${page}.md)\n\n${names.join(", ")}\n`;
  });
  const about = "Every public name. Those of `millrace` are on nine pages, by subject; each other entry has its own.";
  return [NOTE, "# API reference", about, lines.join("\n")].join("\n\n");
}
