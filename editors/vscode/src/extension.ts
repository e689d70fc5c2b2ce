import { type ExtensionContext, commands, window, workspace } from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(commands.registerCommand("nth.restartServer", restart));
  context.subscriptions.push(
    workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("nth.server") || change.affectsConfiguration("nth.diagnosticPages")) {
        await restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await stop();
}

async function start(): Promise<void> {
  const settings = workspace.getConfiguration("nth");
  const command = settings.get<string>("server.path") || "nth-lsp";
  const pages = settings.get<string>("diagnosticPages");
  const server: ServerOptions = { command };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "nth" },
      { scheme: "untitled", language: "nth" },
    ],
    initializationOptions: pages ? { diagnosticPages: pages } : {},
  };
  client = new LanguageClient("nth", "nth", server, options);
  try {
    await client.start();
  } catch (cause) {
    client = undefined;
    window.showErrorMessage(
      `The nth language server could not be started as "${command}": ${cause instanceof Error ? cause.message : String(cause)}. ` +
        `Install nth-lsp, or set "nth.server.path".`,
    );
  }
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.dispose();
}

async function restart(): Promise<void> {
  await stop();
  await start();
}
