/**
 * The current directory is a stranger's: nothing in it may be executed or read by the binary itself.
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY, bunker, ROOT, whyNoSandbox } from "../support/binary.ts";

let planted = "";
const marker = (): string => join(planted, "marker");

/** Everything that a Bun program may pick up where it is started. */
const FILES = (directory: string): Readonly<Record<string, string>> => ({
  "preload.ts": `await Bun.write(${JSON.stringify(join(directory, "marker"))}, "executed").catch(() => {});`,
  "bunfig.toml": 'preload = ["./preload.ts"]\n',
  ".env": "PLANTED=from-env\nBUN_OPTIONS=--preload=./preload.ts\n",
  ".env.local": "PLANTED=from-local\n",
  "tsconfig.json": `{ "compilerOptions": { "paths": { "citty": ["./preload.ts"] } } }`,
  "package.json": `{ "name": "planted", "main": "./preload.ts", "imports": { "#x": "./preload.ts" } }`,
  "bunker.toml": '[hostname]\nhostname = "planted"\n',
});

beforeAll(() => {
  planted = mkdtempSync(join(tmpdir(), "bunker-planted-"));
  // A payload of root's is nobody special: it has to reach the directory.
  chmodSync(planted, 0o755);
  for (const [name, content] of Object.entries(FILES(planted))) writeFileSync(join(planted, name), content);
});

afterAll(() => rmSync(planted, { recursive: true }));

const hasStrace = Bun.which("strace") !== null;
const mayRun = whyNoSandbox() === "";

/** The planted files that a start opens. */
const opened = (args: readonly string[]): string[] => {
  const log = join(planted, "strace.log");
  const trace = ["strace", "-f", "-o", log, "-e", "trace=open,openat,openat2", BINARY, ...args];
  Bun.spawnSync(trace, { cwd: planted, stdio: ["ignore", "ignore", "ignore"] });
  const text = new TextDecoder().decode(Bun.mmap(log));
  return Object.keys(FILES("")).filter((name) => text.includes(`${name}"`));
};

describe("a directory with a planted bunfig.toml, .env, tsconfig.json and package.json", () => {
  test("is one in which bun itself executes the preload", () => {
    const bun = join(ROOT, "node_modules/.bin/bun");
    Bun.spawnSync([bun, "-e", "0"], { cwd: planted, stdio: ["ignore", "ignore", "ignore"] });
    expect(existsSync(marker())).toBe(true);
    rmSync(marker());
  });

  test.each([
    ["--version", "bunker 0.1.0\n"],
    ["--help", undefined],
  ])("is not executed by %s", (flag, stdout) => {
    const outcome = bunker([flag], { cwd: planted });
    expect(outcome.exitCode).toBe(0);
    if (stdout !== undefined) expect(outcome.stdout).toBe(stdout);
    expect(existsSync(marker())).toBe(false);
  });

  test.if(hasStrace)("is not even opened by --version", () => {
    expect(opened(["--version"])).toEqual([]);
  });

  test.if(hasStrace && mayRun)("is not even opened by run", () => {
    expect(opened(["run", "--", "/bin/true"])).toEqual([]);
  });

  test.if(mayRun)("gives a sandbox no variable and no host name", () => {
    const { exitCode, stdout } = bunker(["run", "--", "sh", "-c", "echo [$PLANTED] $(hostname)"], { cwd: planted });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "[] bunker\n" });
    expect(existsSync(marker())).toBe(false);
  });

  // A script's own directory is its own business inside, where nothing but the sandbox can be harmed.
  test.if(mayRun)("is not executed outside when a script of it runs", () => {
    writeFileSync(join(planted, "script.ts"), "console.log('ran');");
    const { stdout } = bunker(["run", "script.ts"], { cwd: planted });
    expect(existsSync(marker())).toBe(false);
    expect(stdout).toContain("ran");
  });
});
