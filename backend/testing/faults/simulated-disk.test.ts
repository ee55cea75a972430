import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedFile, SimulatedFolder } from './simulated-disk.ts';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const nothing = () => 0;
const all = (changes: number) => changes;

describe('a simulated file', () => {
  it('has after a cut what was forced, and of the rest what chance left', () => {
    const file = new SimulatedFile();
    file.write(0, Buffer.from('forced'));
    file.force();
    file.write(2, Buffer.from('xx'));
    expect(textOf(file.afterCut(nothing))).toBe('forced');
    expect(textOf(file.afterCut(all))).toBe('foxxed');
  });

  it('tears a page of 8 KiB between its blocks', () => {
    const file = new SimulatedFile(Buffer.alloc(8_192, 'a'));
    file.write(0, Buffer.alloc(8_192, 'b'));
    const moments = [0, 1];
    const torn = file.afterCut(() => moments.shift() ?? 0);
    expect([torn[0], torn[4_096]].map((byte) => String.fromCharCode(byte ?? 0))).toEqual(['a', 'b']);
  });

  it('may be cut to a size or not until it is forced', () => {
    const file = new SimulatedFile(Buffer.from('0123456789'));
    file.resize(4);
    expect(file.afterCut(nothing)).toHaveLength(10);
    expect(file.afterCut(all)).toHaveLength(4);
  });
});

describe('a simulated folder', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'rondo-test-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('renames as a whole or not at all, and knows after it was forced', () => {
    const folder = new SimulatedFolder();
    const file = new SimulatedFile(Buffer.from('content'));
    folder.change(new Map([['draft', file]]));
    folder.force();
    folder.change(
      new Map([
        ['draft', null],
        ['final', file],
      ]),
    );
    folder.writeAfterCut(join(home, 'before'), nothing);
    expect([existsSync(join(home, 'before/draft')), existsSync(join(home, 'before/final'))]).toEqual([true, false]);
    folder.force();
    folder.writeAfterCut(join(home, 'after'), nothing);
    expect(existsSync(join(home, 'after/draft'))).toBe(false);
    expect(readFileSync(join(home, 'after/final'), 'utf8')).toBe('content');
  });

  it('has the name of a file that was forced', () => {
    const folder = new SimulatedFolder();
    const file = new SimulatedFile();
    folder.change(new Map([['kept', file]]));
    folder.change(new Map([['later', new SimulatedFile()]]));
    folder.forceNameOf(file);
    folder.writeAfterCut(home, nothing);
    expect([existsSync(join(home, 'kept')), existsSync(join(home, 'later'))]).toEqual([true, false]);
  });
});
