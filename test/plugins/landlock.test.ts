import { describe, expect, test } from "bun:test";
import landlock from "../../plugins/landlock/index.ts";
import { contributionsOf, planOf, sectionOf } from "../support/plan.ts";

const levels = (section: object): Readonly<Record<string, string>> => {
  const found = contributionsOf(landlock, section).find((one) => one.kind === "landlock");
  if (found?.kind !== "landlock") throw new Error("no policy");
  return found.levels;
};

const ALL = (level: string, unix = level) => ({ fs: level, tcp: level, signal: level, abstract: level, unix });
const DEFAULT = { ...ALL("best-effort"), tcp: "required" };

describe("landlock: plan", () => {
  test("is best effort, but for ports, which nothing else holds", () => {
    expect(planOf(landlock)).toBe(`landlock levels ${JSON.stringify(DEFAULT)}, log false`);
  });

  test("has the ports that are left", () => {
    const section = sectionOf(landlock, ["tcp-connect", "443,8443"], ["tcp-connect", "80"], ["tcp-bind", "none"]);
    expect(planOf(landlock, section).split("\n").slice(1)).toEqual([
      "tcpPorts action connect, ports [443,8443,80]",
      "tcpPorts action bind, ports []",
    ]);
  });

  test("says when no second layer is left", () => {
    expect(planOf(landlock, { level: "off" })).toContain("note --landlock off: mounts and namespaces hold the sandbox");
    expect(planOf(landlock, { level: "off", signal: "required" })).not.toContain("note");
  });

  test("logs on request", () => {
    expect(planOf(landlock, sectionOf(landlock, ["landlock-log", "true"]))).toContain("log true");
  });
});

describe("landlock: levels", () => {
  test.each([
    [{}, DEFAULT],
    [{ level: "off" }, ALL("off")],
    [{ level: "best-effort" }, ALL("best-effort")],
    // What few kernels have is required by its own name alone.
    [{ level: "required" }, ALL("required", "best-effort")],
    [{ level: "preferred" }, ALL("preferred", "best-effort")],
    [{ level: "required", unix: "required" }, ALL("required")],
    [
      { level: "required", signal: "off", tcp: "best-effort" },
      { ...ALL("required", "best-effort"), signal: "off", tcp: "best-effort" },
    ],
    [
      { level: "off", fs: "preferred" },
      { ...ALL("off"), fs: "preferred" },
    ],
    [{ fs: "off" }, { ...DEFAULT, fs: "off", unix: "off" }],
  ])("of %j", (section, expected) => {
    expect(levels(section)).toEqual(expected);
  });

  test.each([
    ["required", { level: "required" }],
    ["fs=required", { fs: "required" }],
    ["off,signal=preferred,unix=off", { level: "off", signal: "preferred", unix: "off" }],
  ])("can be written as %s", (value, section) => {
    expect(sectionOf(landlock, ["landlock", value])).toEqual(section);
  });

  test("of a later flag win, and leave the others", () => {
    expect(sectionOf(landlock, ["landlock", "fs=off,tcp=off"], ["landlock", "fs=required"])).toEqual({
      fs: "required",
      tcp: "off",
    });
  });
});

describe("landlock: config", () => {
  test.each([
    "",
    "on",
    "Required",
    "fs",
    "fs=",
    "fs=on",
    "files=off",
    "fs=off,",
    "fs=off,fs=off",
    "off,off",
    "level=off",
    "fs=off=off",
    " off",
  ])("refuses the flag --landlock %p", (value) => {
    expect(() => sectionOf(landlock, ["landlock", value])).toThrow("--landlock: a level (required, preferred");
  });

  test.each(["", "0", "65536", "-1", "+1", "01", "443,", "1-2", "http", "none,443", "443,none", "0x50", "1e3", " 443"])(
    "refuses the port %p to connect to",
    (value) => {
      expect(() => sectionOf(landlock, ["tcp-connect", value])).toThrow("--tcp-connect: ports from 1 to 65535");
    },
  );

  test.each([
    ["1", [1]],
    ["65535", [65535]],
    ["none", []],
  ])("takes the ports %s to connect to", (value, tcpConnect) => {
    expect(sectionOf(landlock, ["tcp-connect", value])).toEqual({ tcpConnect });
  });

  test("takes port 0 to bind: one that the kernel picks", () => {
    expect(sectionOf(landlock, ["tcp-bind", "0,8080"])).toEqual({ tcpBind: [0, 8080] });
    expect(() => sectionOf(landlock, ["tcp-bind", "65536"])).toThrow("--tcp-bind: ports from 0 to 65535");
  });

  test.each([
    ["none", "443"],
    ["443", "none"],
  ])("refuses %s and then %s, which says two things", (first, second) => {
    expect(() => sectionOf(landlock, ["tcp-connect", first], ["tcp-connect", second])).toThrow("or none alone");
  });

  test.each([
    [{ level: "on" }, '"required" | "preferred"'],
    [{ fs: true }, '"required" | "preferred"'],
    [{ udp: "off" }, "never"],
    [{ tcpConnect: [0] }, ">=1"],
    [{ tcpConnect: [65536] }, "<=65535"],
    [{ tcpBind: [-1] }, ">=0"],
    [{ tcpBind: [1.5] }, "integer"],
    [{ tcpBind: 80 }, "Array"],
    [{ log: "yes" }, "boolean"],
  ])("refuses %j", (section, why) => {
    expect(() => planOf(landlock, section)).toThrow(why);
  });

  test.each([
    [{ tcp: "off", tcpConnect: [443] }, "tcp ports are given, and tcp is off"],
    [{ level: "off", tcpBind: [] }, "tcp ports are given, and tcp is off"],
    [{ fs: "off", unix: "required" }, "unix is required, and fs is off"],
    [{ level: "off", log: true }, "nothing is in force, so that nothing can be logged"],
  ])("refuses the contradiction in %j", (section, why) => {
    expect(() => planOf(landlock, section)).toThrow(why);
  });
});
