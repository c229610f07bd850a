import { describe, expect, test } from "bun:test";
import { flagSections, renderHelp } from "../../src/cli/help.ts";
import type { FlagSpec } from "../../src/plugin/flags.ts";

const SPECS: readonly FlagSpec[] = [
  { owner: "bunker", name: "help", short: "h", summary: "Show this help" },
  {
    owner: "rootfs",
    name: "volume",
    short: "v",
    value: "SRC:DST",
    summary: "Show a file or directory of the host's at DST",
  },
  { owner: "rootfs", name: "a-flag-that-is-far-too-long", value: "FOR-ITS-COLUMN", summary: "Text below" },
];

const page = {
  usage: ["bunker run COMMAND", "bunker run SCRIPT"],
  summary: "Run a command",
  sections: flagSections(SPECS, new Map([["rootfs", "A root of its own"]])),
};

describe("help", () => {
  test("is grouped by plugin, aligned, and wrapped", () => {
    expect(renderHelp(page, { colour: false, columns: 64 })).toMatchInlineSnapshot(`
      "Run a command

      Usage: bunker run COMMAND
             bunker run SCRIPT

      bunker
        -h, --help                        Show this help

      rootfs  A root of its own
        -v, --volume SRC:DST              Show a file or directory of
                                          the host's at DST
            --a-flag-that-is-far-too-long FOR-ITS-COLUMN
                                          Text below"
    `);
  });

  test("has no line that is wider than asked for, nor spaces at the end of one", () => {
    const lines = renderHelp(page, { colour: false, columns: 64 }).split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(64);
    for (const line of lines) expect(line).toBe(line.trimEnd());
  });

  test("says the same with colours", () => {
    const coloured = renderHelp(page, { colour: true, columns: 64 });
    expect(coloured).toContain("\u001b[1mrootfs\u001b[0m");
    expect(Bun.stripANSI(coloured)).toBe(renderHelp(page, { colour: false, columns: 64 }));
  });
});
