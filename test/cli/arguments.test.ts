import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtinPlugins } from "../../plugins/index.ts";
import { readArguments, toSandboxConfig } from "../../src/cli/arguments.ts";
import { ALL_CORE_FLAGS } from "../../src/cli/core-flags.ts";
import { createFlagTable, flagsOf } from "../../src/plugin/flags.ts";
import { fakeHost } from "../support/host.ts";

let scratch = "";

const PLUGIN = `import { definePlugin, environment } from "bunker";
export default definePlugin({
  name: "greeting", summary: "Greets",
  flags: { greet: { value: "NAME", summary: "Greets NAME", apply: (_section, value) => ({ name: value }) } },
});`;

const FILES: Readonly<Record<string, string>> = {
  "plugin.ts": PLUGIN,
  "two.ts": `export default [{ name: "one", summary: "" }, { name: "two", summary: "" }];`,
  "thief.ts": `export default { name: "thief", summary: "", flags: { volume: { value: "X", summary: "", apply: (s) => s } } };`,
  "late.ts": `export default { name: "late", summary: "", flags: { output: { value: "X", summary: "", apply: (s) => s } } };`,
  "nothing.ts": "export const x = 1;",
  "nameless.ts": "export default { summary: 'x' };",
  "broken.ts": "throw new Error('oops');",
  "config.toml": `command = ["echo", "from file"]\nplugins = ["./plugin.ts"]\n[hostname]\nhostname = "filed"\n[greeting]\nname = "file"\n`,
  "config.yaml": "hostname:\n  hostname: filed\n",
  "config.jsonc": `{ "$schema": "x", /* why */ "hostname": { "hostname": "filed", }, }`,
  "config.json": `{ "hostname": { "hostname": "filed" } }`,
  "config.ini": "",
  "section.toml": "[hostnme]\n",
  "key.toml": "[rootfs]\nvolume = []\n",
  "value.toml": "[rootfs]\nvolumes = ['/a:/b', 5]\n",
  "command.toml": "command = 'ls'\n",
  "list.json": "[]",
  "syntax.json": "{",
};

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "bunker-arguments-"));
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(scratch, name), content);
  writeFileSync(join(scratch, "open.ts"), PLUGIN);
  chmodSync(join(scratch, "open.ts"), 0o666);
  mkdirSync(join(scratch, "directory.toml"));
  mkdirSync(join(scratch, "open"));
  chmodSync(join(scratch, "open"), 0o777);
  writeFileSync(join(scratch, "open/plugin.ts"), PLUGIN);
  writeFileSync(join(scratch, "large.json"), `"${"x".repeat(1024 * 1024)}"`);
  Bun.spawnSync(["mkfifo", join(scratch, "fifo.toml")]);
});

afterAll(() => rmSync(scratch, { recursive: true }));

const configOf = async (...argv: string[]) => {
  const host = fakeHost({ cwd: scratch });
  return toSandboxConfig("run", await readArguments("run", argv, host), host);
};

describe("flags and the command", () => {
  test("become sections and argv", async () => {
    const { sections, command } = await configOf("--hostname", "box", "-e", "A=1", "ls", "--hostname", "no");
    expect(sections).toEqual({ hostname: { hostname: "box" }, env: { set: { A: "1" }, pass: [] } });
    expect(command).toEqual(["ls", "--hostname", "no"]);
  });

  test("must include a command", () => {
    expect(configOf("--hostname", "box")).rejects.toThrow("no command to run");
  });

  test("of Bunker's own are not taken by a built-in plugin, in any sub-command", () => {
    expect(() => createFlagTable([...ALL_CORE_FLAGS, ...flagsOf(builtinPlugins)])).not.toThrow();
  });
});

describe("a config file", () => {
  test.each(["config.yaml", "config.jsonc", "config.json"])("%s gives sections", async (file) => {
    expect((await configOf("--config", file, "ls")).sections).toEqual({ hostname: { hostname: "filed" } });
  });

  test("gives a command, plugins and sections; flags go on top", async () => {
    const { sections, command, plugins } = await configOf("--config", "config.toml", "--greet", "flag");
    expect(sections).toEqual({ hostname: { hostname: "filed" }, greeting: { name: "flag" } });
    expect(command).toEqual(["echo", "from file"]);
    expect(plugins.at(-1)?.name).toBe("greeting");
  });

  test("gives way to the command of the command line", async () => {
    expect((await configOf("--config", "config.toml", "ls")).command).toEqual(["ls"]);
  });

  test.each([
    ["none.toml", "no such file"],
    ["directory.toml", "is a directory"],
    ["fifo.toml", "is not a regular file"],
    ["large.json", "larger than 1 MiB"],
    ["config.ini", "format is not known"],
    ["syntax.json", "is not JSON"],
    ["list.json", "expected a table of sections"],
    ["section.toml", 'unknown section "hostnme"'],
    ["key.toml", "unknown key rootfs.volume"],
    ["value.toml", "config: rootfs.volumes.1: value 5: expected string"],
    ["command.toml", 'config: command: value "ls": expected a list of strings'],
  ])("%s is refused: %s", (file, message) => {
    expect(configOf("--config", file, "ls")).rejects.toThrow(message);
  });

  test("is named once", () => {
    expect(configOf("--config", "config.json", "--config", "config.yaml", "ls")).rejects.toThrow("more than once");
  });
});

describe("a plugin file", () => {
  test("adds its flags, wherever among the flags it is named", async () => {
    const { sections } = await configOf("--plugin", "plugin.ts", "--greet", "ann", "ls");
    expect(sections).toEqual({ greeting: { name: "ann" } });
  });

  test("may hold several plugins", async () => {
    expect((await configOf("--plugin", "two.ts", "ls")).plugins.slice(-2).map(({ name }) => name)).toEqual([
      "one",
      "two",
    ]);
  });

  test("is not loaded when it is named behind the command, or behind a flag that nobody knows", async () => {
    expect((await configOf("ls", "--plugin", "broken.ts")).command).toEqual(["ls", "--plugin", "broken.ts"]);
    expect(configOf("--unknown", "--plugin", "broken.ts", "ls")).rejects.toThrow("unknown flag --unknown");
  });

  test.each([
    ["none.ts", "no such file"],
    ["directory.toml", "is a directory"],
    ["fifo.toml", "not a regular file"],
    ["open.ts", "everybody may write it"],
    ["open/plugin.ts", "everybody may replace it"],
    ["nothing.ts", "no default export"],
    ["nameless.ts", "has no name"],
    ["broken.ts", "cannot be loaded: oops"],
    ["thief.ts", "plugins rootfs and thief both declare the flag --volume"],
    ["late.ts", "plugins bunker and late both declare the flag --output"],
  ])("%s is refused: %s", (file, message) => {
    expect(configOf("--plugin", file, "ls")).rejects.toThrow(message);
  });
});
