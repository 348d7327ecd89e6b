import { mkdir, rmdir } from "node:fs/promises";
import type { Owner } from "../../store/identity.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { makeChild, type OpenDirectory, openRoot, REACH_OF_THIS_SYSTEM, type Reach } from "./open-directory.ts";
import { ownerDirectory, type WorkspaceSharing } from "./owner-directory.ts";
import { systemCall } from "./system-call.ts";
import { WorkspaceError } from "./workspace-error.ts";
import { parseWorkspacePath } from "./workspace-path.ts";

/** What one workspace may hold. */
export interface WorkspaceLimits {
  fileBytes: number;
  bytes: number;
  files: number;
  directories: number;
}

/** Where files are and whose they are. */
export interface WorkspaceOptions {
  /** Absolute. The only directory that is touched; made when it is missing. */
  directory: string;
  /** Default: every user has a directory of their own. */
  shared?: WorkspaceSharing | undefined;
  /** Whether names may begin with a dot. Default: false. */
  hiddenFiles?: boolean | undefined;
  /** For tests: 10 MB a file, 100 MB, 1,000 files and 1,000 directories. */
  limits?: WorkspaceLimits | undefined;
  /** For tests: default is the safest way that this system has. */
  reach?: Reach | undefined;
}

const MB = 1024 * 1024;
const LIMITS: WorkspaceLimits = { fileBytes: 10 * MB, bytes: 100 * MB, files: 1000, directories: 1000 };

/** Directories from the workspace of an owner down to the one that was asked for, all held open. */
export interface OpenPath extends AsyncDisposable {
  /** The owner's workspace itself. */
  readonly home: OpenDirectory;
  readonly last: OpenDirectory;
  /** Brings the directories that were made on the way to the disk. */
  sync(): Promise<void>;
  /** Takes those away again that are empty. */
  removeMade(): Promise<void>;
}

/** The files of all owners, below one directory. */
export class Workspace {
  readonly limits: WorkspaceLimits;
  readonly hiddenFiles: boolean;
  readonly #directory: string;
  readonly #sharing: WorkspaceSharing | null;
  readonly #reach: Reach;
  readonly #queue = new OneAtATime();

  constructor(options: WorkspaceOptions) {
    this.limits = options.limits ?? LIMITS;
    this.hiddenFiles = options.hiddenFiles ?? false;
    this.#directory = options.directory;
    this.#sharing = options.shared ?? null;
    this.#reach = options.reach ?? REACH_OF_THIS_SYSTEM;
  }

  /** The names of a path that a model wrote. @throws WorkspaceError `invalid_path` */
  parsePath(path: string): readonly string[] {
    const parsed = parseWorkspacePath(path, { hiddenFiles: this.hiddenFiles });
    if ("problem" in parsed) throw new WorkspaceError("invalid_path", parsed.problem);
    return parsed.names;
  }

  /** This process does one thing of this kind at a time in an owner's workspace. */
  oneAtATime<Result>(what: "claim" | "publish", owner: Owner, work: () => Promise<Result>): Promise<Result> {
    return this.#queue.run(JSON.stringify([what, ...ownerDirectory(owner, this.#sharing)]), work);
  }

  /** Opens a directory of the owner to read. Rejects with a `WorkspaceError`: `not_found`, `invalid_path`, `read_failed`. */
  open(owner: Owner, names: readonly string[]): Promise<OpenPath> {
    return this.#walk(owner, names, false);
  }

  /** Opens a directory of the owner to write, and makes what is missing. Rejects with a `WorkspaceError`. */
  async openOrMake(owner: Owner, names: readonly string[]): Promise<OpenPath> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 }).catch(unavailable);
    return this.#walk(owner, names, true);
  }

  async #walk(owner: Owner, names: readonly string[], mayMake: boolean): Promise<OpenPath> {
    const home = ownerDirectory(owner, this.#sharing);
    const otherwise = mayMake ? "write_failed" : "read_failed";
    const opened: OpenDirectory[] = [];
    const made: { parent: OpenDirectory; name: string }[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(opened.map((directory) => directory.handle.close()));
    };
    const removeMade = async (): Promise<void> => {
      // Somebody else may use them by now, or have taken them away.
      for (const { parent, name } of made.toReversed()) await rmdir(parent.entry(name)).catch(() => undefined);
    };
    try {
      let last = mayMake
        ? await openRoot(this.#directory, this.#reach).catch(unavailable)
        : await systemCall(otherwise, () => openRoot(this.#directory, this.#reach));
      opened.push(last);
      for (const name of [...home, ...names]) {
        const parent = last;
        if (mayMake && (await systemCall(otherwise, () => makeChild(parent, name)))) made.push({ parent, name });
        last = await systemCall(otherwise, () => parent.open(name));
        opened.push(last);
      }
      const [ofOwner = last] = opened.slice(home.length);
      return {
        home: ofOwner,
        last,
        sync: async () => {
          for (const { parent } of made) await parent.handle.sync();
        },
        removeMade,
        [Symbol.asyncDispose]: close,
      };
    } catch (error) {
      await removeMade();
      await close();
      throw error;
    }
  }
}

function unavailable(cause: unknown): never {
  throw new WorkspaceError("write_failed", "the workspace is not available", { cause });
}
