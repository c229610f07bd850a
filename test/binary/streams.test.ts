/**
 * Standard streams go through untouched.
 * @module
 */
import { expect, test } from "bun:test";
import { box } from "../support/box.ts";
import { describeForCallers, ENVIRONMENT, SHARED_BINARY } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
const hooked = scratch.plugin("hooked", "started() {}");
const TEN_MEGABYTES = 10_000_000;

describeForCallers("standard streams", (caller) => {
  const start = (flags: readonly string[], command: readonly string[]) =>
    Bun.spawn([...caller.prefix, SHARED_BINARY, "run", ...flags, "--", ...command], {
      cwd: "/",
      env: ENVIRONMENT,
      stdin: new Blob([new Uint8Array(TEN_MEGABYTES).fill(120)]),
      stdout: "pipe",
      stderr: "pipe",
    });

  for (const [name, flags] of [
    ["self-contained", []],
    ["supervised", ["--plugin", hooked]],
  ] as const) {
    test(`${name}: ten megabytes go in and come out, on both`, async () => {
      const child = start(flags, ["sh", "-c", `cat; head -c ${TEN_MEGABYTES} /dev/zero >&2`]);
      const [out, error] = await Promise.all([new Response(child.stdout).bytes(), new Response(child.stderr).bytes()]);
      expect([out.length, error.length, await child.exited]).toEqual([TEN_MEGABYTES, TEN_MEGABYTES, 0]);
    });

    test(`${name}: the end of the output is the payload's, not bunker's`, async () => {
      const child = start(flags, ["sh", "-c", "exec >&- 2>&-; sleep 60"]);
      // Nobody else holds the writing ends.
      if (name === "self-contained") expect(await new Response(child.stdout).text()).toBe("");
      child.kill("SIGKILL");
      await child.exited;
    });

    test(`${name}: a reader that leaves early ends a writer by SIGPIPE`, () => {
      const words = [...caller.prefix, "bash", "-c", 'set -o pipefail; "$@" | head -c 2', "bash"];
      const run = [SHARED_BINARY, "run", ...flags, "yes"];
      const { exitCode, stdout } = Bun.spawnSync([...words, ...run], {
        cwd: "/",
        timeout: 10_000,
        killSignal: "SIGKILL",
      });
      expect([exitCode, stdout.toString()]).toEqual([141, "y\n"]);
    });
  }

  test("files are written where the caller's redirection stands", () => {
    const through = ["bash", "-c", 'exec 1<>"$0"; read -n 3 skipped <&1; exec "$@"', scratch.file("out", "abcdef")];
    expect(box(caller, ["echo", "x"], { through })).toMatchObject({ exitCode: 0 });
    expect(Bun.file(scratch.at("out")).text()).resolves.toBe("abcx\nf");
  });
});
