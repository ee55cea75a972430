import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentSchema } from './config.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const settings = Object.keys(environmentSchema.shape).sort();
/** Read by PostgreSQL's container and by reporters, not by the server. */
const foreign = new Set(['POSTGRES_PASSWORD', 'RONDO_URL', 'RONDO_API_KEY']);
const isOwn = (name: string): boolean => !foreign.has(name) && !name.startsWith('RONDO_');
/** Facts about the image, which its Dockerfile and compose.yaml fix. */
const fixedByImage = ['DATABASE_URL', 'DATA_DIR', 'HOST', 'PORT'];

/** The rows of the README's settings table, by name. */
const documented = new Map(
  [...section(read('README.md'), '## Settings').matchAll(/^\| (`[A-Z].*?) \| (.*?) \|/gm)].flatMap(([, names, value]) =>
    [...(names as string).matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(
      ([, name]) => [name as string, value as string] as const,
    ),
  ),
);

function section(text: string, heading: string): string {
  const from = text.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`README.md has no heading ${heading}`);
  return text.slice(from);
}

describe('every setting of the server is the same everywhere', () => {
  it("in the README's table", () => {
    expect([...documented.keys()].filter(isOwn).sort()).toEqual(settings);
  });

  it("with the schema's default, where the README's table has a value", () => {
    const { shape } = environmentSchema;
    const differing = Object.entries(shape).flatMap(([name, schema]) => {
      const written = /^`([^`]+)`$/.exec(documented.get(name) ?? '')?.[1];
      const { success, data } = schema.safeParse(undefined);
      if (written === undefined || !success || data === undefined) return [];
      const expected = name === 'DATA_DIR' ? resolve(written) : written;
      return String(data) === expected ? [] : [`${name}: ${written} is not ${String(data)}`];
    });
    expect(differing).toEqual([]);
  });

  it('in .env.example', () => {
    const names = [...read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name as string);
    expect(names.filter(isOwn).sort()).toEqual(settings.filter((name) => !fixedByImage.includes(name)));
  });

  it('in compose.yaml, which passes .env on to the server', () => {
    const { dashboard } = parse(read('compose.yaml')).services;
    expect(dashboard.env_file).toEqual([{ path: '.env', required: false }]);
    const names = Object.keys(dashboard.environment);
    expect(names.filter((name) => !settings.includes(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(fixedByImage));
  });

  it('in the Helm chart: a value of its own, or one of `settings`', () => {
    const folder = join(root, 'deploy/helm/rondo/templates');
    const text = globSync('*.yaml', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'));
    const set = [...text.join('\n').matchAll(/- name: ([A-Z][A-Z0-9_]+)$/gm)].map(([, name]) => name as string);
    expect(set.filter((name) => !settings.includes(name))).toEqual([]);
    const schema = JSON.parse(read('deploy/helm/rondo/values.schema.json'));
    const refused: string[] = schema.properties.settings.propertyNames.not.enum;
    expect([...refused].sort()).toEqual([...new Set([...set, ...fixedByImage])].sort());
  });
});
