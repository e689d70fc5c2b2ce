// Tokenises every `.nth` file below the folders that are named: nothing in them is illegal, and nothing is left open at
// their ends, where a word that begins a block is highlighted as one.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const require = createRequire(import.meta.url);
const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm.buffer);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => textmate.parseRawGrammar(readFileSync("syntaxes/nth.tmLanguage.json", "utf8"), "nth.json"),
});
const grammar = await registry.loadGrammar("source.nth");

let files = 0;
const wrong = [];
for (const folder of process.argv.slice(2)) {
  for (const entry of readdirSync(folder, { recursive: true })) {
    if (entry.endsWith(".nth")) {
      files += 1;
      check(`${folder}/${entry}`);
    }
  }
}
if (files === 0) {
  wrong.push("there is no .nth file in the folders that are named");
}
for (const line of wrong) {
  console.error(line);
}
console.log(`${files} files`);
process.exitCode = wrong.length === 0 ? 0 : 1;

function check(file) {
  let state = textmate.INITIAL;
  const lines = [...readFileSync(file, "utf8").split("\n"), "service after-all {"];
  lines.forEach((line, index) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    for (const { startIndex, endIndex, scopes } of tokens) {
      if (scopes.some((scope) => scope.startsWith("invalid."))) {
        wrong.push(`${file}:${index + 1}: ${JSON.stringify(line.slice(startIndex, endIndex))}: ${scopes.join(" ")}`);
      }
    }
    if (index === lines.length - 1 && tokens[0].scopes.join(" ") !== "source.nth storage.type.kind.nth") {
      wrong.push(`${file} ends within ${tokens[0].scopes.join(" ")}`);
    }
  });
}
