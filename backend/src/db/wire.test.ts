import type { Client, ClientUpdate, Round, Run } from '@rondo/protocol';
import { clientSchema, clientUpdateSchema, roundSchema, runSchema } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { toClient, toClientUpdate, toRound, toRun } from './wire.ts';

it.each([
  ['run', runSchema, (row: object) => toRun(row as Run)],
  ['round', roundSchema, (row: object) => toRound(row as Round)],
  ['client', clientSchema, (row: object) => toClient(row as Client)],
  ['client update', clientUpdateSchema, (row: object) => toClientUpdate(row as ClientUpdate)],
] as const)(
  'a %s has the fields of its schema on the wire, and a column that the schema lacks stays inside',
  (_, schema, toWire) => {
    const names = Object.keys(schema.shape);
    const row = Object.fromEntries([...names, 'a_new_column'].map((name) => [name, name]));
    expect(Object.keys(toWire(row))).toEqual(names);
  },
);
