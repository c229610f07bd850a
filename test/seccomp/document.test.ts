import { expect, test } from "bun:test";
import { join } from "node:path";
import { AUDIT_ARCH } from "../../src/linux/seccomp.ts";
import { compile } from "../../src/seccomp/compile.ts";
import { Graph } from "../../src/seccomp/graph.ts";
import { interpret } from "../../src/seccomp/interpret.ts";
import { rangesOf } from "../../src/seccomp/numbers.ts";
import { policyOf } from "../../src/seccomp/policy.ts";
import { defaultProfile } from "../../src/seccomp/profiles/default.ts";
import { strictProfile } from "../../src/seccomp/profiles/strict.ts";
import { ROOT } from "../support/binary.ts";

const text = (await Bun.file(join(ROOT, "docs/seccomp.md")).text()).replaceAll("\\", "");

const section = (title: string): string => text.split(/^##+ /m).find((part) => part.startsWith(title)) ?? "";

const deniedBy = (rules: readonly { names: readonly string[]; action: { kind: string } }[]): readonly string[] =>
  rules.filter(({ action }) => action.kind !== "allow").flatMap(({ names }) => names);

test("every call that the default profile denies is argued", () => {
  const named = new Set((section("Left out") + section("Allowed with conditions")).match(/\w+/g));
  expect(deniedBy(defaultProfile().rules).filter((name) => !named.has(name))).toEqual([]);
});

test("every call that only the strict profile denies is named", () => {
  const strict = section("The profile `strict`");
  const usual = new Set(deniedBy(defaultProfile().rules));
  const families = /^(shm|sem|msg|mq_|io_)/;
  const further = deniedBy(strictProfile().rules).filter((name) => !usual.has(name) && !families.test(name));
  const named = new Set(strict.match(/\w+/g));
  expect(further.filter((name) => !named.has(name))).toEqual([]);
  expect(strict).toContain("System V IPC and POSIX message queues; asynchronous I/O");
});

test("the sizes of the filters are as it says", () => {
  const policy = policyOf(defaultProfile(), "x64");
  const program = compile(policy);
  const paths = Array.from({ length: policy.last + 1 }, (_, number) => number)
    .filter((number) => (policy.rules.get(number) ?? []).every(({ when }) => when === undefined))
    .map((number) => interpret(program, { arch: AUDIT_ARCH.x64, number, args: [] }).path.length);
  expect(text).toContain(`at most ${Math.max(...paths)} are executed`);
  const [size, strict] = [compile(policy).length, compile(policyOf(strictProfile(), "x64")).length];
  expect(text).toContain(`\`default\` has ${size} instructions on x64, \`strict\` ${strict}`);
  expect(text).toContain(
    `decision changes (${rangesOf(policy, new Graph()).length} of ${policy.last + 1} numbers on x64)`,
  );
});
