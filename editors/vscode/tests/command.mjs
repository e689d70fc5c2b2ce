// Which program is the server: src/command.ts, on folders with programs that do nothing.

import assert from "node:assert/strict";
import { build } from "esbuild";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "nth-command-"));
try {
  const compiled = join(folder, "command.mjs");
  await build({ entryPoints: ["src/command.ts"], outfile: compiled, bundle: true, platform: "node", format: "esm" });
  const { findCommand } = await import(compiled);

  const [both, compiler, nothing] = ["both", "compiler", "nothing"].map((name) => {
    const path = join(folder, name);
    mkdirSync(path);
    return path;
  });
  const program = (path) => {
    writeFileSync(path, "#!/bin/sh\n");
    chmodSync(path, 0o755);
    return path;
  };
  const server = program(join(both, "nth-lsp"));
  program(join(both, "nthc"));
  const nthc = program(join(compiler, "nthc"));
  const plain = join(nothing, "nth-lsp");
  writeFileSync(plain, "no program");

  const on = (folders, set = "") => {
    process.env.PATH = folders.join(delimiter);
    return findCommand(set);
  };
  assert.deepEqual(on([nothing, both]), { command: server, args: [] }, "the server, if it is there");
  assert.deepEqual(on([nothing, compiler, both]), { command: server, args: [] }, "wherever on the PATH");
  assert.deepEqual(on([compiler]), { command: nthc, args: ["lsp"] }, "or else the compiler");
  assert.equal(on([nothing, ""]), undefined, "a file that cannot be run is no program");
  assert.deepEqual(on([both], nthc), { command: nthc, args: ["lsp"] }, "what is set comes first");
  assert.deepEqual(on([compiler], "nthc"), { command: nthc, args: ["lsp"] }, "by its name too");
  assert.equal(on([both], join(nothing, "absent")), undefined, "and nothing instead of it");
  process.env.HOME = folder;
  assert.deepEqual(on([nothing], "~/both/nth-lsp"), { command: server, args: [] }, "in one's own folder");
} finally {
  rmSync(folder, { recursive: true });
}
console.log("the commands hold");
