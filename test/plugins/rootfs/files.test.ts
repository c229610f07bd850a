import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PATH_BYTES_MAX } from "../../../plugins/path.ts";
import { FILE_BYTES_MAX, parseFile, parseSymlink } from "../../../plugins/rootfs/files.ts";

describe("files", () => {
  test.each([
    ["/a=", { target: "/a", text: "" }],
    ["/a=x", { target: "/a", text: "x" }],
    ["/etc/app.conf=a=b=c\n", { target: "/etc/app.conf", text: "a=b=c\n" }],
    ["/a//./b=\0é", { target: "/a/b", text: "\0é" }],
  ])("%p", (text, file) => {
    expect(parseFile(text)).toEqual(file);
  });

  test.each([
    ["/a", "DST=TEXT"],
    ["", "DST=TEXT"],
    ["=x", "absolute path"],
    ["a=x", "absolute path"],
    ["/a/../b=x", "without `..`"],
    ["/etc=x", "belongs to the sandbox"],
    ["/proc/x=x", "belongs to the sandbox"],
    ["/dev/x=x", "belongs to the sandbox"],
    ["/=x", "belongs to the sandbox"],
  ])("refuses %p", (text, problem) => {
    expect(parseFile(text)).toContain(problem);
  });

  test("have a limit, counted in bytes", () => {
    const text = "é".repeat(FILE_BYTES_MAX / 2);
    expect(parseFile(`/a=${text}`)).toBeObject();
    expect(parseFile(`/a=${text}x`)).toContain(`${FILE_BYTES_MAX + 1} bytes long`);
  });

  test("have any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseFile(`/a=${text}`)).toEqual({ target: "/a", text });
      }),
    );
  });
});

describe("links", () => {
  test.each([
    ["a:/b", { to: "a", target: "/b" }],
    ["/x/../y:/b/", { to: "/x/../y", target: "/b" }],
    ["../a b:/etc/localtime", { to: "../a b", target: "/etc/localtime" }],
  ])("%p", (text, link) => {
    expect(parseSymlink(text)).toEqual(link);
  });

  test.each([
    ["a", "TARGET:LINKPATH"],
    ["a:/b:/c", "TARGET:LINKPATH"],
    [":/b", "is empty"],
    ["a\n:/b", "control characters"],
    ["a:b", "absolute path"],
    ["a:/proc/x", "belongs to the sandbox"],
  ])("refuses %p", (text, problem) => {
    expect(parseSymlink(text)).toContain(problem);
  });

  test("point to paths of a length that a path can have", () => {
    expect(parseSymlink(`${"x".repeat(PATH_BYTES_MAX)}:/b`)).toBeObject();
    expect(parseSymlink(`${"x".repeat(PATH_BYTES_MAX + 1)}:/b`)).toContain("longer than");
  });
});
