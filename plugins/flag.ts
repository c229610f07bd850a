/**
 * The two shapes that most flags have: one of a few words, and one more item of a list.
 * @module
 */
import { type Flag, refuse } from "../src/api.ts";

/** `--ipc private|host`: sets `key` to one of the words. */
export const choice = <Config>(key: keyof Config, words: readonly string[], summary: string): Flag<Config> => ({
  value: words.join("|"),
  summary,
  apply: (section, value, ctx) =>
    words.includes(value) ? { ...section, [key]: value } : ctx.refuse(value, words.join(" or ")),
});

interface ListFlag<Config> extends Pick<Flag<Config>, "short" | "summary"> {
  readonly key: keyof Config;
  readonly value: string;
  /** What is wrong with one item, or undefined. */
  problem?(item: string): string | undefined;
  /** Several items in one value: `a,b`. */
  readonly commas?: boolean;
}

/** `--volume A --volume B`: adds to the list in `key`. */
export const listOf = <Config>({ key, problem, commas, ...flag }: ListFlag<Config>): Flag<Config> => ({
  ...flag,
  apply(section, value, ctx) {
    const items = commas ? value.split(",") : [value];
    for (const item of items) {
      const wrong = item === "" ? "an empty item" : problem?.(item);
      if (wrong === undefined) continue;
      refuse({
        code: "E_FLAG_VALUE",
        message: `${ctx.flag}: ${JSON.stringify(value)}: ${wrong}`,
        hint: `usage: ${ctx.flag} ${flag.value}`,
      });
    }
    const before = (section as Partial<Record<keyof Config, readonly string[]>>)[key] ?? [];
    return { ...section, [key]: [...before, ...items] };
  },
});

/** `--read-only`: sets `key` to a fixed value. */
export const toggle = <Config>(key: keyof Config, to: boolean, summary: string): Flag<Config> => ({
  summary,
  apply: (section, value, ctx) =>
    value === "true" ? { ...section, [key]: to } : ctx.refuse(value, "nothing: it is a switch"),
});
