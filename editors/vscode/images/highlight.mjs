// Prints a page that shows lines of a `.nth` file as the grammar highlights them, in colors like those of the theme Dark+.
// Makes highlighting.png:
//
//     node images/highlight.mjs FILE FIRST LAST >page.html
//     chromium --headless --force-device-scale-factor=2 --window-size=WIDTH,HEIGHT --screenshot=images/highlighting.png page.html

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const colors = [
  ["#d4d4d4", "source"],
  ["#6a9955", "comment"],
  ["#ce9178", "string"],
  ["#d7ba7d", "constant.character.escape"],
  ["#b5cea8", "constant.numeric"],
  ["#b5cea8", "keyword.other.unit"],
  ["#569cd6", "constant.language"],
  ["#4fc1ff", "constant.other"],
  ["#4fc1ff", "variable.other.enummember"],
  ["#c586c0", "keyword.control"],
  ["#569cd6", "keyword"],
  ["#d4d4d4", "keyword.operator"],
  ["#569cd6", "keyword.operator.word"],
  ["#569cd6", "keyword.other.directive"],
  ["#569cd6", "storage"],
  ["#4ec9b0", "entity.name.type"],
  ["#4ec9b0", "entity.name.namespace"],
  ["#4ec9b0", "entity.other.inherited-class"],
  ["#4ec9b0", "support.type"],
  ["#dcdcaa", "entity.name.function"],
  ["#dcdcaa", "support.function"],
  ["#9cdcfe", "variable"],
  ["#569cd6", "variable.language"],
  ["#569cd6", "punctuation.section.interpolation"],
  ["#d4d4d4", "meta.embedded"],
  ["#d4d4d4", "source.nth.embedded"],
  ["#ce9178", "punctuation.definition.string"],
];

const require = createRequire(import.meta.url);
await oniguruma.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  theme: { settings: colors.map(([foreground, scope]) => ({ scope, settings: { foreground } })) },
  loadGrammar: async () => {
    const file = new URL("../syntaxes/nth.tmLanguage.json", import.meta.url);
    return textmate.parseRawGrammar(readFileSync(file, "utf8"), "nth.json");
  },
});
const grammar = await registry.loadGrammar("source.nth");
const palette = registry.getColorMap();

const escaped = (text) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
const [file, first, last] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const rows = [];
let state = textmate.INITIAL;
readFileSync(file, "utf8").split("\n").forEach((line, index) => {
  const { tokens, ruleStack } = grammar.tokenizeLine2(line, state);
  state = ruleStack;
  let html = `<i>${index + 1}</i>`;
  for (let at = 0; at < tokens.length; at += 2) {
    const end = tokens[at + 2] ?? line.length;
    // The foreground's number is in these bits of what is known of a token.
    const color = palette[(tokens[at + 1] >>> 15) & 0x1ff];
    html += `<span style="color:${color}">${escaped(line.slice(tokens[at], end))}</span>`;
  }
  if (index + 1 >= first && index + 1 <= last) {
    rows.push(html);
  }
});
console.log(`<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #1e1e1e; color: #d4d4d4 }
pre { margin: 0; padding: 10px 14px; font: 13px/18px "DejaVu Sans Mono", monospace }
i { display: inline-block; width: 2.2em; margin-right: 1.4em; color: #858585; font-style: normal; text-align: right }
</style><pre>${rows.join("\n")}</pre>`);
