import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findApiKey, parseSettings } from './settings.ts';

describe('the settings of the demo', () => {
  it('have defaults', () => {
    expect(parseSettings([])).toMatchObject({
      rounds: 100,
      clients: 50,
      algorithm: 'fedavg',
      mu: 0,
      pace: 1,
      saveEvery: 5,
    });
  });

  it('take FedProx with its μ', () => {
    expect(parseSettings(['--algorithm', 'fedprox', '--mu', '0.5'])).toMatchObject({ algorithm: 'fedprox', mu: 0.5 });
  });

  it.each([
    ['--rounds', '0'],
    ['--clients', '2.5'],
    ['--pace', 'fast'],
    ['--save-every', '-1'],
    ['--alpha', ''],
    ['--algorithm', 'sgd'],
    ['--colour', 'blue'],
  ])('refuse %s %s by its name', (name, value) => {
    expect(() => parseSettings([name, value])).toThrow(name);
  });

  it('find the key in the environment, else in the data directory', () => {
    const DATA_DIR = mkdtempSync(join(tmpdir(), 'rondo-demo-'));
    onTestFinished(() => rmSync(DATA_DIR, { recursive: true }));
    expect(findApiKey({ DATA_DIR })).toBeNull();
    writeFileSync(join(DATA_DIR, 'demo.key'), 'from-file\n');
    expect(findApiKey({ DATA_DIR })).toBe('from-file');
    expect(findApiKey({ DATA_DIR, RONDO_API_KEY: 'from-env' })).toBe('from-env');
  });
});
