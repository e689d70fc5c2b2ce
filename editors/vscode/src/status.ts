// The server's state, in the corner where the editor shows what it knows of a language.

import { type Disposable, LanguageStatusSeverity, languages } from "vscode";

const RESTART = { title: "Restart", command: "nth.restartServer", tooltip: "Restart the language server" };
const SETTINGS = { title: "Set path", command: "workbench.action.openSettings", arguments: ["nth.server.path"] };

export class Status implements Disposable {
  private readonly item = languages.createLanguageStatusItem("nth.server", { language: "nth" });

  constructor() {
    this.item.name = "nth language server";
    this.stopped();
  }

  starting(): void {
    this.show("nth language server", "starting", LanguageStatusSeverity.Information);
    this.item.busy = true;
  }

  running(name: string, path: string): void {
    this.show(name, path, LanguageStatusSeverity.Information);
  }

  stopped(): void {
    this.show("nth language server", "stopped", LanguageStatusSeverity.Warning);
  }

  missing(): void {
    this.show("nth language server", "not found", LanguageStatusSeverity.Error);
    this.item.command = SETTINGS;
  }

  dispose(): void {
    this.item.dispose();
  }

  private show(text: string, detail: string, severity: LanguageStatusSeverity): void {
    this.item.text = text;
    this.item.detail = detail;
    this.item.severity = severity;
    this.item.busy = false;
    this.item.command = RESTART;
  }
}
