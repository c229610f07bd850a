/**
 * Landlock in everything that starts a sandbox: compiled images, kept sandboxes, scripts on the Bun inside.
 */
import { expect, test } from "bun:test";
import { bunker } from "../support/binary.ts";
import { type BoxOptions, box, boxed, python } from "../support/box.ts";
import { describeForCallers, SHARED_BINARY, testWith } from "../support/callers.ts";
import { testWithAbi } from "../support/landlock.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
const trace = scratch.file("trace", "");
let images = 0;

const compile = (flags: readonly string[], command: readonly string[]): string => {
  images += 1;
  const image = scratch.at(`image-${images}`);
  const { exitCode, stderr } = bunker(["compile", "-o", image, ...flags, "--", ...command], { cwd: "/" });
  if (exitCode !== 0) throw new Error(stderr);
  return image;
};

/** What only Landlock denies: an overlay's mark of a deleted file, and a signal to init. */
const PROBE = `
import errno, json, os, stat
def outcome(call):
    try: call(); return "ok"
    except OSError as error: return errno.errorcode[error.errno]
print(json.dumps([outcome(lambda: os.mknod("/tmp/w", stat.S_IFCHR | 0o600, 0)), outcome(lambda: os.kill(1, 0)),
    outcome(lambda: open("/tmp/x", "w").write("x"))]))`;
const HELD = ["EACCES", "EPERM", "ok"];
const FREE = ["ok", "ok", "ok"];

const without = (error: string): BoxOptions => ({
  through: ["strace", "-f", "-qq", "-o", trace, "-e", `inject=landlock_create_ruleset:error=${error}`],
});

const looks = compile([], ["python3", "-c", PROBE]);
const free = compile(["--landlock", "off"], ["python3", "-c", PROBE]);
const required = compile(["--landlock", "required"], ["echo", "started"]);
const preferred = compile(["--landlock", "preferred"], ["echo", "started"]);
const noPorts = compile(
  ["--tcp-connect", "none"],
  ["python3", "-c", "import socket; socket.socket().connect(('127.0.0.1', 1))"],
);

describeForCallers("a compiled sandbox", (caller) => {
  testWithAbi(6, "carries Landlock", () => {
    expect(JSON.parse(boxed(caller, [], { image: looks }))).toEqual(HELD);
    expect(JSON.parse(boxed(caller, [], { image: free }))).toEqual(FREE);
    expect(box(caller, [], { image: noPorts }).stderr).toContain("PermissionError");
  });

  testWith(["strace", "python3"], "starts on a kernel without it, as it was compiled on one that has it", () => {
    expect(JSON.parse(boxed(caller, [], { image: looks, ...without("ENOSYS") }))).toEqual(FREE);
  });

  testWith(["strace"], "does not start there where it is required, and warns where it is preferred", () => {
    expect(box(caller, [], { image: required, ...without("EOPNOTSUPP") })).toEqual({
      exitCode: 125,
      stdout: "",
      stderr:
        "bunker: error: landlock: fs is required, but needs ABI 5, of Linux 6.10: EOPNOTSUPP, operation not supported\n",
    });
    const { exitCode, stdout, stderr } = box(caller, [], { image: preferred, ...without("EOPNOTSUPP") });
    expect([exitCode, stdout]).toEqual([0, "started\n"]);
    expect(stderr.match(/^bunker: warning: landlock: \w+ is preferred, but needs ABI \d/gm)).toHaveLength(3);
  });
});

describeForCallers("a kept sandbox", (caller) => {
  testWithAbi(6, "has Landlock at every start", () => {
    const flags = ["--hostname", `kept-${process.pid}`];
    for (let start = 0; start < 3; start++) expect(python(caller, PROBE, { flags })).toEqual(HELD);
  });
});

describeForCallers("a script", (caller) => {
  test("in TypeScript runs on the Bun inside: it reads itself and modules, writes, spawns, listens and connects", () => {
    scratch.file("module.ts", "export const word: string = 'module';");
    const script = scratch.file(
      "script.ts",
      `import { word } from "./module.ts";
import { mkdtempSync, renameSync, writeFileSync } from "node:fs";
const directory = mkdtempSync("/tmp/x-");
writeFileSync(directory + "/a", word);
renameSync(directory + "/a", "/tmp/b");
const server = Bun.serve({ port: 0, fetch: () => new Response(Bun.file("/tmp/b")) });
const text = await (await fetch(server.url)).text();
const child = Bun.spawnSync(["sh", "-c", "echo child >/dev/null; echo child"]).stdout.toString().trim();
const worker = await new Promise((resolve) => {
  const one = new Worker(URL.createObjectURL(new Blob(["postMessage('worker')"])));
  one.onmessage = (event) => resolve(event.data);
});
console.log(text, child, worker);
process.exit(0);`,
    );
    const words = [...caller.prefix, SHARED_BINARY, "run", script];
    const { exitCode, stdout, stderr } = Bun.spawnSync(words, { cwd: scratch.path, timeout: 10_000 });
    expect([exitCode, stdout.toString(), stderr.toString()]).toEqual([0, "module child worker\n", ""]);
  });
});

describeForCallers("a sandbox in a sandbox", (caller) => {
  const directory = SHARED_BINARY.slice(0, SHARED_BINARY.lastIndexOf("/"));
  const inner = (...flags: readonly string[]) =>
    box(caller, ["/b/bunker", "run", "--keyring", "host", "echo", "nested"], {
      flags: ["-v", `${directory}:/b:ro`, ...flags],
    });

  testWithAbi(2, "needs one around it that lets it make user namespaces and mount, and says so", () => {
    expect(inner()).toMatchObject({ exitCode: 125, stdout: "" });
    expect(inner().stderr).toContain("start that one with --allow-userns");
    const open = ["--allow-userns", "--proc", "full"];
    expect(inner(...open).stderr).toContain("start the outer one with --landlock fs=off");
    expect(inner(...open, "--landlock", "fs=off").stdout).toBe("nested\n");
  });
});
