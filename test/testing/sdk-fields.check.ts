import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { countRequest, messageRequest } from "../../src/testing/anthropic/check-fields.ts";
import { content } from "../../src/testing/anthropic/content-shape.ts";
import { knownBetas } from "../../src/testing/anthropic/model-rules.ts";
import type { Shape } from "../../src/testing/anthropic/shape.ts";

/** A type of an SDK, with the declarations that its names refer to. */
interface SdkType {
  readonly node: ts.Node;
  readonly declared: Declarations;
}
type Declarations = ReadonlyMap<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>;

/** An object type: its fields, and the values of its `type`. Open if it takes any name. */
interface ObjectType {
  readonly fields: ReadonlyMap<string, SdkType>;
  readonly kinds: readonly string[];
  readonly isOpen: boolean;
}

/** What a type may be: objects, lists, texts. */
interface Parts {
  readonly objects: ObjectType[];
  readonly items: SdkType[];
  readonly words: string[];
}

const sdks = ["@anthropic-ai/sdk", "anthropic-sdk-0"];
const stable = sdks.map((name) => declarationsOf(name, ["messages/messages"]));
const betas = sdks.map((name) => declarationsOf(name, ["beta/messages/messages", "messages/messages", "beta/beta"]));

/** The declarations in files of an SDK. Of two with the same name, the first counts. */
function declarationsOf(sdk: string, files: readonly string[]): Declarations {
  const found = new Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>();
  const add = (node: ts.Node, within = ""): void => {
    if (ts.isModuleDeclaration(node)) {
      const { name, body } = node;
      if (body !== undefined) ts.forEachChild(body, (child) => add(child, `${name.text}.`));
    }
    if (!ts.isInterfaceDeclaration(node) && !ts.isTypeAliasDeclaration(node)) return;
    const name = within + node.name.text;
    if (!found.has(name)) found.set(name, node);
  };
  for (const file of files) {
    const path = new URL(`../../node_modules/${sdk}/resources/${file}.d.ts`, import.meta.url);
    ts.createSourceFile(file, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true).forEachChild((node) =>
      add(node),
    );
  }
  return found;
}

function named(name: string, all: readonly Declarations[]): SdkType[] {
  return all.flatMap((declared) => {
    const node = declared.get(name);
    return node === undefined ? [] : [{ node, declared }];
  });
}

function partsOf(types: readonly SdkType[]): Parts {
  const parts: Parts = { objects: [], items: [], words: [] };
  for (const type of types) addParts(type, parts);
  return parts;
}

function addParts({ node, declared }: SdkType, parts: Parts): void {
  const add = (part: ts.Node): void => addParts({ node: part, declared }, parts);
  if (ts.isUnionTypeNode(node)) return node.types.forEach(add);
  if (ts.isTypeAliasDeclaration(node)) return add(node.type);
  if (ts.isTypeOperatorNode(node) || ts.isParenthesizedTypeNode(node)) return add(node.type);
  if (ts.isArrayTypeNode(node)) return void parts.items.push({ node: node.elementType, declared });
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) return void parts.words.push(node.literal.text);
  if (ts.isInterfaceDeclaration(node) || ts.isTypeLiteralNode(node)) {
    return void parts.objects.push(objectType(node, declared));
  }
  if (!ts.isTypeReferenceNode(node)) return;
  const name = node.typeName.getText().replace(/^(Beta)?(Messages)?API\./, "");
  const argument = node.typeArguments?.[0];
  if (name === "Array" && argument !== undefined) return void parts.items.push({ node: argument, declared });
  const target = declared.get(name);
  if (target === undefined) throw new Error(`No declaration of ${name}`);
  add(target);
}

function objectType(node: ts.InterfaceDeclaration | ts.TypeLiteralNode, declared: Declarations): ObjectType {
  const fields = new Map<string, SdkType>();
  for (const member of node.members) {
    if (ts.isPropertySignature(member) && member.type !== undefined) {
      fields.set(member.name.getText(), { node: member.type, declared });
    }
  }
  const type = fields.get("type");
  const kinds = type === undefined ? [] : partsOf([type]).words;
  return { fields, kinds, isOpen: node.members.some(ts.isIndexSignatureDeclaration) };
}

/** Compares a shape with types of the SDK, at every depth, and tells the differences by their paths. */
class Comparison {
  readonly differences: string[] = [];
  readonly #has: (shape: Shape | undefined) => boolean;

  /** @param takesBetas - Whether a beta may be asked for. */
  constructor(takesBetas: boolean) {
    this.#has = (shape) => shape !== undefined && (takesBetas || shape.betas === undefined);
  }

  compare(shape: Shape, types: readonly SdkType[], path: string): void {
    const { objects, items } = partsOf(types);
    const closed = objects.filter(({ isOpen, fields }) => !isOpen && fields.size > 0);
    if (shape.items !== undefined) this.compare(shape.items, items, `${path}[]`);
    else if (partsOf(items).objects.some(({ isOpen }) => !isOpen)) this.differences.push(`${path}[]: not looked into`);
    if (shape.kinds !== undefined) this.#compareKinds(shape.kinds, objects, path);
    else if (shape.fields !== undefined) this.compareFields(shape.fields, objects, path);
    else if (shape.values === undefined && closed.length > 0) this.differences.push(`${path}: not looked into`);
  }

  #compareKinds(kinds: Readonly<Record<string, Shape>>, objects: readonly ObjectType[], path: string): void {
    const inSdk = objects.flatMap((object) => object.kinds);
    for (const kind of this.#shared(kinds, inSdk, `${path}:`)) {
      const { fields } = kinds[kind] ?? {};
      const ofKind = objects.filter((object) => object.kinds.includes(kind));
      this.compareFields({ type: {}, ...fields }, ofKind, `${path}:${kind}`);
    }
  }

  compareFields(fields: Readonly<Record<string, Shape>>, objects: readonly ObjectType[], path: string): void {
    const inSdk = objects.flatMap((object) => [...object.fields.keys()]);
    for (const name of this.#shared(fields, inSdk, path === "" ? "" : `${path}.`)) {
      const types = objects.flatMap((object) => object.fields.get(name) ?? []);
      this.compare(fields[name] ?? {}, types, path === "" ? name : `${path}.${name}`);
    }
  }

  /** The names that both have. The others are differences. */
  #shared(shapes: Readonly<Record<string, Shape>>, inSdk: readonly string[], before: string): string[] {
    const ours = Object.keys(shapes).filter((name) => this.#has(shapes[name]));
    for (const name of new Set(inSdk)) if (!ours.includes(name)) this.differences.push(`${before}${name}: missing`);
    for (const name of ours) if (!inSdk.includes(name)) this.differences.push(`${before}${name}: not in the SDK`);
    return ours.filter((name) => inSdk.includes(name));
  }
}

function differences(
  fields: Readonly<Record<string, Shape>>,
  params: string,
  all: readonly Declarations[],
  takesBetas: boolean,
): string[] {
  const comparison = new Comparison(takesBetas);
  comparison.compareFields(fields, partsOf(named(params, all)).objects, "");
  return comparison.differences.filter((each) => !IN_HEADERS.test(each) && !OF_REPLIES.test(each)).sort();
}

const IN_HEADERS = /^(betas|user_profile_id|workspace_id): missing$/;
/** Replies have it, and go back as they came. */
const OF_REPLIES = /\.citations\[\]:(char|content_block|page)_location\.file_id: not in the SDK$/;
/** Some models take it without a beta. */
const SPEED = "speed: missing";
/** In no type, but `@ai-sdk/anthropic` sends it. */
const SAFEGUARDS = "safeguards: not in the SDK";

describe("the fields that the fake server knows are those of the SDK's types", () => {
  it("with betas", () => {
    expect(differences(messageRequest, "MessageCreateParamsBase", betas, true)).toEqual([SAFEGUARDS]);
    expect(differences(countRequest, "MessageCountTokensParams", betas, true)).toEqual([]);
  });

  it("without", () => {
    expect(differences(messageRequest, "MessageCreateParamsBase", stable, false)).toEqual([SPEED]);
    expect(differences(countRequest, "MessageCountTokensParams", stable, false)).toEqual([SPEED]);
  });

  it("and those of replies, which go back as they came", () => {
    const comparison = new Comparison(true);
    comparison.compare(content.items ?? {}, named("BetaContentBlock", betas), "");
    expect(comparison.differences.filter((each) => each.endsWith(": missing"))).toEqual([]);
  });

  it("as well as the values of anthropic-beta", () => {
    const names = partsOf(named("AnthropicBeta", betas)).words;
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !knownBetas.has(name))).toEqual([]);
  });
});
