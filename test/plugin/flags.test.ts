import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { definePlugin } from "../../src/plugin/define.ts";
import {
  applyFlags,
  createFlagTable,
  type FlagSpec,
  flagsOf,
  parseFlags,
  refuseUnknown,
} from "../../src/plugin/flags.ts";

const SPECS: readonly FlagSpec[] = [
  { owner: "p", name: "volume", short: "v", value: "SRC:DST", summary: "" },
  { owner: "p", name: "env", short: "e", value: "NAME=VALUE", summary: "" },
  { owner: "p", name: "interactive", short: "i", summary: "" },
  { owner: "p", name: "tty", short: "t", summary: "" },
  { owner: "p", name: "init", summary: "" },
  { owner: "p", name: "no-init", summary: "" },
];
const TABLE = createFlagTable(SPECS);

const parse = (...argv: string[]) => {
  const { given, rest, unknown } = parseFlags(argv, TABLE);
  return {
    given: given.map(({ spec, value }) => [spec.name, value]),
    rest,
    ...(unknown === undefined ? {} : { unknown }),
  };
};

describe("a flag with a value", () => {
  test.each([
    ["--volume /a:/b", ["--volume", "/a:/b"]],
    ["--volume=/a:/b", ["--volume=/a:/b"]],
    ["-v /a:/b", ["-v", "/a:/b"]],
    ["-v/a:/b", ["-v/a:/b"]],
    ["-v=/a:/b", ["-v=/a:/b"]],
  ])("is read as %s", (_label, argv) => {
    expect(parse(...argv, "ls")).toEqual({ given: [["volume", "/a:/b"]], rest: ["ls"] });
  });

  test("may be empty, and may hold further equals signs", () => {
    expect(parse("--env=", "--env=A=B=C").given).toEqual([
      ["env", ""],
      ["env", "A=B=C"],
    ]);
  });

  test("takes a negative number and a dash alone, but never the flag behind it", () => {
    expect(parse("-e", "-5").given).toEqual([["env", "-5"]]);
    expect(parse("-e", "-").given).toEqual([["env", "-"]]);
    expect(() => parse("--env", "--tty", "ls")).toThrow("--env needs a value");
    expect(() => parse("-e", "-t", "ls")).toThrow("-e needs a value");
    expect(() => parse("--env", "--", "ls")).toThrow("--env needs a value");
    expect(parse("--env=--tty").given).toEqual([["env", "--tty"]]);
  });

  test("without one at the end of the line is refused", () => {
    expect(() => parse("--volume")).toThrow("--volume needs a value: --volume SRC:DST");
  });
});

describe("a switch", () => {
  test("may stand in a cluster, whose last flag may take a value", () => {
    expect(parse("-it", "sh").given).toEqual([
      ["interactive", "true"],
      ["tty", "true"],
    ]);
    expect(parse("-itv", "/a:/b", "sh")).toEqual({
      given: [
        ["interactive", "true"],
        ["tty", "true"],
        ["volume", "/a:/b"],
      ],
      rest: ["sh"],
    });
    expect(parse("-itv/a:/b").given.at(-1)).toEqual(["volume", "/a:/b"]);
  });

  test("may be given as true and as nothing else; the hint names the opposite where there is one", () => {
    expect(parse("--init=true").given).toEqual([["init", "true"]]);
    expect(() => parse("--init=false")).toThrow("--init is a switch");
    expect(() => parse("-t=no")).toThrow("-t is a switch");
  });
});

describe("flags end", () => {
  test("at the first word that is none; what follows is the command's", () => {
    expect(parse("-t", "ls", "-i", "--volume", "x")).toEqual({
      given: [["tty", "true"]],
      rest: ["ls", "-i", "--volume", "x"],
    });
  });

  test("at --, which is not part of the command", () => {
    expect(parse("-t", "--", "--tty", "--")).toEqual({ given: [["tty", "true"]], rest: ["--tty", "--"] });
  });

  test("at the first unknown flag: nothing behind it is read", () => {
    expect(parse("-t", "--new", "x", "--volume", "y")).toEqual({
      given: [["tty", "true"]],
      rest: ["--new", "x", "--volume", "y"],
      unknown: "--new",
    });
  });

  test("at a cluster with an unknown letter, none of which counts", () => {
    expect(parse("-itz", "x")).toEqual({ given: [], rest: ["-itz", "x"], unknown: "-z" });
  });
});

test("an unknown flag is refused with the nearest one", () => {
  try {
    refuseUnknown("--volum", TABLE, "bunker run");
  } catch (error) {
    expect(error).toMatchObject({
      code: "E_UNKNOWN_FLAG",
      message: "unknown flag --volum",
      hint: "did you mean --volume?",
    });
    return;
  }
  throw new Error("not refused");
});

test("nothing is negated or shortened by guess", () => {
  expect(parse("--no-tty").unknown).toBe("--no-tty");
  expect(parse("--vol").unknown).toBe("--vol");
  expect(parse("--constructor").unknown).toBe("--constructor");
});

test("what is written is what is read, in any of its forms", () => {
  const value = fc.string().filter((text) => !/^-[^\d]/.test(text));
  const flag = fc.oneof(
    fc.record({
      name: fc.constantFrom("volume", "env"),
      value,
      form: fc.constantFrom("long", "equals", "short", "attached"),
    }),
    fc.record({
      name: fc.constantFrom("interactive", "tty", "init"),
      value: fc.constant("true"),
      form: fc.constant("switch"),
    }),
  );
  const words = ({ name, value, form }: { name: string; value: string; form: string }): string[] => {
    const short = `-${name[0]}`;
    if (form === "switch") return [`--${name}`];
    if (form === "equals") return [`--${name}=${value}`];
    if (form === "long") return [`--${name}`, value];
    return form === "short" || value === "" ? [short, value] : [`${short}=${value}`];
  };
  const command = fc.array(fc.string()).map((rest) => ["ls", ...rest]);
  fc.assert(
    fc.property(fc.array(flag), command, fc.boolean(), (flags, rest, separated) => {
      const argv = [...flags.flatMap(words), ...(separated ? ["--"] : []), ...rest];
      expect(parse(...argv)).toEqual({ given: flags.map(({ name, value }) => [name, value]), rest });
    }),
  );
});

test("no line of words makes the parser do anything but answer or refuse", () => {
  const word = fc.oneof(fc.string(), fc.constantFrom("--", "-", "-v", "--volume", "--env=", "-it", "-i=", "--=", "-="));
  fc.assert(
    fc.property(fc.array(word), (argv) => {
      try {
        const { rest } = parseFlags(argv, TABLE);
        expect(argv.slice(argv.length - rest.length)).toEqual([...rest]);
      } catch (error) {
        expect(error).toMatchObject({ name: "BunkerError" });
      }
    }),
  );
});

describe("declaring", () => {
  test("the same flag twice names both plugins", () => {
    const other: FlagSpec = { owner: "q", name: "x", short: "v", summary: "" };
    expect(() => createFlagTable([...SPECS, other])).toThrow("plugins p and q both declare the flag -v");
  });

  test.each(["", "A", "-x", "a b", "a=b"])("the flag %p is not allowed", (name) => {
    expect(() => createFlagTable([{ owner: "p", name, summary: "" }])).toThrow("not allowed");
  });

  test.each(["", "ab", "1", "-", "="])("the short form %p is not allowed", (short) => {
    expect(() => createFlagTable([{ owner: "p", name: "x", short, summary: "" }])).toThrow("not allowed");
  });
});

describe("applying", () => {
  const plugin = definePlugin<{ words: readonly string[] }>({
    name: "p",
    summary: "",
    flags: {
      word: {
        short: "w",
        value: "WORD",
        summary: "",
        apply: (section, value, ctx) =>
          value === "bad" ? ctx.refuse(value, "good") : { words: [...(section.words ?? []), `${ctx.cwd}/${value}`] },
      },
    },
  });
  const apply = (argv: string[], sections = {}) =>
    applyFlags(parseFlags(argv, createFlagTable(flagsOf([plugin]))).given, [plugin], sections, "/here");

  test("goes in order, on top of what a file says", () => {
    expect(apply(["-w", "a", "--word", "b"], { p: { words: ["file"] }, q: 1 })).toEqual({
      p: { words: ["file", "/here/a", "/here/b"] },
      q: 1,
    });
  });

  test("refuses with the flag as it was written, the value, and what is allowed", () => {
    expect(() => apply(["-w", "bad"])).toThrow('-w: "bad" is not allowed');
  });
});
