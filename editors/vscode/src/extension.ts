// What the editor calls when the extension is needed and when it is not.

import { type ExtensionContext, commands, workspace } from "vscode";
import { registerDocuments } from "./documents";
import { registerPreview } from "./preview";
import { Server } from "./server";

let server: Server | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const started = new Server();
  server = started;
  context.subscriptions.push(
    started,
    commands.registerCommand("nth.restartServer", () => started.restart()),
    commands.registerCommand("nth.showOutput", () => started.output.show()),
    workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("nth.server") || change.affectsConfiguration("nth.diagnosticPages")) {
        await started.restart();
      }
    }),
    registerDocuments(started),
    registerPreview(),
  );
  await started.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
