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

// How long after the last edit generated texts are asked for anew.
const PAUSE = 400;

/** Shows such documents, and keeps those that are generated up to date while sources are edited. */
export function registerDocuments(server: Server): Disposable {
  const documents = new Documents(server);
  let timer: NodeJS.Timeout | undefined;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => documents.refresh(GENERATED), PAUSE);
  };
  return Disposable.from(
    documents,
    workspace.registerTextDocumentContentProvider(STANDARD, documents),
    workspace.registerTextDocumentContentProvider(GENERATED, documents),
    workspace.onDidOpenTextDocument((document) => documents.setLanguage(document)),
    workspace.onDidCloseTextDocument((document) => documents.forget(document)),
    workspace.onDidChangeTextDocument((change) => {
      if (change.document.languageId === "nth" && !isVirtual(change.document.uri)) {
        later();
      }
    }),
    workspace.onDidSaveTextDocument(later),
    server.onDidStart(() => {
      documents.refresh(STANDARD);
      documents.refresh(GENERATED);
    }),
    new Disposable(() => clearTimeout(timer)),
  );
}

class Documents implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  private readonly languages = new Map<string, string>();

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

  /** Asks anew for all documents of a scheme that are open. */
  refresh(scheme: string): void {
    for (const document of workspace.textDocuments) {
      if (document.uri.scheme === scheme) {
        this.changed.fire(document.uri);
      }
    }
  }

  dispose(): void {
    this.changed.dispose();
  }
}
