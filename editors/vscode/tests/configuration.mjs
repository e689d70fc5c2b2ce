// What the editor does while one types is decided by expressions in language-configuration.json: these are what they
// should say of lines.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const configuration = JSON.parse(readFileSync("language-configuration.json", "utf8"));
const { increaseIndentPattern, decreaseIndentPattern } = configuration.indentationRules;
const [doc, fileDoc, comment, between] = configuration.onEnterRules;

function matches(pattern, lines) {
  for (const line of lines) {
    assert.match(line, new RegExp(pattern), `${pattern} on ${line}`);
  }
}

function passes(pattern, lines) {
  for (const line of lines) {
    assert.doesNotMatch(line, new RegExp(pattern), `${pattern} on ${line}`);
  }
}

matches(increaseIndentPattern, [
  "service checkout {",
  "  slo availability : http.latency(under: 300ms) {",
  "  members = [",
  "template slo settled(",
  ") {",
  "  gate release { // it's what a release waits for",
  '  section "{" {',
  "  dependency db : postgresql(instance: `up{job=\"db\"}`) {",
  "  } else {",
]);
passes(increaseIndentPattern, [
  "service checkout {}",
  "  step primary { notify = primary }",
  "// service {",
  "  /// What {",
  '  text = "{"',
  "  when = `up{job=\"x\"} > 1`",
  "  when = `sum(`",
  "  team = payments",
]);
matches(decreaseIndentPattern, ["}", "  ]", ") {", "} else {"]);
passes(decreaseIndentPattern, ["service a {}", "  x = 1 }"]);

matches(doc.beforeText, ["/// Takes money.", "  ///x"]);
passes(doc.beforeText, ["//// Takes", "///", "  ///   ", "// Takes", "x = 1 /// no"]);
matches(fileDoc.beforeText, ["//! The shop."]);
passes(fileDoc.beforeText, ["//!", "/// The shop."]);
// A comment that is broken goes on; one that ends does not.
matches(comment.beforeText, ["  // Pushed by"]);
passes(comment.beforeText, ["/// Pushed by", "//! Pushed by", "//"]);
matches(comment.afterText, ["the pipeline"]);
passes(comment.afterText, ["", "  "]);
matches(between.beforeText, ["service a {", "x = ["]);
matches(between.afterText, ["}", "]"]);

const { start, end } = configuration.folding.markers;
matches(start, ["// region Teams", "  //#region"]);
matches(end, ["// endregion", "  //#endregion"]);
passes(start, ["// regions differ", "// endregion"]);

const words = "service order-events { deny in-a-row { when = deploys(over: 1d) > 99.5% } }";
assert.deepEqual(words.match(new RegExp(configuration.wordPattern, "g")), [
  "service",
  "order-events",
  "deny",
  "in-a-row",
  "when",
  "deploys",
  "over",
  "1d",
  "99.5%",
]);
console.log("the configuration holds");
