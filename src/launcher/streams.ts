/**
 * Standard streams that are open, whatever the caller has closed.
 * @module
 */
import { flags, jump, label, slot, text } from "../ir/build.ts";
import { AT_FDCWD, call, onErrno } from "../ir/calls.ts";
import type { Op } from "../ir/op.ts";
import { O_RDWR } from "../linux/file.ts";

const F_GETFD = 1;

/**
 * A closed stream would give its number to the first descriptor that is opened: it becomes /dev/null, as JavaScript runtimes have it.
 * The lowest free number is taken, and those below are open by then.
 */
export const openStreams = (): readonly Op[] =>
  [0, 1, 2].flatMap((fd) => [
    onErrno(call("fcntl", [fd, flags({ F_GETFD }), 0], slot("null")), ["EBADF"], `open ${fd}`),
    jump(`is open ${fd}`),
    label(`open ${fd}`),
    call("openat", [AT_FDCWD, text("/dev/null"), flags({ O_RDWR }), 0], slot("null")),
    label(`is open ${fd}`),
  ]);
