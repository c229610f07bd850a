/**
 * A policy → the filter that the kernel runs.
 *
 * The architecture is looked at first: numbers of another one mean other calls. Then the number is searched for, and only then, for the
 * few calls that have conditions, arguments are loaded.
 * @module
 */
import { filterTooLarge } from "../errors/seccomp.ts";
import { CODE, INSTRUCTIONS_MAX } from "../linux/bpf.ts";
import { AUDIT_ARCH, SECCOMP_DATA } from "../linux/seccomp.ts";
import { emit } from "./emit.ts";
import { Graph, type Node } from "./graph.ts";
import type { Instruction } from "./instruction.ts";
import { rangesOf, search } from "./numbers.ts";
import { FOREIGN, type Policy } from "./policy.ts";

const graphOf = (policy: Policy): Node => {
  const graph = new Graph();
  const byNumber = graph.load(SECCOMP_DATA.nr, search(graph, rangesOf(policy, graph)));
  const arch = graph.jump(CODE.equal, AUDIT_ARCH[policy.arch], byNumber, graph.return(FOREIGN));
  return graph.load(SECCOMP_DATA.arch, arch);
};

/** @throws BunkerError for a policy that no filter has room for */
export const compile = (policy: Policy): readonly Instruction[] => {
  const program = emit(graphOf(policy));
  if (program.length > INSTRUCTIONS_MAX) throw filterTooLarge(program.length, INSTRUCTIONS_MAX);
  return program;
};
