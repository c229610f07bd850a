import { describe, expect, test } from "bun:test";
import { resolveCommand } from "../../src/cli/command.ts";
import type { Host } from "../../src/plugin/host.ts";
import { type FakeHost, fakeHost } from "../support/host.ts";

const WORK = "/home/ann/work";

const host = (nodes: Record<string, `=${string}`>, given: FakeHost & Partial<Host> = {}): Host => ({
  ...fakeHost({ nodes, ...given }),
  mayExecute: () => false,
  ...(given.mayExecute === undefined ? {} : { mayExecute: given.mayExecute }),
  ...(given.openToAll === undefined ? {} : { openToAll: given.openToAll }),
});

describe("a script in TypeScript or JavaScript", () => {
  test("runs on the Bun inside this binary, by its absolute path", () => {
    const { argv, sections } = resolveCommand(["x.ts", "--flag", "a"], {}, host({ [`${WORK}/x.ts`]: "=" }));
    expect(argv).toEqual(["/run/bunker/bun", "--config=/dev/null", "--no-env-file", `${WORK}/x.ts`, "--flag", "a"]);
    expect(sections).toEqual({
      rootfs: { shared: [`${WORK}/x.ts`], runtime: true },
      env: { set: { BUN_BE_BUN: "1" } },
    });
  });

  test.each(["ts", "tsx", "js", "mjs", "jsx", "cjs", "mts"])("is known by its name: x.%s", (extension) => {
    const { argv } = resolveCommand(
      [`x.${extension}`],
      {},
      host({ [`${WORK}/x.${extension}`]: "=#!/usr/bin/env node\n" }),
    );
    expect(argv[0]).toBe("/run/bunker/bun");
  });

  test("leaves what the sections say of other things", () => {
    const before = { rootfs: { shared: ["/a"], cwd: false }, env: { set: { A: "1" } }, pid: { mode: "host" } };
    const { sections } = resolveCommand(["x.ts"], before, host({ [`${WORK}/x.ts`]: "=" }));
    expect(sections).toEqual({
      rootfs: { shared: ["/a", `${WORK}/x.ts`], cwd: false, runtime: true },
      env: { set: { A: "1", BUN_BE_BUN: "1" } },
      pid: { mode: "host" },
    });
  });
});

describe("a script with another interpreter", () => {
  test.each([
    ["x.py", "=print(1)", ["python3"]],
    ["x.sh", "=echo", ["sh"]],
    ["x.sh", "=#!/bin/bash\necho", ["/bin/bash"]],
    ["./x", "=#! /usr/bin/env  deno run \nx", ["/usr/bin/env", "deno run"]],
    ["./x", "=#!/bin/awk -f\r\nx", ["/bin/awk", "-f"]],
    ["./x", "=#!/bin/cat", ["/bin/cat"]],
  ])("%s, %p, runs on %p", (word, content, interpreter) => {
    const path = `${WORK}/${word.replace("./", "")}`;
    const { argv } = resolveCommand([word, "a"], {}, host({ [path]: content as `=${string}` }));
    expect(argv).toEqual([...interpreter, path, "a"]);
  });
});

describe("an executable file", () => {
  const executable = { mayExecute: () => true };

  test("runs as it is, and is shown inside", () => {
    const { argv, sections } = resolveCommand(["./x", "a"], {}, host({ [`${WORK}/x`]: "=#!/bin/sh" }, executable));
    expect(argv).toEqual(["./x", "a"]);
    expect(sections).toEqual({ rootfs: { shared: [`${WORK}/x`] } });
  });

  test("that has a script's name but no interpreter gets the usual one: the kernel could not run it", () => {
    const { argv } = resolveCommand(["./x.sh"], {}, host({ [`${WORK}/x.sh`]: "=echo" }, executable));
    expect(argv).toEqual(["sh", `${WORK}/x.sh`]);
  });
});

describe("words that are left alone", () => {
  test.each([
    ["a command of the PATH, though a file of its name is here", ["ls"], { [`${WORK}/ls`]: "=" as const }],
    ["a path that is no file here", ["/none/x", "y"], {}],
    ["a script that is not here", ["none.ts"], {}],
    ["a directory", ["/usr/"], {}],
    ["no word", [], {}],
  ])("%s", (_label, words, nodes) => {
    expect(resolveCommand(words, {}, host(nodes))).toEqual({ argv: words, sections: {} });
  });

  test("a path that means a file in a root directory of the user's own", () => {
    const sections = { rootfs: { directory: "/srv/alpine" } };
    const here = host({ "/opt/x.sh": "=", [`${WORK}/x`]: "=", [`${WORK}/x.ts`]: "=" });
    expect(resolveCommand(["/opt/x.sh"], sections, here).argv).toEqual(["/opt/x.sh"]);
    expect(resolveCommand(["./x"], sections, here).argv).toEqual(["./x"]);
    expect(resolveCommand(["./x.ts"], sections, here).argv[0]).toBe("/run/bunker/bun");
  });
});

describe("a script that could not be read inside", () => {
  const nodes = { [`${WORK}/x.ts`]: "=" as const };
  const closed = { openToAll: () => false };

  test("is refused for a caller that is root, whose payload is somebody else", () => {
    expect(() => resolveCommand(["x.ts"], {}, host(nodes, { uid: 0, ...closed }))).toThrow(
      "cannot be read inside the sandbox",
    );
  });

  test("is no matter for a caller that is itself inside", () => {
    expect(resolveCommand(["x.ts"], {}, host(nodes, closed)).argv[0]).toBe("/run/bunker/bun");
    expect(resolveCommand(["x.ts"], { userns: { mode: "host" } }, host(nodes, { uid: 0, ...closed })).argv[0]).toBe(
      "/run/bunker/bun",
    );
  });
});
