import type { SchemaIssue } from "../schema/validate.ts";
import type { AnyToolCall } from "../tool/pair.ts";
import { type ToolInput, type ToolUpdate, ToolBox } from "../tool/tool-box.ts";
import { type AnyTool, finished, tool } from "../tool/tool.ts";

/** The calls of a reply that turned out not to be runnable, and why. */
export type Verdicts = ReadonlyMap<ToolInput, readonly SchemaIssue[]>;

/**
 * The tools of a reply that is read elsewhere: data alone. Their calls have the states that they had where they were
 * validated, and no function.
 */
export class LoggedToolBox extends ToolBox {
  readonly #verdicts: Verdicts;
  readonly #checked: Checked;

  /** @param names - Those of the tools of the call. */
  constructor(names: readonly string[], isPartial: boolean, verdicts: Verdicts) {
    const checked: Checked = { input: null };
    super(
      names.map((name) => loggedTool(name, () => checked.input && verdicts.get(checked.input))),
      isPartial,
    );
    this.#verdicts = verdicts;
    this.#checked = checked;
  }

  override apply(update: ToolUpdate): AnyToolCall | Promise<AnyToolCall> | null {
    return this.#check(update.input, () => super.apply(update));
  }

  override calls(inputs: readonly ToolInput[], isOver: boolean): AnyToolCall[] {
    if (this.#verdicts.size === 0) return super.calls(inputs, isOver);
    return inputs.flatMap((input) => this.#check(input, () => super.calls([input], isOver)));
  }

  /** Validation has the value alone: this tells it whose that is. */
  #check<V>(input: ToolInput, work: () => V): V {
    this.#checked.input = input;
    const result = work();
    this.#checked.input = null;
    return result;
  }
}

interface Checked {
  input: ToolInput | null;
}

/** A tool that is known by its name alone. @param verdict - What was wrong with the input that is being validated. */
function loggedTool(name: string, verdict: () => readonly SchemaIssue[] | null | undefined): AnyTool {
  const known = tool({
    name,
    inputSchema: { type: "object" },
    call() {
      const advice = `read(log, id, { of: … }) with the call that has the tool "${name}"`;
      throw new Error(`The reply was read from a log, which has no functions: use ${advice}.`);
    },
  });
  return finished({
    ...known,
    "~validate": (value) => {
      const issues = verdict();
      return issues == null ? { value } : { issues };
    },
  });
}
