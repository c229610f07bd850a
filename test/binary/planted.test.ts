/**
 * Files in the current directory that a stranger has put there: none of them decides how a sandbox is started.
 * @module
 */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { box, boxed } from "../support/box.ts";
import { describeForCallers } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
const cwd = scratch.directory("planted");
const marker = scratch.at("planted", "executed");

for (const [name, content] of Object.entries({
  "preload.ts": `await Bun.write(${JSON.stringify(marker)}, "x").catch(() => {}); console.log("preloaded");`,
  "bunfig.toml": 'preload = ["./preload.ts"]\n[run]\nbun = true\n',
  ".env": "PLANTED=1\nBUN_OPTIONS=--preload=./preload.ts\nNODE_OPTIONS=--require=./preload.ts\nHOME=/planted\n",
  ".env.local": "PLANTED=2\n",
  ".env.production": "PLANTED=3\n",
  "tsconfig.json": '{ "compilerOptions": { "paths": { "node:fs": ["./preload.ts"], "bun:ffi": ["./preload.ts"] } } }',
  "package.json": '{ "type": "commonjs", "main": "./preload.ts", "workspaces": ["*"] }',
  "bun.lock": "{ not a lock",
  "bunker.toml": '[hostname]\nhostname = "planted"\n',
  "bunker.json": '{ "hostname": { "hostname": "planted" } }',
  true: "#!/bin/sh\necho planted program\n",
  sh: "#!/bin/sh\necho planted program\n",
  "script.ts": "console.log(JSON.stringify([process.env.PLANTED ?? null, process.env.HOME, process.argv.slice(2)]));",
}))
  scratch.file(`planted/${name}`, content);

describeForCallers("a current directory with planted files", (caller) => {
  test("has no say in the start of a command", () => {
    const script = 'echo "[$PLANTED] $(uname -n)"';
    expect(box(caller, ["sh", "-c", script], { cwd })).toEqual({ exitCode: 0, stdout: "[] bunker\n", stderr: "" });
    expect(boxed(caller, ["true"], { cwd, env: { PATH: ".:/usr/bin:/bin" } })).toBe("");
    expect(existsSync(marker)).toBe(false);
  });

  test("has no say in the start of a script", () => {
    const output = boxed(caller, ["script.ts", "a"], { cwd });
    expect(JSON.parse(output)).toEqual([null, expect.stringMatching(/^\/home\//), ["a"]]);
    expect(existsSync(marker)).toBe(false);
  });

  test("names a config that is read when it is asked for", () => {
    expect(boxed(caller, ["uname", "-n"], { cwd, flags: ["--config", "bunker.toml"] })).toBe("planted");
  });
});
