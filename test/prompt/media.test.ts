import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { toMedia } from "../../src/prompt/media.ts";

const latin1 = (bytes: string): Uint8Array => Uint8Array.from(bytes, (character) => character.charCodeAt(0));

const starts: readonly (readonly [mediaType: string, start: string])[] = [
  ["image/jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF"],
  ["image/png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"],
  ["image/gif", "GIF87a"],
  ["image/gif", "GIF89a"],
  ["image/webp", "RIFF\x24\x0a\x00\x00WEBPVP8 "],
  ["application/pdf", "%PDF-1.7\n"],
  ["audio/wav", "RIFF\x24\x0a\x00\x00WAVEfmt "],
  ["audio/mpeg", "ID3\x04\x00"],
  ["audio/mpeg", "\xff\xfb\x90\x64"],
  ["audio/mpeg", "\xff\xf3\x40\xc4"],
  ["audio/flac", "fLaC\x00"],
  ["audio/ogg", "OggS\x00"],
  ["audio/mp4", "\x00\x00\x00\x20ftypM4A \x00"],
];

describe("the media type is read from the bytes", () => {
  test.each(starts)("%s", (mediaType, start) => {
    const bytes = latin1(start);
    const kind = mediaType === "application/pdf" ? "document" : mediaType.startsWith("image/") ? "image" : "audio";
    expect(toMedia(kind, bytes)).toEqual({ data: bytes, mediaType });
  });

  test("and is unknown for other bytes, however short", () => {
    for (const start of ["R", "RIFF", "RIFF....AVI ", "\xff\xf1AAC", "\x00\x00\x00\x20ftypisom", "<svg>", "plain"]) {
      expect(() => toMedia("audio", latin1(start))).toThrow(
        "Invalid audio source: its media type is unknown: pass mediaType.",
      );
    }
  });

  test("unless it is given", () => {
    const bytes = latin1("plain text");
    expect(toMedia("document", bytes, "text/plain")).toEqual({ data: bytes, mediaType: "text/plain" });
    expect(toMedia("image", latin1("%PDF"), "image/heic").mediaType).toBe("image/heic");
  });

  test("and must be of the kind that was asked for", () => {
    expect(() => toMedia("image", latin1("%PDF-1.7"))).toThrow(
      "it is application/pdf. If that is meant, pass mediaType.",
    );
    expect(() => toMedia("document", latin1("GIF89a"))).toThrow("it is image/gif");
    expect(() => toMedia("audio", latin1("RIFF....WEBP"))).toThrow("it is image/webp");
  });
});

describe("bytes", () => {
  test("are not copied", () => {
    const bytes = latin1("xGIF89a").subarray(1);
    const media = toMedia("image", bytes);
    if (!("data" in media) || typeof media.data === "string") throw new Error("expected bytes");
    expect(media.data.buffer).toBe(bytes.buffer);
    expect(media.data).toEqual(bytes);
  });

  test("may be a Buffer or another view", () => {
    expect(toMedia("image", Buffer.from("GIF89a"))).toEqual({ data: latin1("GIF89a"), mediaType: "image/gif" });
    expect(toMedia("image", new DataView(latin1("GIF89a").buffer))).toEqual({
      data: latin1("GIF89a"),
      mediaType: "image/gif",
    });
  });

  test("must be some", () => {
    expect(() => toMedia("image", new Uint8Array())).toThrow("Invalid image source: it has no bytes.");
  });
});

describe("addresses", () => {
  test("are handed on, not fetched", () => {
    expect(toMedia("image", "https://example.com/a.png?x=1#y")).toEqual({ url: "https://example.com/a.png?x=1#y" });
    expect(toMedia("image", new URL("https://example.com/a.png"))).toEqual({ url: "https://example.com/a.png" });
    expect(toMedia("document", "HTTPS://example.com/a")).toEqual({ url: "HTTPS://example.com/a" });
    expect(toMedia("document", "https://example.com/a", "application/pdf")).toEqual({
      url: "https://example.com/a",
      mediaType: "application/pdf",
    });
  });

  test.each([
    "http://example.com/a.png",
    "file:///etc/passwd",
    "/etc/passwd",
    "./a.png",
    "a.png",
    "C:\\a.png",
    "ftp://example.com/a.png",
    "gs://bucket/a.png",
    "javascript:alert(1)",
    "blob:https://example.com/1",
    "https:example.com",
    "https://",
    " https://example.com/a.png",
    "",
    new URL("file:///etc/passwd"),
    new URL("http://example.com"),
    null,
    undefined,
    42,
    {},
    { href: "https://example.com" },
    [1, 2, 3],
    new ArrayBuffer(4),
  ])("%s is refused", (source) => {
    const attempt = (): unknown => toMedia("image", source);
    expect(attempt).toThrow(InvalidOptionError);
    expect(attempt).toThrow(
      "Invalid image source: it must be bytes (Uint8Array), an https: URL or a data: URL. No file and no other URL is read.",
    );
  });
});

describe("data: URLs", () => {
  test("of base64 keep it", () => {
    const data = Buffer.from("\x89PNG").toString("base64");
    expect(toMedia("image", `data:image/png;base64,${data}`)).toEqual({ data, mediaType: "image/png" });
    expect(toMedia("image", `DATA:IMAGE/PNG;charset=x;BASE64,${data}`)).toEqual({ data, mediaType: "image/png" });
    expect(toMedia("image", new URL(`data:image/png;base64,${data}`))).toEqual({ data, mediaType: "image/png" });
    expect(toMedia("image", `data:;base64,${data}`, "image/png")).toEqual({ data, mediaType: "image/png" });
  });

  test("of base64 may be escaped and broken into lines", () => {
    expect(toMedia("image", "data:image/png;base64,iV%2Bw%0AKG 8%3D")).toEqual({
      data: "iV+wKG8=",
      mediaType: "image/png",
    });
  });

  test("of text become its bytes", () => {
    expect(toMedia("document", "data:text/plain,Gr%C3%BC%C3%9Fe, you")).toEqual({
      data: new TextEncoder().encode("Grüße, you"),
      mediaType: "text/plain",
    });
  });

  test.each([
    ["data:image/png;base64", "has no comma"],
    ["data:image/png;base64,", "is not base64"],
    ["data:image/png;base64,iV*w", "is not base64"],
    ["data:image/png;base64,iV=w", "is not base64"],
    ["data:image/png,%E0%A4%A", "is not percent-encoded UTF-8"],
    ["data:,abc", "media type is unknown"],
    ["data:text/html;base64,AAAA", "it is text/html"],
  ])("%s is refused", (url, problem) => {
    expect(() => toMedia("image", url)).toThrow(problem);
  });

  test("of any bytes round-trip", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const media = toMedia("image", `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`);
        if (!("data" in media) || typeof media.data !== "string") throw new Error("expected base64");
        expect(Buffer.from(media.data, "base64")).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test("may be large", () => {
    const data = "QUJD".repeat(8_000_000);
    expect(toMedia("image", `data:image/png;base64,${data}`)).toEqual({ data, mediaType: "image/png" });
  });
});

test("an error never quotes the source", () => {
  const secret = "/home/ann/secret.png";
  for (const source of [secret, `data:text/html,${secret}`, `data:image/png;base64,${secret}*`]) {
    expect(() => toMedia("image", source)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") }),
    );
  }
});
