// The server's life: it is found, started, watched, stopped and started again.

import { type CancellationToken, type Disposable, EventEmitter, type OutputChannel, commands, window, workspace } from "vscode";
import {
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  State,
  type ServerOptions,
} from "vscode-languageclient/node";
import { STANDARD, fromServer, toServer } from "./addresses";
import { type Command, findCommand } from "./command";
import { SHOW, show } from "./preview";
import { Status } from "./status";

/** The server, whether it runs or not. */
export class Server implements Disposable {
  /** What the server writes to its error stream, and what is said between it and the editor if that is to be traced. */
  readonly output: OutputChannel = window.createOutputChannel("nth");
  private readonly status = new Status();
  private readonly started = new EventEmitter<LanguageClient>();
  private client: LanguageClient | undefined;
  // What is to happen next waits for what happens now, so that two restarts do not make two servers.
  private turn: Promise<void> = Promise.resolve();

  /** Told whenever the server has started. */
  readonly onDidStart = this.started.event;

  start(): Promise<void> {
    return this.inTurn(() => this.launch());
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.halt());
  }

  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.halt();
      await this.launch();
    });
  }

  /** Sends a request of the server's own. */
  async ask<T>(method: string, params: unknown, token: CancellationToken): Promise<T> {
    await this.turn;
    if (!this.client) {
      throw new Error("The nth language server does not run.");
    }
    return this.client.sendRequest<T>(method, params, token);
  }

  dispose(): void {
    this.status.dispose();
    this.started.dispose();
    this.output.dispose();
  }

  private inTurn(step: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(step, step);
    return this.turn;
  }

  private async launch(): Promise<void> {
    const settings = workspace.getConfiguration("nth");
    const path = settings.get<string>("server.path") ?? "";
    const found = findCommand(path);
    if (!found) {
      this.status.missing();
      // Whoever reads the message decides when; the editor does not wait.
      void tellMissing(path);
      return;
    }
    const client = this.connect(found, settings.get<string>("diagnosticPages") ?? "");
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Starting) {
        this.status.starting();
      } else if (newState === State.Stopped) {
        this.status.stopped();
      }
    });
    try {
      await client.start();
    } catch (cause) {
      this.status.stopped();
      window.showErrorMessage(`The nth language server, ${found.command}, could not be started: ${reason(cause)}`);
      return;
    }
    this.client = client;
    const info = client.initializeResult?.serverInfo;
    this.status.running(`${info?.name ?? "nth-lsp"} ${info?.version ?? ""}`.trim(), found.command);
    this.started.fire(client);
  }

  private connect({ command, args }: Command, pages: string): LanguageClient {
    const server: ServerOptions = { command, args };
    const options: LanguageClientOptions = {
      documentSelector: [
        { scheme: "file", language: "nth" },
        { scheme: "untitled", language: "nth" },
        // The server knows what their texts say, so that one can go on from there.
        { scheme: STANDARD, language: "nth" },
      ],
      initializationOptions: { virtualDocuments: true, ...(pages === "" ? {} : { diagnosticPages: pages }) },
      synchronize: { configurationSection: "nth" },
      outputChannel: this.output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      uriConverters: { code2Protocol: toServer, protocol2Code: fromServer },
      middleware: {
        executeCommand: (name, given, next) => (name === SHOW ? show(given[0]) : next(name, given)),
      },
    };
    return new LanguageClient("nth", "nth", server, options);
  }

  private async halt(): Promise<void> {
    const running = this.client;
    this.client = undefined;
    try {
      await running?.dispose();
    } catch (cause) {
      // It has ended already, or does not answer and is killed.
      this.output.appendLine(`The server did not end in order: ${reason(cause)}`);
    }
    this.status.stopped();
  }
}

async function tellMissing(path: string): Promise<void> {
  const what = path === "" ? "neither nth-lsp nor nthc is on the PATH" : `there is no program ${path}`;
  const settings = "Open Settings";
  const chosen = await window.showWarningMessage(
    `nth: ${what}. Without the language server there is highlighting, but no diagnostics, completion or formatting.`,
    settings,
  );
  if (chosen === settings) {
    await commands.executeCommand("workbench.action.openSettings", "nth.server.path");
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
