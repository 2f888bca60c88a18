import ts from "typescript";

/** One import of a source file. */
interface Import {
  readonly specifier: string;
  /** The imported file's path, or null for what is not a file of `src`. */
  readonly target: string | null;
  /** Whether it is gone once types are stripped. */
  readonly isType: boolean;
}

/** A source file, as the rules see it. */
export interface SourceFile {
  /** From the root of the repository: `src/stream/stream.ts`. */
  readonly path: string;
  readonly tree: ts.SourceFile;
  /** All of its nodes but those of comments, parents before children. */
  readonly nodes: readonly ts.Node[];
  readonly imports: readonly Import[];
}

/** Parses a source file. */
export function sourceFile(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const nodes = nodesOf(tree);
  const imports = nodes.flatMap((node): Import[] => {
    const [specifier, isType] = importOf(node) ?? [];
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return [];
    return [{ specifier: specifier.text, target: targetOf(path, specifier.text), isType: isType === true }];
  });
  return { path, tree, nodes, imports };
}

function nodesOf(root: ts.Node): ts.Node[] {
  const nodes = [root];
  for (const node of nodes) ts.forEachChild(node, (child) => void nodes.push(child));
  return nodes;
}

/** What an import, a re-export, a dynamic import or an import in a type imports. */
function importOf(node: ts.Node): readonly [specifier: ts.Node | undefined, isType: boolean] | null {
  if (ts.isImportDeclaration(node)) {
    return [node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword];
  }
  if (ts.isExportDeclaration(node)) return [node.moduleSpecifier, node.isTypeOnly];
  if (ts.isImportTypeNode(node)) return [ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true];
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? [node.arguments[0], false] : null;
}

function targetOf(path: string, specifier: string): string | null {
  if (specifier === "#platform") return "src/http/default-node.ts";
  return specifier.startsWith(".") ? new URL(specifier, `file:///${path}`).pathname.slice(1) : null;
}
