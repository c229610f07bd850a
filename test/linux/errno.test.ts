import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import { errnoName, errnos, errnoText } from "../../src/linux/errno.ts";

describe("errnos", () => {
  test.each([
    [1, "EPERM", "operation not permitted"],
    [2, "ENOENT", "no such file or directory"],
    [11, "EAGAIN", "resource temporarily unavailable"],
    [38, "ENOSYS", "function not implemented"],
    [74, "EBADMSG", "bad message"],
    [133, "EHWPOISON", "memory page has hardware error"],
  ])("%i is %s: %s", (number, name, text) => {
    expect([errnoName(number), errnoText(number)]).toEqual([name, text]);
  });

  test("agree with the runtime's own table", () => {
    for (const [name, number] of Object.entries(constants.errno)) {
      if (name in errnos) expect<number>(errnos[name as keyof typeof errnos]).toBe(number);
    }
  });

  test("print numbers that have no name", () => {
    expect([errnoName(4095), errnoText(4095)]).toEqual(["errno 4095", "unknown error 4095"]);
  });
});
