import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { environment, identity, namespace } from "../../src/plan/contribution.ts";
import { definePlugin, type Plugin } from "../../src/plugin/define.ts";
import { Disposal } from "../../src/plugin/disposal.ts";
import {
  configurePipeline,
  createPipeline,
  planPipeline,
  resolvePipeline,
  runCreated,
  runExited,
  runPrepare,
  runStarted,
} from "../../src/plugin/driver.ts";
import { fakeHost } from "../support/host.ts";

const CONTEXT = { command: ["true"], terminal: false };
const CHILD = { pid: 7, pidfd: 8 };
const RESULT = { exitCode: 0, signal: undefined, userTimeMs: 0, systemTimeMs: 0, memoryMaxBytes: 0 };
const NOBODY = { uid: 1, gid: 1, outside: "caller", name: "n", home: "/" } as const;

const planned = (...plugins: Plugin[]) => planPipeline(createPipeline(plugins), {}, CONTEXT);
const supervision = (...plugins: Plugin[]) => ({
  pipeline: createPipeline(plugins),
  configs: {},
  disposal: new Disposal(),
});

describe("configuring", () => {
  const sized = definePlugin<{ size: number }>({
    name: "sized",
    summary: "",
    config: v.strictObject({ size: v.optional(v.number(), 3), list: v.optional(v.array(v.string())) }),
  });

  test("gives a plugin without a section its defaults", async () => {
    expect(await configurePipeline(createPipeline([sized]), {})).toEqual({ sized: { size: 3 } });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["an unknown section", { sizd: {} }, 'config: unknown section "sizd"'],
    ["a section that is no table", { sized: [] }, "config: sized: value []: expected a table of keys and values"],
    ["an unknown key", { sized: { sise: 1 } }, "config: unknown key sized.sise"],
    ["a value of the wrong type", { sized: { size: "big" } }, 'config: sized.size: value "big": expected number'],
    ["a value inside of a list", { sized: { list: ["a", 5] } }, "config: sized.list.1: value 5: expected string"],
    ["a key for a plugin that has none", { bare: { x: 1 } }, "config: unknown key bare.x"],
  ])("refuses %s", async (_label, sections, message) => {
    const pipeline = createPipeline([sized, definePlugin({ name: "bare", summary: "" })]);
    expect(configurePipeline(pipeline, sections)).rejects.toThrow(message);
  });
});

describe("resolving", () => {
  test("shows each plugin the checked sections of all", async () => {
    const seen: unknown[] = [];
    const one = definePlugin<{ a: number }>({
      name: "one",
      summary: "",
      config: v.strictObject({ a: v.optional(v.number(), 1) }),
    });
    const other = definePlugin({
      name: "other",
      summary: "",
      resolve(config: unknown, _host, sections) {
        seen.push(sections.one);
        return config;
      },
    });
    const pipeline = createPipeline([one, other]);
    await resolvePipeline(pipeline, await configurePipeline(pipeline, {}), fakeHost());
    expect(seen).toEqual([{ a: 1 }]);
  });

  test("is serial, with each plugin's own config", async () => {
    const log: string[] = [];
    const slow = (name: string, ms: number): Plugin =>
      definePlugin<string>({
        name,
        summary: "",
        async resolve(config) {
          await Bun.sleep(ms);
          log.push(name);
          return `${config}!`;
        },
      });
    const pipeline = createPipeline([slow("a", 3), slow("b", 0)]);
    expect(await resolvePipeline(pipeline, { a: "x", b: "y", c: "z" }, fakeHost())).toEqual({
      a: "x!",
      b: "y!",
      c: "z",
    });
    expect(log).toEqual(["a", "b"]);
  });

  test("names plugin and hook of an unexpected error", async () => {
    const broken = definePlugin({ name: "broken", summary: "", resolve: () => Promise.reject(new Error("oops")) });
    expect(resolvePipeline(createPipeline([broken]), {}, fakeHost())).rejects.toThrow("plugin broken: resolve: oops");
  });
});

describe("planning", () => {
  const first = definePlugin({
    name: "first",
    summary: "",
    *plan() {
      yield namespace("uts");
      yield identity(NOBODY);
    },
  });
  const second = definePlugin({
    name: "second",
    summary: "",
    *plan(_config, ctx) {
      yield environment("HAS", `${ctx.has("uts")} ${ctx.has("net")} ${ctx.identity.uid}`);
    },
  });

  test("shows a plugin what the ones before it have yielded", () => {
    expect(planned(first, second).contributions.at(-1)).toEqual({
      kind: "environment",
      name: "HAS",
      value: "true false 1",
      plugin: "second",
    });
  });

  test("says what is wrong where the identity is read before it is known", () => {
    expect(() => planned(second, first)).toThrow(/plugin second: plan: .*identity/);
  });

  test("lists the plugins that have hooks, and which", () => {
    const hooked = definePlugin({ name: "hooked", summary: "", exited: () => {}, prepare: () => {} });
    expect(planned(first, hooked).supervisedBy).toEqual([{ plugin: "hooked", hooks: ["prepare", "exited"] }]);
  });
});

describe("hooks", () => {
  const recorder = (log: string[], name: string, ms: number): Plugin => {
    const note = async (hook: string): Promise<void> => {
      log.push(`${name} ${hook}`);
      await Bun.sleep(ms);
      log.push(`${name} ${hook} done`);
    };
    return definePlugin({
      name,
      summary: "",
      prepare: () => note("prepare"),
      created: () => note("created"),
      started: () => note("started"),
      exited: () => note("exited"),
    });
  };

  test("prepare and created are serial", async () => {
    const log: string[] = [];
    const both = supervision(recorder(log, "a", 3), recorder(log, "b", 0));
    await runPrepare(both);
    expect(log).toEqual(["a prepare", "a prepare done", "b prepare", "b prepare done"]);
    log.length = 0;
    await runCreated(both, CHILD);
    expect(log).toEqual(["a created", "a created done", "b created", "b created done"]);
  });

  test("started and exited are parallel", async () => {
    const log: string[] = [];
    const both = supervision(recorder(log, "a", 5), recorder(log, "b", 0));
    await runStarted(both, CHILD);
    expect(log).toEqual(["a started", "b started", "b started done", "a started done"]);
    log.length = 0;
    await runExited(both, CHILD, RESULT);
    expect(log).toEqual(["a exited", "b exited", "b exited done", "a exited done"]);
  });

  test("serial ones stop at the first failure", async () => {
    const log: string[] = [];
    const broken = definePlugin({ name: "broken", summary: "", prepare: () => Promise.reject(new Error("oops")) });
    expect(runPrepare(supervision(broken, recorder(log, "b", 0)))).rejects.toThrow("plugin broken: prepare: oops");
    expect(log).toEqual([]);
  });

  test("parallel ones are all waited for, and all their failures are kept", async () => {
    const log: string[] = [];
    const broken = (name: string) =>
      definePlugin({
        name,
        summary: "",
        started: () => {
          throw new Error("oops");
        },
      });
    const thrown = await runStarted(supervision(broken("x"), recorder(log, "b", 3), broken("y")), CHILD).catch(
      (error: unknown) => error,
    );
    expect((thrown as AggregateError).errors.map((error: Error) => error.message)).toEqual([
      "plugin x: started: oops",
      "plugin y: started: oops",
    ]);
    expect(log).toContain("b started done");
  });

  test("hand what they acquire to the disposal, which names the plugin when it fails", async () => {
    const holder = definePlugin({
      name: "holder",
      summary: "",
      prepare: (ctx) => ctx.defer("bridge", () => Promise.reject(new Error("busy"))),
    });
    const held = supervision(holder);
    await runPrepare(held);
    expect((await held.disposal.release()).map(String)).toEqual(["BunkerError: cannot release holder: bridge: busy"]);
  });

  test("are timed, also when they fail", async () => {
    const broken = definePlugin({ name: "broken", summary: "", prepare: () => Promise.reject(new Error("oops")) });
    const { pipeline, ...rest } = supervision(broken);
    await runPrepare({ pipeline, ...rest }).catch(() => {});
    expect(pipeline.timings.records).toMatchObject([{ stage: "prepare", plugin: "broken" }]);
  });
});
