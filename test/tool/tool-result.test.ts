import { describe, expect, it } from "vitest";
import { toolResult } from "../../src/tool/tool-result.ts";

const contentOf = (output: unknown): unknown => toolResult("toolu_1", output).content;

describe("what a tool gave", () => {
  it.each([
    { type: "document", id: 3, title: "Contract" },
    { type: "image", data: { width: 3 }, mediaType: "image/png" },
    { type: "image", data: "aGk=" },
    { type: "search_result", hits: 2 },
    { type: "tool_reference" },
    { type: "browser_state" },
    { type: "text" },
  ])("is JSON where an object only has a content part's type: %j", (output) => {
    expect(contentOf(output)).toBe(JSON.stringify(output));
    expect(contentOf([output])).toBe(JSON.stringify([output]));
  });

  it.each([
    { type: "text", text: "Hi" },
    { type: "image", data: "aGk=", mediaType: "image/png" },
    { type: "document", data: new Uint8Array([1]), mediaType: "application/pdf" },
    { type: "image", url: "https://example.com/a.png" },
    { type: "document", source: { type: "file", file_id: "file_1" } },
    { type: "search_result", source: "a", title: "b", content: [] },
    { type: "tool_reference", tool_name: "look_up" },
    { type: "browser_state", tabs: [] },
  ])("is a content part where it has what that needs: %j", (part) => {
    expect(contentOf(part)).toEqual([part]);
  });

  it("has no empty text beside other parts", () => {
    const image = { type: "image", data: "aGk=", mediaType: "image/png" };
    expect(contentOf([{ type: "text", text: "" }, image])).toEqual([image]);
    expect(contentOf([{ type: "text", text: "" }])).toBe("");
  });

  it("is written, whatever JSON makes of it", () => {
    const circle: Record<string, unknown> = Object.create(null);
    circle["self"] = circle;
    expect([10n, { rows: [{ id: 10n }] }, circle, Symbol("s"), undefined].map(contentOf)).toEqual([
      "10",
      '{"rows":[{"id":"10"}]}',
      "[object Object]",
      "Symbol(s)",
      "",
    ]);
  });
});
