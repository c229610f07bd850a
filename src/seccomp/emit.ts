/**
 * A graph of instructions → a program.
 *
 * Written from its end: what a jump leads to has its place before the jump has one, so that every jump goes forward and its distance is
 * known. Where a conditional jump would have to reach further than its 8 bits do, it leads to a copy of the return, or to a long jump, that
 * is put behind it.
 * @module
 */
import { CODE, JUMP_MAX } from "../linux/bpf.ts";
import type { Node } from "./graph.ts";
import type { Instruction } from "./instruction.ts";

type JumpNode = Extract<Node, { kind: "jump" }>;

class Emitter {
  /** The program, last instruction first. */
  readonly #backwards: Instruction[] = [];
  /** Where a node stands; for a node that was too far away, where its stand-in does. */
  readonly #places = new Map<Node, number>();
  /** Where it really stands. */
  readonly #homes = new Map<Node, number>();

  get program(): readonly Instruction[] {
    return this.#backwards.toReversed();
  }

  emit(node: Node): void {
    if (this.#homes.has(node)) return;
    if (node.kind === "return") this.#push(CODE.return, node.value);
    else if (node.kind === "step") this.#emitStep(node.code, node.k, node.next);
    else this.#emitJump(node);
    const place = this.#backwards.length - 1;
    this.#homes.set(node, place);
    this.#places.set(node, place);
  }

  /** What comes next must stand right behind. */
  #emitStep(code: number, k: number, next: Node): void {
    this.emit(next);
    if (this.#distance(this.#homes.get(next)) > 0) this.#standIn(next);
    this.#push(code, k);
  }

  #emitJump({ code, k, yes, no }: JumpNode): void {
    this.emit(no);
    this.emit(yes);
    while (Math.max(this.#reach(yes), this.#reach(no)) > JUMP_MAX)
      this.#standIn(this.#reach(yes) > JUMP_MAX ? yes : no);
    this.#push(code, k, this.#reach(yes), this.#reach(no));
  }

  /** How many instructions lie between the next one to be written and a place. */
  #distance(place = 0): number {
    return this.#backwards.length - 1 - place;
  }

  #reach(node: Node): number {
    return this.#distance(this.#places.get(node));
  }

  #standIn(node: Node): void {
    if (node.kind === "return") this.#push(CODE.return, node.value);
    else this.#push(CODE.jump, this.#distance(this.#homes.get(node)));
    this.#places.set(node, this.#backwards.length - 1);
  }

  #push(code: number, k: number, yes = 0, no = 0): void {
    this.#backwards.push({ code, yes, no, k });
  }
}

export const emit = (entry: Node): readonly Instruction[] => {
  const emitter = new Emitter();
  emitter.emit(entry);
  return emitter.program;
};
