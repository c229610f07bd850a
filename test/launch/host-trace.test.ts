import { expect, test } from "bun:test";
import { stillAnswers, traceHost } from "../../src/launch/host-trace.ts";
import { encodeKept } from "../../src/launch/kept-file.ts";
import { fakeHost } from "../support/host.ts";

const nodes = { "/d": "directory", "/d/a": "=" } as const;

test("a listing is a question with an answer, and not the same when the directory is another", () => {
  const trace = traceHost(fakeHost({ nodes }));
  expect(trace.host.list("/d")).toEqual([{ name: "a", type: "file" }]);
  const questions = trace.questions();
  expect(questions).toEqual([{ of: "list", args: ["/d"], answer: '[{"name":"a","type":"file"}]' }]);
  expect(stillAnswers(fakeHost({ nodes }), questions)).toBe(true);
  expect(stillAnswers(fakeHost({ nodes: { ...nodes, "/d/b": "=" } }), questions)).toBe(false);
  expect(stillAnswers(fakeHost({ nodes: { ...nodes, "/d/a": "directory" } }), questions)).toBe(false);
  expect(stillAnswers(fakeHost(), questions)).toBe(false);
});

test("a directory that is none is remembered as such", () => {
  const trace = traceHost(fakeHost());
  expect(trace.host.list("/none")).toBeUndefined();
  expect(stillAnswers(fakeHost(), trace.questions())).toBe(true);
  expect(stillAnswers(fakeHost({ nodes: { "/none": "directory" } }), trace.questions())).toBe(false);
});

test("what rests on a listing is not kept", () => {
  const keptFor = {
    words: ["run"],
    cwd: "/",
    uid: 1,
    gid: 1,
    terminal: false,
    nofile: { soft: 1, hard: 1 },
    executable: "/b",
    identity: new Uint8Array(28),
  };
  const prepared = {
    image: new Uint8Array(1),
    namespaces: 0,
    sources: [],
    secrets: [],
    tellsWritten: false,
    ownIds: undefined,
    maps: undefined,
    oomScore: 0,
    ambient: true,
    relays: true,
    terminal: 0,
    waits: false,
    init: true,
  };
  const trace = traceHost(fakeHost({ nodes }));
  trace.host.nodeType("/d");
  expect(encodeKept(keptFor, trace.questions(), prepared)).toBeInstanceOf(Uint8Array);
  trace.host.list("/d");
  expect(encodeKept(keptFor, trace.questions(), prepared)).toBeUndefined();
});
