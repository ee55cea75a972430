import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// The smaller of the common sizes of pages in memory, and half of a page of PostgreSQL: pages can tear.
const blockBytes = 4_096;

type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'resize'; readonly size: number };

/** A file's bytes: what the disk surely holds, and the changes since in their order. */
export class SimulatedFile {
  readonly #durable: Bytes;
  #changes: FileChange[] = [];

  constructor(durable: Buffer = Buffer.alloc(0)) {
    this.#durable = new Bytes(durable);
  }

  get hasChanges(): boolean {
    return this.#changes.length > 0;
  }

  write(position: number, bytes: Uint8Array): void {
    this.#changes.push({ kind: 'write', position, bytes: Uint8Array.from(bytes) });
  }

  resize(size: number): void {
    this.#changes.push({ kind: 'resize', size });
  }

  /** In place: a segment of the log has 16 MiB, and each commit forces it. */
  force(): void {
    for (const change of this.#changes) this.#durable.apply(change);
    this.#changes = [];
  }

  /** Where a cut leaves the file: each block, and its size, as it was at some moment since it was forced. */
  afterCut(momentOf: (changes: number) => number): Uint8Array {
    if (this.#changes.length === 0) return this.#durable.read();
    const moments = new Map<number, number>();
    const isOnDisk = (index: number, block: number) => {
      const moment = moments.get(block) ?? momentOf(this.#changes.length);
      moments.set(block, moment);
      return index < moment;
    };
    const after = new Bytes(Buffer.from(this.#durable.read()));
    for (const [index, change] of this.#changes.entries()) {
      if (change.kind === 'write') {
        for (const part of blocksOf(change)) if (isOnDisk(index, part.block)) after.apply(part);
      } else if (isOnDisk(index, theSize)) after.apply(change);
    }
    return after.read();
  }
}

// Stands for the file's size among its blocks.
const theSize = -1;

function* blocksOf({ position, bytes }: Extract<FileChange, { kind: 'write' }>) {
  for (let at = position; at < position + bytes.length; ) {
    const block = Math.floor(at / blockBytes);
    const until = Math.min(position + bytes.length, (block + 1) * blockBytes);
    yield { kind: 'write', block, position: at, bytes: bytes.subarray(at - position, until - position) } as const;
    at = until;
  }
}

/** Bytes that grow; what was never written is 0. */
class Bytes {
  #bytes: Buffer;
  #size: number;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#size = bytes.length;
  }

  read(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  apply(change: FileChange): void {
    const size = change.kind === 'write' ? change.position + change.bytes.length : change.size;
    if (size > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(size, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
    }
    if (change.kind === 'write') {
      this.#bytes.set(change.bytes, change.position);
      this.#size = Math.max(this.#size, size);
    } else {
      this.#bytes.fill(0, Math.min(size, this.#size));
      this.#size = size;
    }
  }
}

type Entry = SimulatedFile | SimulatedFolder;
/** Names that change together: a rename takes one and gives another. `null` takes a name. */
type NameChange = ReadonlyMap<string, Entry | null>;

/** A folder's names: those that the disk surely has, and the changes since in their order. */
export class SimulatedFolder {
  readonly now = new Map<string, Entry>();
  #durable = new Map<string, Entry>();
  #changes: NameChange[] = [];

  /** Everything that is in the folder is on the disk. */
  static read(path: string): SimulatedFolder {
    const folder = new SimulatedFolder();
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inside = join(path, entry.name);
      const read = entry.isDirectory() ? SimulatedFolder.read(inside) : new SimulatedFile(readFileSync(inside));
      if (entry.isDirectory() || entry.isFile()) folder.now.set(entry.name, read);
    }
    folder.#durable = new Map(folder.now);
    return folder;
  }

  get hasChanges(): boolean {
    return this.#changes.length > 0;
  }

  change(change: NameChange): void {
    this.#changes.push(change);
    apply(this.now, change);
  }

  force(): void {
    this.#forceUntil(this.#changes.length);
  }

  /** A file that was forced has its name as well: journals of file systems write both, in order. */
  forceNameOf(entry: Entry): void {
    this.#forceUntil(1 + this.#changes.findLastIndex((change) => [...change.values()].includes(entry)));
  }

  #forceUntil(moment: number): void {
    for (const change of this.#changes.splice(0, moment)) apply(this.#durable, change);
  }

  /** Writes to `target` what is there when the power comes back. */
  writeAfterCut(target: string, momentOf: (changes: number) => number): void {
    mkdirSync(target, { recursive: true, mode: 0o700 });
    const names = new Map(this.#durable);
    const moment = this.#changes.length === 0 ? 0 : momentOf(this.#changes.length);
    for (const change of this.#changes.slice(0, moment)) apply(names, change);
    for (const [name, entry] of names) {
      const path = join(target, name);
      if (entry instanceof SimulatedFolder) entry.writeAfterCut(path, momentOf);
      else writeFileSync(path, entry.afterCut(momentOf), { mode: 0o600 });
    }
  }
}

function apply(names: Map<string, Entry>, change: NameChange): void {
  for (const [name, entry] of change) {
    if (entry === null) names.delete(name);
    else names.set(name, entry);
  }
}

/** Of the changes that were not forced: none, all, or as many as chance has it. */
export const someMoment =
  (random: () => number) =>
  (changes: number): number => {
    const dice = random();
    if (dice < 0.3) return 0;
    if (dice < 0.6) return changes;
    return Math.floor(random() * (changes + 1));
  };
