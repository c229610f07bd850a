import { describe, expect, test } from "bun:test";
import { renderChanges } from "../../src/cli/show-changes.ts";

const CHANGES = [
  { kind: "added", path: "/w/new", node: "directory" },
  { kind: "modified", path: "/w/file", node: "file" },
  { kind: "deleted", path: "/w/link", node: "link" },
  { kind: "unknown", path: "/w/odd\u001b[2J", node: "other" },
] as const;

describe("changes as text", () => {
  test("are aligned, one a line, and say what a name is", () => {
    expect(renderChanges({ changes: CHANGES, truncated: false })).toMatchInlineSnapshot(`
      "added     /w/new/
      modified  /w/file
      deleted   /w/link@
      unknown   /w/odd\\e[2J"
    `);
  });

  test("have colours on a terminal, that nothing else of a line has", () => {
    const [line] = renderChanges({ changes: CHANGES, truncated: false }, { colour: true }).split("\n");
    expect(line).toBe("\u001b[32madded   \u001b[0m  /w/new/");
  });

  test("say when there are none, and when there are more", () => {
    expect(renderChanges({ changes: [], truncated: false })).toBe("no changes");
    expect(renderChanges({ changes: CHANGES.slice(0, 1), truncated: true })).toEndWith(
      "\nand more: only the first 1 are listed",
    );
  });
});
