/**
 * A program as a graph of its instructions: what is the same is one node, however many lead to it.
 * @module
 */
import { CODE } from "../linux/bpf.ts";
import { type Action, encodeAction } from "./action.ts";

export type Node =
  | { readonly id: number; readonly kind: "return"; readonly value: number }
  /** `code` with the constant `k`, and on to `next`: a load or an `and`. */
  | { readonly id: number; readonly kind: "step"; readonly code: number; readonly k: number; readonly next: Node }
  | {
      readonly id: number;
      readonly kind: "jump";
      readonly code: number;
      readonly k: number;
      readonly yes: Node;
      readonly no: Node;
    };

type Fresh = Node extends infer N ? (N extends Node ? Omit<N, "id"> : never) : never;

/** A return does not, and a load replaces what is there. */
const looksAtAccumulator = (node: Node): boolean =>
  node.kind === "jump" || (node.kind === "step" && node.code !== CODE.load);

/** Makes nodes; two of the same content are one. */
export class Graph {
  readonly #nodes = new Map<string, Node>();

  get size(): number {
    return this.#nodes.size;
  }

  return(action: Action): Node {
    const value = encodeAction(action);
    return this.#intern(`return ${value}`, { kind: "return", value });
  }

  load(offset: number, next: Node): Node {
    return looksAtAccumulator(next) ? this.#step(CODE.load, offset, next) : next;
  }

  and(k: number, next: Node): Node {
    return looksAtAccumulator(next) ? this.#step(CODE.and, k, next) : next;
  }

  jump(code: number, k: number, yes: Node, no: Node): Node {
    return yes === no ? yes : this.#intern(`${code} ${k} ${yes.id} ${no.id}`, { kind: "jump", code, k, yes, no });
  }

  #step(code: number, k: number, next: Node): Node {
    return this.#intern(`${code} ${k} ${next.id}`, { kind: "step", code, k, next });
  }

  #intern(key: string, fresh: Fresh): Node {
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const node = { ...fresh, id: this.#nodes.size } as Node;
    this.#nodes.set(key, node);
    return node;
  }
}
