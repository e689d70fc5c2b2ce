// Showing what services become, from a code lens or by a command.

import { type CodeLens, type Disposable, ViewColumn, commands, window, workspace } from "vscode";
import { fromServer } from "./addresses";

/**
 * The command of code lenses. The server offers it too, for editors that can't show its documents, so that the client
 * registers it; here it is carried out without asking the server.
 */
export const SHOW = "nth.showGenerated";

export function registerPreview(): Disposable {
  return commands.registerCommand("nth.chooseGenerated", choose);
}

/** Shows a generated document beside the source. */
export async function show(address: unknown): Promise<void> {
  if (typeof address !== "string") {
    await choose();
    return;
  }
  const document = await workspace.openTextDocument(fromServer(address));
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
