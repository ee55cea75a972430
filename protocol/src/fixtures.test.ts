import { expect, it } from 'vitest';
import { z } from 'zod';
import { factSchema } from './facts.ts';
import { limits } from './limits.ts';

// The Python reporter has its own copy of both; its tests compare it with these files. Renew them with `vitest -u`.
const toFile = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

interface Shape {
  readonly properties: Record<string, { const?: string; enum?: string[] }>;
  readonly required: string[];
}

it('[R3] facts.json has every field of every fact', async () => {
  const { oneOf } = z.toJSONSchema(factSchema, { io: 'input', unrepresentable: 'any' }) as { oneOf?: unknown[] };
  const shapes = oneOf as Shape[];
  const facts = shapes.map(({ properties, required }) => {
    const { type, run_id: _run, at: _at, ...fields } = properties;
    const described = Object.entries(fields).map(([name, field]) => [
      name,
      { required: required.includes(name), ...(field.enum && { one_of: field.enum.join(' ') }) },
    ]);
    return [type?.const, Object.fromEntries(described)];
  });
  expect(facts.length).toBeGreaterThan(0);
  await expect(toFile(Object.fromEntries(facts))).toMatchFileSnapshot('../fixtures/facts.json');
});

it('[R3] limits.json has every bound of the wire', async () => {
  await expect(toFile(limits)).toMatchFileSnapshot('../fixtures/limits.json');
});
