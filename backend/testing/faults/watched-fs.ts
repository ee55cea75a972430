import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, relative, resolve } from 'node:path';
import { SimulatedFile, SimulatedFolder } from './simulated-disk.ts';

type Call = (...args: never[]) => unknown;

/**
 * Observes every synchronous call by which this process changes files under a folder, and keeps a simulated disk of it.
 * PGlite and its file system make no others. Nothing is really forced: the simulated disk knows what was.
 */
export class WatchedFs {
  readonly disk: SimulatedFolder;
  /** Called before each change, when a cut may happen. */
  onChange: () => void = () => {};
  readonly #root: string;
  readonly #open = new Map<number, string | SimulatedFile>();
  #depth = 0;

  constructor(root: string) {
    this.#root = resolve(root);
    this.disk = SimulatedFolder.read(this.#root);
    this.#observe('openSync', (fd, path) => this.#opened(Number(fd), String(path)), {
      isChange: () => false,
    });
    this.#observe('closeSync', (_, fd) => this.#open.delete(Number(fd)), { isChange: () => false });
    this.#observe('writeSync', (count, fd, bytes, offset, _length, position) => {
      const file = this.#open.get(Number(fd));
      if (!(file instanceof SimulatedFile)) return;
      const view = bytes as Uint8Array;
      if (typeof position !== 'number') throw new Error('a write without a position cannot be simulated');
      file.write(position, new Uint8Array(view.buffer, view.byteOffset + Number(offset), Number(count)));
    });
    this.#observe('ftruncateSync', (_, fd, size) => {
      const file = this.#open.get(Number(fd));
      if (file instanceof SimulatedFile) file.resize(Number(size ?? 0));
    });
    this.#observe('truncateSync', (_, path, size) => {
      const file = this.#find(String(path));
      if (file instanceof SimulatedFile) file.resize(Number(size ?? 0));
    });
    this.#observe('writeFileSync', (_, path, content) => {
      const file = this.#fileOf(String(path));
      file?.resize(0);
      file?.write(0, Buffer.from(content as string));
    });
    this.#observe('mkdirSync', (_, path) => this.#madeFolder(String(path)));
    this.#observe('renameSync', (_, from, to) => this.#renamed(String(from), String(to)));
    for (const name of ['unlinkSync', 'rmdirSync', 'rmSync'] as const)
      this.#observe(name, (_, path) => this.#removed(String(path)));
    this.#observe('fsyncSync', (_, fd) => this.#forced(this.#open.get(Number(fd))), {
      isChange: (fd) => this.#isUnforced(this.#open.get(Number(fd))),
      isReal: false,
    });
    // The bytes and the size, without the name.
    this.#observe('fdatasyncSync', (_, fd) => this.#forcedBytes(this.#open.get(Number(fd))), {
      isChange: (fd) => this.#isUnforced(this.#open.get(Number(fd))),
      isReal: false,
    });
    syncBuiltinESMExports();
  }

  #observe(
    name: keyof typeof fs,
    after: (result: unknown, ...args: unknown[]) => void,
    { isChange = (..._: unknown[]): boolean => true, isReal = true } = {},
  ): void {
    const original = fs[name] as unknown as Call;
    const observed = (...args: never[]) => {
      // Calls that Node.js makes of its own within another.
      if (this.#depth > 0) return original(...args);
      this.#depth += 1;
      try {
        if (isChange(...args)) this.onChange();
        const result = isReal ? original(...args) : undefined;
        after(result, ...args);
        return result;
      } finally {
        this.#depth -= 1;
      }
    };
    Object.assign(fs, { [name]: observed });
  }

  #opened(fd: number, path: string): void {
    if (!this.#isInside(path)) return;
    const found = this.#find(path) ?? this.#fileOf(path);
    this.#open.set(fd, found instanceof SimulatedFile ? found : resolve(path));
    if (found instanceof SimulatedFile) this.#pathOf.set(found, resolve(path));
  }

  readonly #pathOf = new WeakMap<SimulatedFile, string>();

  #isUnforced(opened: string | SimulatedFile | undefined): boolean {
    const entry = typeof opened === 'string' ? this.#find(opened) : opened;
    return entry?.hasChanges ?? false;
  }

  #forcedBytes(opened: string | SimulatedFile | undefined): void {
    if (opened instanceof SimulatedFile) opened.force();
  }

  #forced(opened: string | SimulatedFile | undefined): void {
    if (opened === undefined) return;
    if (typeof opened === 'string') {
      const folder = this.#find(opened);
      if (folder instanceof SimulatedFolder) folder.force();
      return;
    }
    opened.force();
    const path = this.#pathOf.get(opened);
    if (path !== undefined) this.#parentOf(path)?.forceNameOf(opened);
  }

  /** The file of that name, made if it is not there. */
  #fileOf(path: string): SimulatedFile | undefined {
    const found = this.#find(path);
    if (found instanceof SimulatedFile) return found;
    const parent = this.#parentOf(path);
    if (!parent) return undefined;
    const file = new SimulatedFile();
    parent.change(new Map([[basename(path), file]]));
    return file;
  }

  #madeFolder(path: string): void {
    if (!this.#isInside(path) || this.#find(path)) return;
    if (!this.#parentOf(path)) this.#madeFolder(dirname(path));
    this.#parentOf(path)?.change(new Map([[basename(path), new SimulatedFolder()]]));
  }

  #renamed(from: string, to: string): void {
    const moved = this.#find(from);
    const [source, target] = [this.#parentOf(from), this.#parentOf(to)];
    if (!moved || !source || !target) return;
    if (source === target) {
      source.change(
        new Map([
          [basename(from), null],
          [basename(to), moved],
        ]),
      );
    } else {
      target.change(new Map([[basename(to), moved]]));
      source.change(new Map([[basename(from), null]]));
    }
    if (moved instanceof SimulatedFile) this.#pathOf.set(moved, resolve(to));
  }

  #removed(path: string): void {
    if (this.#find(path)) this.#parentOf(path)?.change(new Map([[basename(path), null]]));
  }

  #isInside(path: string): boolean {
    const inside = relative(this.#root, resolve(path));
    return inside !== '' && !inside.startsWith('..');
  }

  #parentOf(path: string): SimulatedFolder | undefined {
    if (!this.#isInside(path)) return undefined;
    const found = this.#find(dirname(resolve(path)));
    return found instanceof SimulatedFolder ? found : undefined;
  }

  #find(path: string): SimulatedFile | SimulatedFolder | undefined {
    const inside = relative(this.#root, resolve(path));
    if (inside.startsWith('..')) return undefined;
    let at: SimulatedFile | SimulatedFolder | undefined = this.disk;
    for (const name of inside.split('/').filter(Boolean)) {
      if (!(at instanceof SimulatedFolder)) return undefined;
      at = at.now.get(name);
    }
    return at;
  }
}
