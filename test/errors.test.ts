import { describe, expect, test } from "bun:test";
import { commandNotInside } from "../src/errors/command.ts";
import { badFlagValue } from "../src/errors/usage.ts";
import { BunkerError, conflict, errorToJson, exitStatus, refuse, renderError } from "../src/errors.ts";

const anError = new BunkerError({ code: "E_X", message: "it broke", hint: "mend it", details: { part: 1 } });

describe("rendering", () => {
  test("puts the hint below, both texts in one column", () => {
    expect(renderError(anError)).toBe("bunker: error: it broke\n         hint: mend it");
  });

  test("leaves the hint out where there is none", () => {
    expect(renderError(new BunkerError({ code: "E_X", message: "it broke" }))).toBe("bunker: error: it broke");
  });

  test("indents the further lines of a hint", () => {
    const text = renderError(new BunkerError({ code: "E_X", message: "m", hint: "one\ntwo" }));
    expect(text.split("\n").at(-1)).toBe(`${" ".repeat(15)}two`);
  });

  test("colours only where it is told to", () => {
    expect(renderError(anError)).not.toContain("\u001b");
    expect(renderError(anError, { colour: true })).toContain("\u001b[31merror\u001b[0m");
  });

  test("shows every error of an AggregateError, the first one first", () => {
    const both = new AggregateError([anError, new BunkerError({ code: "E_Y", message: "and that" })]);
    expect(renderError(both)).toBe("bunker: error: it broke\n         hint: mend it\nbunker: error: and that");
  });

  test("calls an error that is none of ours internal, and keeps its stack", () => {
    expect(renderError(new TypeError("oops"))).toContain("internal error: TypeError: oops");
  });

  test("never lets a value write to the terminal, whoever made the message", () => {
    const nasty = "\u001b[2J\u0007\u202e\r\u009b";
    for (const error of [
      badFlagValue("--name", nasty, "a name"),
      new BunkerError({ code: "E_X", message: nasty, hint: nasty }),
    ]) {
      expect(renderError(error)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });
});

describe("machines", () => {
  test("get code, message, hint and fields", () => {
    expect(errorToJson(anError)).toEqual({ code: "E_X", message: "it broke", hint: "mend it", details: { part: 1 } });
  });

  test("get the other errors of an AggregateError too", () => {
    expect(errorToJson(new AggregateError([anError, anError]))).toMatchObject({ code: "E_X", also: [{ code: "E_X" }] });
  });
});

describe("exit statuses", () => {
  test("are 125 for Bunker's own failures and for what is unexpected", () => {
    expect(exitStatus(anError)).toBe(125);
    expect(exitStatus(new TypeError("oops"))).toBe(125);
  });

  test("are 127 for a command that is not there, also as the first of several errors", () => {
    const missing = commandNotInside("deno", "/opt/deno/bin/deno");
    expect(exitStatus(missing)).toBe(127);
    expect(exitStatus(new AggregateError([missing, anError]))).toBe(127);
  });
});

test("a plugin refuses with a code of its own", () => {
  expect(() => refuse({ code: "E_BRIDGE", message: "no bridge" })).toThrow("no bridge");
});

test("a conflict names what it is about and both plugins", () => {
  expect(conflict("mount at /etc", "rootfs", "banner").message).toBe(
    "conflict: rootfs and banner disagree on mount at /etc",
  );
});
