import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readable } from './log-text.ts';
import { createMasking, lastPairs, lastWords, Masking, vocabulary } from './masking.ts';
import { readFixture } from './testing/fixtures.ts';
import { makeFolder } from './testing/folders.ts';
import { makeReporter } from './testing/make-reporter.ts';

const fixture = readFixture<{
  last_words: string[];
  last_pairs: string[];
  vocabulary: string[];
  secret_keys: string[];
  plain_keys: string[];
  texts: [string, string][];
  values: [unknown, unknown][];
}>('masking');

afterEach(() => vi.unstubAllEnvs());

describe('[R32] masking', () => {
  it('[R32] the lists are the shared ones', () => {
    const lists = [lastWords, lastPairs, vocabulary].map((list) => [...list].sort());
    expect(lists).toEqual([fixture.last_words, fixture.last_pairs, fixture.vocabulary]);
  });

  it('[R32] keys', () => {
    const masking = new Masking();
    expect(fixture.secret_keys.filter((key) => !masking.isSecret(key))).toEqual([]);
    expect(fixture.plain_keys.filter((key) => masking.isSecret(key))).toEqual([]);
  });

  it.each([...fixture.texts, ...fixture.values])('[R32] %j', (given, expected) => {
    expect(new Masking().mask(given)).toEqual(expected);
  });

  it('[R32] can be widened and turned off, by option and environment', () => {
    expect(
      createMasking({ maskKeys: ['my-pin'] }, { RONDO_MASK_KEYS: 'badge' }).mask({ MY_PIN: 1, pin: 2, Badge: 3 }),
    ).toEqual({
      MY_PIN: '***',
      pin: 2,
      Badge: '***',
    });
    for (const masking of [createMasking({ mask: false }, {}), createMasking({}, { RONDO_MASK: 'off' })]) {
      expect(masking.mask({ password: 'x' })).toEqual({ password: 'x' });
    }
  });

  it('[R32] a secret reaches neither the disk nor the server (rslearn#687)', async () => {
    const spoolDir = makeFolder();
    const config = { password: 'hunter2', url: 'http://u:hunter2@h/', use_cls_token: 'yes' };
    const { reporter, server, clock } = makeReporter({ config, spoolDir });
    reporter.log('info', 'from http://u:hunter2@h/');
    await clock.advance(20);
    const texts = readdirSync(spoolDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect(texts.join('')).toContain('use_cls_token');
    expect(texts.join('')).not.toContain('hunter2');
    await clock.advance(1_000);
    expect(server.facts[0]).toMatchObject({ config: { password: '***', use_cls_token: 'yes' } });
    expect(JSON.stringify(server.facts)).not.toContain('hunter2');
  });
});

describe('[R33] log lines', () => {
  it('[R33] has no ANSI codes and the last frame of a bar (polyaxon#451)', async () => {
    const { reporter, server, clock } = makeReporter();
    const bar = Array.from({ length: 101 }, (_, percent) => `\r${percent}% ${'#'.repeat(percent)}`).join('');
    for (const message of ['\x1b[1;31mfailed\x1b[0m', '  1%\r 50%\r100%\r\nnext\r\n', bar])
      reporter.log('info', message);
    await clock.advance(100);
    const lines = server.facts.flatMap((fact) => (fact.type === 'log' ? [fact.message] : []));
    expect(lines).toEqual(['failed', '100%\nnext\n', `100% ${'#'.repeat(100)}`]);
  });

  it('[R33] other codes', () => {
    expect(readable('\x1b]8;;http://a\x07link\x1b]8;;\x07 \x1b[2K\x1b[?25lx\x1b(B\x1b[38;5;9my')).toBe('link xy');
  });
});
