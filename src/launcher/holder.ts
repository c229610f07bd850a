/**
 * A process that does nothing: its user namespace is there for as long as it is. It ends with the writing end of its pipe, and so with
 * whoever holds that.
 * @module
 */
import { buffer, label } from "../ir/build.ts";
import { call, exitGroup, ignoring } from "../ir/calls.ts";
import type { Program } from "../ir/program.ts";
import { EXIT } from "../linux/process.ts";

/** Where it finds the reading end. */
export const HOLDER_PIPE = 3;

export const holderProgram = (): Program => ({
  shape: "image",
  onFail: "failed",
  slots: [],
  ops: [ignoring(call("read", [HOLDER_PIPE, buffer("nothing", 16), 1])), label("failed"), exitGroup(EXIT.failed)],
});
