import { describe, expect, test } from "bun:test";
import { Disposal } from "../../src/plugin/disposal.ts";

describe("disposal", () => {
  test("releases in reverse order, one after the other", async () => {
    const log: string[] = [];
    const disposal = new Disposal();
    disposal.defer("first", () => void log.push("first"));
    disposal.defer("second", async () => {
      await Bun.sleep(1);
      log.push("second");
    });
    await disposal.around(() => log.push("body"));
    expect(log).toEqual(["body", "second", "first"]);
  });

  test("releases everything, also after a failure, and keeps all errors with the original first", async () => {
    const log: string[] = [];
    const disposal = new Disposal();
    disposal.defer("one", () => void log.push("one"));
    disposal.defer("two", () => Promise.reject(new Error("busy")));
    const thrown = await disposal
      .around(() => {
        throw new Error("original");
      })
      .catch((error: unknown) => error);
    expect(log).toEqual(["one"]);
    expect(thrown).toBeInstanceOf(AggregateError);
    expect((thrown as AggregateError).errors.map((error: Error) => error.message)).toEqual([
      "original",
      "cannot release two: busy",
    ]);
  });

  test("throws a single error as it is", async () => {
    const original = new Error("original");
    expect(new Disposal().around(() => Promise.reject(original))).rejects.toBe(original);
  });

  test("fails where only a release failed", async () => {
    const disposal = new Disposal();
    disposal.defer("one", () => {
      throw new Error("busy");
    });
    expect(disposal.around(() => "done")).rejects.toThrow("cannot release one: busy");
  });

  test("releases each thing once", async () => {
    let count = 0;
    const disposal = new Disposal();
    disposal.defer("one", () => void count++);
    await disposal.release();
    await disposal.release();
    expect(count).toBe(1);
  });
});
