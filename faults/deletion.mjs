/** A tool that must not run on half an input: without `dryRun` it deletes. */
export const deletion = {
  name: "delete_files",
  description: "Deletes the files in a folder, or all.",
  inputSchema: {
    type: "object",
    properties: { path: { type: "string" }, dryRun: { type: "boolean" } },
  },
};
