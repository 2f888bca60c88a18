import { describe, expect, expectTypeOf, test } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { assistant, audio, cacheControl, document, image, system, text, user } from "../../src/index.ts";
import type { ContentPart, Message } from "../../src/index.ts";

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const pdf = new TextEncoder().encode("%PDF-1.7");
const wav = new TextEncoder().encode("RIFF....WAVEfmt ");

describe("messages", () => {
  test("of text", () => {
    expect([system("Be brief."), user("Hi"), assistant("Hello")]).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
    ]);
  });

  test("of one part", () => {
    expect(user(text("Hi"))).toEqual({ role: "user", content: [{ type: "text", text: "Hi" }] });
  });

  test("of text and parts together", () => {
    expect(user(["Whose cover?", image(png), text("And whose font?")])).toEqual({
      role: "user",
      content: [
        { type: "text", text: "Whose cover?" },
        { type: "image", data: png, mediaType: "image/png" },
        { type: "text", text: "And whose font?" },
      ],
    });
  });

  test("survive JSON, when their media are addresses", () => {
    const message = user([image("https://example.com/a.png", { detail: "low" }), cacheControl({ ttl: "1h" })]);
    expect(JSON.parse(JSON.stringify(message))).toEqual(message);
  });
});

describe("cache control", () => {
  test("as a mark is the option of the part before it", () => {
    expect(user(["Long", cacheControl(), "Short"])).toEqual(
      user([text("Long", { cacheControl: { type: "ephemeral" } }), "Short"]),
    );
    expect(system([document(pdf), cacheControl({ ttl: "1h" })])).toEqual(
      system(document(pdf, { cacheControl: { type: "ephemeral", ttl: "1h" } })),
    );
  });

  test("leaves the part it marks as it was", () => {
    const part = text("Long");
    user([part, cacheControl()]);
    expect(part).toEqual({ type: "text", text: "Long" });
  });

  test("must have a part before it", () => {
    expect(() => user([cacheControl(), "Hi"])).toThrow(InvalidOptionError);
    expect(() => user([cacheControl(), "Hi"])).toThrow("cacheControl() marks the part before it, and there is none.");
  });
});

test("parts keep their options", () => {
  expect(document(pdf, { title: "Report", context: "From 2026", citations: true })).toEqual({
    type: "document",
    data: pdf,
    mediaType: "application/pdf",
    title: "Report",
    context: "From 2026",
    citations: true,
  });
  expect(audio(wav, { cacheControl: { type: "ephemeral" } })).toEqual({
    type: "audio",
    data: wav,
    mediaType: "audio/wav",
    cacheControl: { type: "ephemeral" },
  });
});

test("media parts have no `source`, which is how a provider's own blocks are told from them", () => {
  for (const part of [image(png), image("https://example.com/a"), document(pdf), audio(wav)]) {
    expect(part).not.toHaveProperty("source");
  }
});

test("types", () => {
  expectTypeOf(user("Hi")).toEqualTypeOf<Message>();
  expectTypeOf<ContentPart["type"]>().toEqualTypeOf<"text" | "image" | "document" | "audio">();
  // @ts-expect-error A mark is for lists: on its own there is nothing to mark.
  expect(() => user(cacheControl())).toThrow(InvalidOptionError);
  // @ts-expect-error The tool's output is no neutral role.
  const message: Message = { role: "tool", content: "" };
  expect(message.role).toBe("tool");
  // @ts-expect-error Detail is a property of images.
  expect(document(pdf, { detail: "low" })).toHaveProperty("detail");
  // @ts-expect-error The two time spans that exist.
  expect(cacheControl({ ttl: "2h" })).toEqual({ type: "cache_control", ttl: "2h" });
});
