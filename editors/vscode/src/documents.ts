// Documents whose texts the server makes: the standard library's modules, and what services become.

import {
  type CancellationToken,
  Disposable,
  EventEmitter,
  type TextDocument,
  type TextDocumentContentProvider,
  type Uri,
  languages,
  workspace,
} from "vscode";
import { GENERATED, STANDARD, isVirtual, toServer } from "./addresses";
import type { Server } from "./server";

/** What the server answers. */
interface VirtualDocument {
  text: string;
  languageId?: string;
}

/** What the server says when documents below an address may have other texts. */
interface Changed {
  uri: string;
}

// How long nothing more must change before texts are asked for anew: nobody reads faster than this.
const PAUSE = 300;

/** Shows such documents, and keeps those that are generated up to date while sources are edited. */
export function registerDocuments(server: Server): Disposable {
  const documents = new Documents(server);
  return Disposable.from(
    documents,
    workspace.registerTextDocumentContentProvider(STANDARD, documents),
    workspace.registerTextDocumentContentProvider(GENERATED, documents),
    workspace.onDidOpenTextDocument((document) => documents.setLanguage(document)),
    workspace.onDidCloseTextDocument((document) => documents.forget(document)),
    server.onDidStart((client) => {
      client.onNotification("nth/virtualDocumentChanged", ({ uri }: Changed) => documents.refreshSoon(uri));
      documents.refreshSoon("");
    }),
  );
}

class Documents implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  private readonly languages = new Map<string, string>();
  // The beginnings of the addresses that are to be asked for anew.
  private readonly stale = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.changed.event;

  constructor(private readonly server: Server) {}

  async provideTextDocumentContent(uri: Uri, token: CancellationToken): Promise<string> {
    const found = await this.server.ask<VirtualDocument | null>("nth/virtualDocument", { uri: toServer(uri) }, token);
    if (!found) {
      throw new Error(`The server has no document ${uri.toString(true)}`);
    }
    if (found.languageId) {
      this.languages.set(uri.toString(), found.languageId);
    }
    return found.text;
  }

  /** A name's ending does not always tell the language; the server does. */
  async setLanguage(document: TextDocument): Promise<void> {
    const wanted = this.languages.get(document.uri.toString());
    if (!wanted || wanted === document.languageId || !isVirtual(document.uri)) {
      return;
    }
    // An editor without an extension for the language shows the text plainly.
    if ((await languages.getLanguages()).includes(wanted)) {
      await languages.setTextDocumentLanguage(document, wanted);
    }
  }

  forget(document: TextDocument): void {
    this.languages.delete(document.uri.toString());
  }

  /** Asks anew for all open documents whose addresses begin like this, once nothing more changes. */
  refreshSoon(beginning: string): void {
    this.stale.add(beginning);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), PAUSE);
  }

  private refresh(): void {
    const stale = [...this.stale];
    this.stale.clear();
    for (const { uri } of workspace.textDocuments) {
      if (isVirtual(uri) && stale.some((beginning) => toServer(uri).startsWith(beginning))) {
        this.changed.fire(uri);
      }
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.changed.dispose();
  }
}
