/**
 * A value of a JSON file with its place in it: every refusal names the path, the value and what is allowed.
 * @module
 */
import { profileField, profileKey } from "../../errors/seccomp.ts";

const U64_MAX = 2n ** 64n - 1n;

/** Integers that a double cannot hold stay exact: arguments have 64 bits. */
export const parseJson = (text: string): unknown =>
  JSON.parse(text, ((_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source ?? "";
    return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
  }) as (key: string, value: unknown) => unknown);

export class Field {
  readonly #file: string;
  readonly #path: string;
  readonly value: unknown;

  constructor(file: string, value: unknown, path = "") {
    this.#file = file;
    this.#path = path;
    this.value = value;
  }

  get path(): string {
    return this.#path;
  }

  /** Docker writes `null` for a list that is empty. */
  get isPresent(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  refuse(allowed: string): never {
    throw profileField(this.#file, this.#path || "the file", this.value, allowed);
  }

  /** An object with none but these keys. */
  object<K extends string>(...keys: readonly K[]): Readonly<Record<K, Field>> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) this.refuse("an object");
    const value = this.value as Readonly<Record<string, unknown>>;
    const unknown = Object.keys(value).find((key) => !keys.includes(key as K));
    if (unknown !== undefined) throw profileKey(this.#file, this.#below(unknown), unknown, keys);
    const fields = keys.map((key) => [key, this.#child(this.#below(key), value[key])] as const);
    return Object.fromEntries(fields) as Record<K, Field>;
  }

  /** Absent is empty. */
  list(): readonly Field[] {
    if (!this.isPresent) return [];
    if (!Array.isArray(this.value)) return this.refuse("a list");
    return this.value.map((item, index) => this.#child(`${this.#path}[${index}]`, item));
  }

  string(allowed = "a string"): string {
    return typeof this.value === "string" && this.value !== "" ? this.value : this.refuse(allowed);
  }

  oneOf<T extends string>(words: readonly T[]): T {
    return words.includes(this.value as T) ? (this.value as T) : this.refuse(words.join(", "));
  }

  matching(pattern: RegExp, allowed: string): string {
    const text = this.string(allowed);
    return pattern.test(text) ? text : this.refuse(allowed);
  }

  integer(max: bigint = U64_MAX): bigint {
    const { value } = this;
    const isInteger = typeof value === "bigint" || Number.isSafeInteger(value);
    const integer = isInteger ? BigInt(value as bigint | number) : -1n;
    return integer >= 0n && integer <= max ? integer : this.refuse(`a whole number from 0 to ${max}`);
  }

  #below(key: string): string {
    return this.#path === "" ? key : `${this.#path}.${key}`;
  }

  #child(path: string, value: unknown): Field {
    return new Field(this.#file, value, path);
  }
}
