// What OpenAI's two APIs share: the official SDK, and how their responses look.

/** The package of the official SDK: its newest version asks for a later Node than millrace does. */
export const sdk = (major) => (major >= 24 ? "openai-7" : "openai");

/** Loads the official SDK that this Node runs. */
export const loadSdk = () => import(sdk(Number(process.versions.node.split(".")[0])));

/** Headers of both APIs' responses. */
export const headers = {
  "x-request-id": "req_00000000000040008000000000000000",
  "openai-organization": "bench",
  "openai-processing-ms": "12",
  "openai-version": "2020-10-01",
  "x-ratelimit-limit-requests": "10000",
  "x-ratelimit-limit-tokens": "30000000",
  "x-ratelimit-remaining-requests": "9999",
  "x-ratelimit-remaining-tokens": "29999976",
  "x-ratelimit-reset-requests": "6ms",
  "x-ratelimit-reset-tokens": "0s",
};

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** So many letters and digits. */
export function letters(length, random) {
  return Array.from({ length }, () => LETTERS[Math.floor(LETTERS.length * random())]).join("");
}

/** The padding of OpenAI's events: up to the next sixteen characters of their text. */
export const obfuscation = (text, random) => letters(16 - (text.length % 16), random);
