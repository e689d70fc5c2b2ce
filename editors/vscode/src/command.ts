// Which program is the server.

import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, extname, isAbsolute, join } from "node:path";

/** A program and its arguments. */
export interface Command {
  command: string;
  args: string[];
}

/**
 * The command that starts the server: the one that is set, or else `nth-lsp` from the PATH, or else `nthc lsp`.
 * Undefined where there is no such program.
 */
export function findCommand(set: string): Command | undefined {
  if (set.trim() === "") {
    return withArguments(onPath("nth-lsp") ?? onPath("nthc"));
  }
  const path = set.startsWith("~/") ? join(homedir(), set.slice(2)) : set;
  return withArguments(isAbsolute(path) ? runnable(path) : onPath(path));
}

// The compiler has the server in it.
function withArguments(command: string | undefined): Command | undefined {
  if (command === undefined) {
    return undefined;
  }
  const isCompiler = basename(command, extname(command)) === "nthc";
  return { command, args: isCompiler ? ["lsp"] : [] };
}

function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const found = folder === "" ? undefined : runnable(join(folder, name));
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

// On Windows a program's file has an ending that its name has not.
function runnable(path: string): string | undefined {
  const endings = process.platform === "win32" && extname(path) === "" ? [".exe", ".cmd"] : [""];
  return endings.map((ending) => path + ending).find(isRunnable);
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
