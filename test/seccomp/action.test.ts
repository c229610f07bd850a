import { expect, test } from "bun:test";
import { type Action, decodeAction, encodeAction, mildness, printAction } from "../../src/seccomp/action.ts";

// Numbers of include/uapi/linux/seccomp.h.
const ACTIONS: readonly [string, Action, number][] = [
  ["kill process", { kind: "killProcess" }, 0x80000000],
  ["kill thread", { kind: "killThread" }, 0x00000000],
  ["trap", { kind: "trap", data: 0 }, 0x00030000],
  ["trap 7", { kind: "trap", data: 7 }, 0x00030007],
  ["EPERM", { kind: "errno", errno: 1 }, 0x00050001],
  ["ENOSYS", { kind: "errno", errno: 38 }, 0x00050026],
  ["errno 0", { kind: "errno", errno: 0 }, 0x00050000],
  ["notify", { kind: "notify" }, 0x7fc00000],
  ["trace 65535", { kind: "trace", data: 0xffff }, 0x7ff0ffff],
  ["log", { kind: "log" }, 0x7ffc0000],
  ["allow", { kind: "allow" }, 0x7fff0000],
];

test.each(ACTIONS)("%s is encoded and decoded as the kernel has it", (text, action, value) => {
  expect(encodeAction(action)).toBe(value);
  expect(decodeAction(value)).toEqual(action);
  expect(printAction(action)).toBe(text);
});

test("what the kernel does not know kills, and an errno is no larger than errnos are", () => {
  expect(decodeAction(0x12340000)).toEqual({ kind: "killProcess" });
  expect(decodeAction(0x0005ffff)).toEqual({ kind: "errno", errno: 4095 });
  expect(decodeAction(0x7fff1234)).toEqual({ kind: "allow" });
});

test("the order is the one in which the kernel prefers answers: signed, the lowest first", () => {
  const signed = (action: Action): number => encodeAction(action) | 0;
  const actions = ACTIONS.map(([, action]) => action);
  const byKernel = actions.toSorted((one, other) => signed(one) - signed(other)).map(({ kind }) => kind);
  const byUs = actions.toSorted((one, other) => mildness(one) - mildness(other)).map(({ kind }) => kind);
  expect(byUs).toEqual(byKernel);
});
