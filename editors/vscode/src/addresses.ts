// The addresses of documents that only the server knows. The editor writes an address in its own way once it has read it,
// with more or fewer escapes; the server gets back what it has said.

import { Uri } from "vscode";

/** The standard library's modules. */
export const STANDARD = "nth-std";
/** What a service becomes. */
export const GENERATED = "nth-generated";

const said = new Map<string, string>();

/** Whether the text of a document comes from the server. */
export function isVirtual(uri: Uri): boolean {
  return uri.scheme === STANDARD || uri.scheme === GENERATED;
}

/** An address of the server as the editor writes it. */
export function fromServer(address: string): Uri {
  const uri = Uri.parse(address, true);
  if (isVirtual(uri)) {
    said.set(uri.toString(), address);
  }
  return uri;
}

/** An address of the editor as the server wrote it. */
export function toServer(uri: Uri): string {
  return said.get(uri.toString()) ?? uri.toString();
}
