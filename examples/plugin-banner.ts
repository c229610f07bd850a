/**
 * An example of a plugin: a flag, a variable and a file inside, and hooks that run outside.
 *
 *     bunker run --plugin examples/plugin-banner.ts --banner "keep calm" cat /etc/motd
 *
 * @module
 */
import { definePlugin, entry, environment } from "bunker";

interface Config {
  readonly text?: string;
}

export default definePlugin<Config>({
  name: "banner",
  summary: "Greets the payload, and says on standard error when it starts and ends",
  after: ["rootfs"],

  // Any schema library that follows https://standardschema.dev will do; this is what it comes down to.
  config: {
    "~standard": {
      version: 1,
      vendor: "example",
      validate(value) {
        const { text, ...others } = value as { text?: unknown };
        const [unknown] = Object.keys(others);
        if (unknown !== undefined) return { issues: [{ message: "there is only `text`", path: [unknown] }] };
        if (text === undefined) return { value: {} };
        return typeof text === "string"
          ? { value: { text } }
          : { issues: [{ message: "expected a string", path: ["text"] }] };
      },
    },
  },

  flags: {
    banner: {
      value: "TEXT",
      summary: "Put TEXT into /etc/motd and the variable BANNER",
      apply: (section, text, ctx) =>
        text === "" ? ctx.refuse(text, "a text that is not empty") : { ...section, text },
    },
  },

  *plan({ text }) {
    if (text === undefined) return;
    yield environment("BANNER", text);
    yield entry({ type: "file", target: "/etc/motd", mode: 0o444, content: [`${text}\n`] });
  },

  started(child) {
    console.error(`banner: started, pid ${child.pid} outside`);
  },

  exited(_child, result) {
    console.error(`banner: exited with ${result.exitCode}`);
  },
});
