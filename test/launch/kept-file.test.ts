import { describe, expect, test } from "bun:test";
import { ADDRESSES } from "../../src/codegen/writable.ts";
import { type Question, REFUSED } from "../../src/launch/host-trace.ts";
import { encodeKept, type KeptFor, keptName } from "../../src/launch/kept-file.ts";
import type { Prepared } from "../../src/launch/prepared.ts";
import { FRONT_MEMORY } from "../../src/launcher/front/nofile.ts";
import {
  CHECK_BYTES,
  CHECKS,
  IDENTITY_BYTES,
  KEPT,
  KEPT_BYTES_MAX,
  KEPT_HEADER_BYTES,
  KEPT_MAGIC,
  MISSING,
  TEXT_BYTES_MAX,
} from "../../src/launcher/kept.ts";

const KEPT_FOR: KeptFor = {
  words: ["run", "--", "true"],
  cwd: "/work",
  uid: 1001,
  gid: 1002,
  terminal: false,
  nofile: { soft: 1024, hard: 4096 },
  executable: "/usr/bin/bunker",
  identity: new Uint8Array(IDENTITY_BYTES).fill(7),
};

const plain = (path: string): Prepared["sources"][number] => ({ path, recursive: true, idmap: undefined });

const PREPARED: Prepared = {
  image: Uint8Array.of(1, 2, 3),
  namespaces: 0x2000_0000,
  sources: [plain("/usr"), plain("/etc/ssl")],
  secrets: [],
  tellsWritten: false,
  ownIds: { uid: 1000, gid: 1000 },
  maps: undefined,
  oomScore: 300,
  ambient: true,
  waits: true,
  relays: true,
  terminal: 0,
  init: true,
};

const question = (of: Question["of"], args: readonly unknown[], answer: Question["answer"]): Question => ({
  of,
  args,
  answer,
});

/** The file as the front sees it: words of the header, and checks with what they point to as text. */
const decode = (file: Uint8Array) => {
  const view = new DataView(file.buffer);
  const word = (at: number): number => Number(view.getBigUint64(at, true));
  const textAt = (at: number, bytes: number): string => new TextDecoder().decode(file.subarray(at, at + bytes));
  const stringAt = (at: number): string => textAt(at, file.indexOf(0, at) - at);
  const checks: number[][] = [];
  for (let at = word(KEPT.checks); word(at) !== CHECKS.end; at += CHECK_BYTES)
    checks.push(Array.from({ length: 5 }, (_, index) => word(at + 8 * index)));
  const sources = Array.from({ length: word(KEPT.sourceCount) }, (_, index) =>
    stringAt(word(word(KEPT.sources) + 8 * index)),
  );
  return { word, textAt, stringAt, checks, sources, magic: view.getBigUint64(KEPT.magic, true) };
};

const encoded = (...questions: readonly Question[]) => {
  const file = encodeKept(KEPT_FOR, questions, PREPARED);
  if (file === undefined) throw new Error("not kept");
  return decode(file);
};

/** Without the ones that every file has. */
const checksFor = (...questions: readonly Question[]) => {
  const { checks, ...rest } = encoded(...questions);
  return { ...rest, checks: checks.slice(encoded().checks.length) };
};

describe("a kept file", () => {
  test("has a header, the sources and the image", () => {
    const { word, sources, magic, textAt } = encoded();
    expect(magic).toBe(KEPT_MAGIC);
    expect(word(KEPT.sizeBytes)).toBe(encodeKept(KEPT_FOR, [], PREPARED)?.length ?? 0);
    expect(word(KEPT.checks)).toBe(KEPT_HEADER_BYTES);
    expect(
      ["namespaces", "ambient", "ownIds", "uid", "gid", "waits", "init", "oomScore"].map((name) =>
        word(KEPT[name as "uid"]),
      ),
    ).toEqual([0x2000_0000, 1, 1, 1000, 1000, 1, 1, 300]);
    expect(sources).toEqual(["/usr", "/etc/ssl"]);
    expect(textAt(word(KEPT.image), word(KEPT.imageBytes))).toBe("\u0001\u0002\u0003");
  });

  test("is for these words, this caller and this binary, and not for the runtime inside", () => {
    const { checks, stringAt, textAt } = encoded();
    const of = (kind: number) => checks.filter(([one]) => one === kind);
    const [[, words = 0, bytes = 0] = []] = of(CHECKS.words);
    expect(textAt(words, bytes)).toBe("run\0--\0true\0");
    expect(of(CHECKS.ids)).toEqual([[CHECKS.ids, 1001, 1002, 0, 0]]);
    expect(of(CHECKS.nofile)).toEqual([[CHECKS.nofile, 1024, 4096, 0, 0]]);
    expect(of(CHECKS.terminal)).toEqual([[CHECKS.terminal, 0, 0, 0, 0]]);
    expect(of(CHECKS.environment).map(([, name = 0, , , size]) => [stringAt(name), size])).toEqual([
      ["BUN_BE_BUN", MISSING],
    ]);
    expect(of(CHECKS.link).map(([, path = 0, at = 0, size = 0]) => [stringAt(path), textAt(at, size)])).toEqual([
      ["/proc/self/exe", "/usr/bin/bunker"],
    ]);
    expect(of(CHECKS.identity)).toHaveLength(1);
  });

  test.each([
    [question("nodeType", ["/usr"], "directory"), [CHECKS.mode, 0, 0o170000, 0o040000]],
    [question("nodeType", ["/usr", { follow: false }], "symlink"), [CHECKS.mode, 0x100, 0o170000, 0o120000]],
    [question("nodeType", ["/usr"], "missing"), [CHECKS.mode, 0, 0o170000, MISSING]],
    [question("openToAll", ["/usr"], true), [CHECKS.mode, 0, 0o170004, 0o100004]],
    [question("mayExecute", ["/usr"], true), [CHECKS.executable, 1, 0, 0]],
    [question("mayExecute", ["/usr"], false), [CHECKS.executable, 0, 0, 0]],
  ])("asks again: %j", (asked, [kind = 0, ...rest]) => {
    const { checks, stringAt } = checksFor(asked);
    const [[found, path = 0, ...arguments_] = []] = checks;
    expect([found, stringAt(path), ...arguments_]).toEqual([kind, "/usr", ...rest]);
  });

  test.each([
    [question("readLink", ["/bin"], "usr/bin"), CHECKS.link, "usr/bin"],
    [question("realPath", ["/bin"], "/usr/bin"), CHECKS.real, "/usr/bin"],
    [question("readText", ["/bin", 100], "grüße"), CHECKS.text, "grüße"],
    [question("readText", ["/bin", 100], ""), CHECKS.text, ""],
  ] as const)("compares what it points to: %j", (asked, kind, text) => {
    const { checks, textAt, stringAt } = checksFor(asked);
    const [[found, path = 0, at = 0, size = 0] = []] = checks;
    expect([found, stringAt(path), textAt(at, size)]).toEqual([kind, "/bin", text]);
  });

  test("remembers that there was no link, no path and no variable", () => {
    const { checks } = checksFor(
      question("readLink", ["/a"], REFUSED),
      question("realPath", ["/a"], REFUSED),
      question("environment", ["A"], undefined),
    );
    expect(checks.map(([, , , size, last]) => (size === MISSING ? size : last))).toEqual([MISSING, MISSING, MISSING]);
  });

  test("wants the end of a file only where all of it was read", () => {
    const end = (...asked: Parameters<typeof question>) => checksFor(question(...asked)).checks[0]?.[4];
    expect(end("readStart", ["/a", 2], "#!")).toBe(0);
    expect(end("readStart", ["/a", 2], "#")).toBe(1);
    expect(end("readText", ["/a", 2], "ab")).toBe(1);
  });

  test.each([
    [question("nodeType", ["/a"], "device")],
    [question("nodeType", ["/a"], "other")],
    [question("openToAll", ["/a"], false)],
    [question("readText", ["/a", 9], undefined)],
    [question("readText", ["/a", 9], "\u{fffd}")],
    [question("readText", ["/a", 1e6], "x".repeat(TEXT_BYTES_MAX + 1))],
    [question("mayMapIds", [], false)],
  ])("is not made where the front cannot ask again: %j", (asked) => {
    expect(encodeKept(KEPT_FOR, [asked], PREPARED)).toBeUndefined();
  });

  test("is not made of ids that are given out anew at each start", () => {
    expect(encodeKept(KEPT_FOR, [], { ...PREPARED, maps: "range" })).toBeUndefined();
  });

  test("is not larger than what the front reads", () => {
    expect(encodeKept(KEPT_FOR, [], { ...PREPARED, image: new Uint8Array(KEPT_BYTES_MAX) })).toBeUndefined();
    expect(encodeKept(KEPT_FOR, [], { ...PREPARED, sources: Array(257).fill(plain("/a")) })).toBeUndefined();
  });

  test("is not made of a sandbox with secrets", () => {
    const secrets = [{ name: "key", from: { file: "/key" } }];
    expect(encodeKept(KEPT_FOR, [], { ...PREPARED, secrets })).toBeUndefined();
  });

  test.each([
    { recursive: false, idmap: undefined },
    { recursive: true, idmap: { writableIn: undefined } },
  ])("is not made of sources that the front opens in another way: %j", (how) => {
    expect(encodeKept(KEPT_FOR, [], { ...PREPARED, sources: [{ path: "/a", ...how }] })).toBeUndefined();
  });
});

describe("its name", () => {
  test("is the same for the same words and directory", () => {
    expect(keptName(["run", "true"], "/")).toBe(keptName(["run", "true"], "/"));
    expect(keptName(["run", "true"], "/")).toMatch(/^[0-9a-f]{16}\.sandbox$/);
  });

  test("depends on every word, and on where one ends", () => {
    const names = [
      ["run"],
      ["run", ""],
      ["run", "a"],
      ["run", "a", ""],
      ["run", "a", "b"],
      ["run", "ab"],
      ["run", "b", "a"],
    ];
    expect(new Set(names.map((words) => keptName(words, "/"))).size).toBe(names.length);
    expect(keptName(["run"], "/a")).not.toBe(keptName(["run"], "/b"));
  });
});

test("the front's memory is where the launch looks for it", () => {
  expect(FRONT_MEMORY).toBe(ADDRESSES.front.writable);
});
