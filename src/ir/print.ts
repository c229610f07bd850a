/**
 * A program as text, in strace's notation: what `bunker explain --syscalls` shows and what tests compare.
 * @module
 */
import type { OnErrno, Op, Operand } from "./op.ts";
import type { Program } from "./program.ts";

const SIGNS = {
  add: "+",
  subtract: "-",
  and: "&",
  or: "|",
  shiftLeft: "<<",
  shiftRight: ">>",
  divide: "/",
  remainder: "%",
};
const COMPARISONS = { equal: "==", notEqual: "!=", less: "<", greaterOrEqual: ">=", greater: ">", lessOrEqual: "<=" };
const SHOWN_CHARACTERS_MAX = 60;

const shorten = (value: string): string =>
  value.length <= SHOWN_CHARACTERS_MAX ? value : `${value.slice(0, SHOWN_CHARACTERS_MAX - 1)}…`;

/** Control characters are escaped as JSON does, so that a listing never writes to the terminal what a config said. */
const quote = (value: string): string => shorten(JSON.stringify(value).replace(/[\u007f-\u009f]/g, "\u{fffd}"));

export const printOperand = (operand: Operand): string => {
  if (typeof operand !== "object") return String(operand);
  switch (operand.kind) {
    case "slot":
      return operand.name;
    case "slotAddress":
      return `&${operand.slot}`;
    case "constant":
      return operand.text;
    case "text":
      return quote(operand.text);
    case "bytes":
      return operand.shown ?? `bytes[${operand.bytes.length}]`;
    case "vector":
      return shorten(`[${operand.items.map(printOperand).join(", ")}]`);
    case "buffer":
      return `${operand.name}[${operand.sizeBytes}]`;
  }
};

const printOnErrno = (onErrno: OnErrno): string => {
  if (onErrno.kind === "fail") return "";
  const errnos = onErrno.errnos.join("|") || "any error";
  return onErrno.kind === "ignore" ? `  or ignore ${errnos}` : `  or ${errnos} → ${onErrno.to}`;
};

/** One operation, without its origin. */
export const printOp = (op: Op): string => {
  switch (op.kind) {
    case "syscall": {
      const result = op.into === undefined ? "" : `${op.into.name} = `;
      return `${result}${op.name}(${op.args.map(printOperand).join(", ")})${printOnErrno(op.onErrno)}`;
    }
    case "set":
      return `${op.into.name} = ${printOperand(op.value)}`;
    case "compute":
      return `${op.into.name} = ${printOperand(op.left)} ${SIGNS[op.operation]} ${printOperand(op.right)}`;
    case "load":
      return `${op.into.name} = ${op.signed ? "i" : "u"}${op.width * 8} ${printOperand(op.base)}[${op.offsetBytes}]`;
    case "store":
      return `u${op.width * 8} ${printOperand(op.base)}[${op.offsetBytes}] = ${printOperand(op.value)}`;
    case "label":
      return `${op.name}:`;
    case "jump":
      return `goto ${op.to}`;
    case "branch":
      return `if ${printOperand(op.left)} ${COMPARISONS[op.comparison]} ${printOperand(op.right)} goto ${op.to}`;
    case "resume":
      return "resume";
    case "fail":
      return `fail ${printOperand(op.errno)}  # ${op.origin.sentence}`;
  }
};

/** The whole program, one operation a line, labels at the margin; `origins` adds who asked for each phase's calls. */
export const printProgram = (program: Program, { origins = false } = {}): string => {
  let heading = "";
  return program.ops
    .flatMap((op) => {
      const line = op.kind === "label" ? printOp(op) : `  ${printOp(op)}`;
      const next = op.kind === "syscall" && op.origin ? `# ${op.origin.phase} · ${op.origin.plugin}` : heading;
      if (!origins || next === heading) return [line];
      heading = next;
      return [heading, line];
    })
    .join("\n");
};
