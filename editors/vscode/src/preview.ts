// Showing what services become, from a code lens or by a command.

import { type CodeLens, Disposable, Uri, ViewColumn, commands, window, workspace } from "vscode";
import { fromServer } from "./addresses";

const SHOW = "nth.showGenerated";

export function registerPreview(): Disposable {
  return Disposable.from(
    commands.registerCommand(SHOW, show),
    commands.registerCommand("nth.chooseGenerated", choose),
  );
}

/** Shows a generated document beside the source. */
async function show(address?: unknown): Promise<void> {
  if (typeof address !== "string" && !(address instanceof Uri)) {
    await choose();
    return;
  }
  const uri = typeof address === "string" ? fromServer(address) : address;
  const document = await workspace.openTextDocument(uri);
  await window.showTextDocument(document, { viewColumn: ViewColumn.Beside, preview: true, preserveFocus: true });
}

/** Lets one choose among the documents that the current file's code lenses lead to. */
async function choose(): Promise<void> {
  const source = window.activeTextEditor?.document;
  if (source?.languageId !== "nth") {
    window.showInformationMessage("Open a .nth file to see what it becomes.");
    return;
  }
  const lenses = await commands.executeCommand<CodeLens[]>("vscode.executeCodeLensProvider", source.uri, 1000);
  const choices = lenses.flatMap((lens) => {
    const address: unknown = lens.command?.arguments?.[0];
    if (lens.command?.command !== SHOW || typeof address !== "string") {
      return [];
    }
    const line = source.lineAt(lens.range.start.line).text.trim().replace(/\s*\{$/, "");
    return [{ label: line, description: lens.command.title, address }];
  });
  if (choices.length === 0) {
    window.showInformationMessage("Nothing is generated from this file by itself.");
    return;
  }
  const chosen = choices.length === 1 ? choices[0] : await window.showQuickPick(choices, { title: "What it becomes" });
  if (chosen) {
    await show(chosen.address);
  }
}
