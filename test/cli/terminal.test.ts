import { describe, expect, it } from "vitest";
import { ModelOutput, withoutControls } from "../../src/cli/terminal.ts";

function written(isTTY: boolean | undefined, pieces: readonly (string | { readonly dim: string })[]): string {
  let text = "";
  const output = new ModelOutput({ isTTY, write: (piece: string) => (text += Buffer.from(piece).toString()) });
  for (const piece of pieces) {
    if (typeof piece === "string") output.write(piece);
    else output.write(piece.dim, { dim: true });
  }
  output.end();
  return text;
}

describe("a model's words", () => {
  const hostile = "a\u001b[2Jb\u001b]52;c;aGk=\u0007c\u009b31md\re\u0000f";

  it("move nothing on a terminal", () => {
    expect(written(true, [hostile])).toBe("a[2Jb]52;c;aGk=c31mdef\n");
    expect(written(true, ["a\u001b", "[2Jb"])).toBe("a[2Jb\n");
  });

  it("are left as they are in a pipe or a file", () => {
    expect(written(undefined, [hostile])).toBe(`${hostile}\n`);
    expect(written(false, ["a\u001b", "[2Jb"])).toBe("a\u001b[2Jb\n");
  });

  it.each([true, false])("keep tabs, line feeds and every script (terminal: %s)", (isTTY) => {
    expect(written(isTTY, ["a\tb\nсловоﬁ世界é\n"])).toBe("a\tb\nсловоﬁ世界é\n");
  });

  it.each([true, false])("keep characters that come in halves (terminal: %s)", (isTTY) => {
    const halves = [..."🙂x👩‍🚀"].flatMap((character) => character.split(""));
    expect(halves.length).toBeGreaterThan(6);
    expect(written(isTTY, halves)).toBe("🙂x👩‍🚀\n");
  });

  it("end in one line feed, or in nothing where there were none", () => {
    expect(written(true, ["a"])).toBe("a\n");
    expect(written(true, ["a\n"])).toBe("a\n");
    expect(written(true, [])).toBe("");
    expect(written(true, ["", "\u001b"])).toBe("");
    expect(written(false, ["a\ud83d"])).toBe("a\ufffd\n");
  });

  it("are dimmed on a terminal, and alone on their lines, where they are thoughts", () => {
    expect(written(true, [{ dim: "hm" }, { dim: "m" }, "yes"])).toBe("\u001b[2mhmm\n\u001b[22myes\n");
    expect(written(false, [{ dim: "hm" }, "yes"])).toBe("hm\nyes\n");
    expect(written(true, [{ dim: "hm" }])).toBe("\u001b[2mhm\n\u001b[22m");
  });
});

it("withoutControls turns CRLF into a line feed", () => {
  expect(withoutControls("a\r\nb\u007f")).toBe("a\nb");
});
