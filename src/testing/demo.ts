import { reply, type ReplyScript } from "./script.ts";

const RECOMMENDATIONS: readonly (readonly [topic: RegExp, text: string])[] = [
  [
    /fantasy/i,
    "Try **The Name of the Wind** by Patrick Rothfuss. It follows Kvothe, an orphaned musician who talks his way into " +
      "a university of magic. The prose sings, and the magic has rules you can reason about. Start it on a free " +
      "evening: you will not want to stop.",
  ],
  [
    /science.fiction|sci-?fi/i,
    "Try **The Left Hand of Darkness** by Ursula K. Le Guin. An envoy lands alone on a frozen world and must learn " +
      "to trust one of its exiles. It is a book about ice, loyalty and being a stranger. The crossing of the glacier " +
      "alone is worth the journey.",
  ],
  [
    /myster|crime|detective/i,
    "Try **The Daughter of Time** by Josephine Tey. A detective, confined to a hospital bed, investigates a murder " +
      "that is five centuries old. He has only books and a stubborn mind. By the end you will doubt what you learned " +
      "at school.",
  ],
];

const OTHER_BOOK =
  "Try **The Summer Book** by Tove Jansson. A girl and her grandmother spend their days on a small island in the Gulf " +
  "of Finland. Little happens, and all of it matters. It is short, funny and wise, and it reads well aloud.";

const ANYTHING_ELSE =
  "This reply is scripted: no model was asked. It came over HTTP from a server on this machine, word by word, as a " +
  "real one would. Ask for a fantasy book, and it has an opinion. With an API key, the same command asks a model.";

/** Milliseconds between words, about the pace of a model. */
export const DEMO_PACE = 15;

/** The text of {@link demoReply}. */
export function demoText(prompt: string): string {
  const found = RECOMMENDATIONS.find(([topic]) => topic.test(prompt))?.[1];
  return found ?? (/\bbooks?\b|\bnovels?\b|\bread\b/i.test(prompt) ? OTHER_BOOK : ANYTHING_ELSE);
}

/**
 * Makes a scripted answer to a prompt, for demonstrations: three to five sentences at the pace of a model, always the same
 * for the same prompt.
 *
 * @param prompt - The prompt: it chooses among some answers.
 * @example
 * ```ts
 * import { demoReply, fakeAnthropic } from "millrace/testing";
 * const server = await fakeAnthropic({ replies: demoReply("Recommend a fantasy book") });
 * await server.close();
 * ```
 */
export function demoReply(prompt: string): ReplyScript {
  return reply(demoText(prompt), { pace: DEMO_PACE });
}
