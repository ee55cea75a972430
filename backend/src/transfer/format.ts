import {
  clientSchema,
  clientUpdateSchema,
  commandRecordSchema,
  countSchema,
  limits,
  logEntrySchema,
  metricPointSchema,
  modelSchema,
  momentSchema,
  muteSchema,
  reporterIdSchema,
  roundAttemptSchema,
  roundNumberSchema,
  roundSchema,
  runSchema,
  runStatusSchema,
  sha256Schema,
  text,
} from '@rondo/protocol';
import type { PgTable } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import { clients, clientUpdates, commands, logs, metricPoints, rounds, runReporters, runs } from '../db/schema.ts';
import { attentionMutes } from '../db/tables/insight.ts';
import { modelAliases, modelAliasHistory, models } from '../db/tables/models.ts';

export type Row = Readonly<Record<string, unknown>>;

/** One file of a whole run: a table's rows as JSON Lines, in one order on every server. [X2] */
export interface RowFile {
  readonly name: string;
  readonly table: PgTable;
  /** What a run gets again where it is imported: ids, sequence numbers, and what the clock says. */
  readonly left_out: readonly string[];
  readonly order: readonly string[];
  readonly row: z.ZodType<Readonly<Record<string, unknown>>>;
}

const id = text(limits.id);
const name = text(limits.name);
// What the server says in place of a reporter may be longer than what a reporter may say.
const remark = text(limits.message);
const endsSchema = z
  .array(z.tuple([runStatusSchema.or(roundSchema.shape.status), momentSchema]))
  .max(limits.transferEnds);
const moment = momentSchema.nullable();
const row = (shape: z.ZodRawShape) => z.strictObject(shape) as z.ZodType<Readonly<Record<string, unknown>>>;

const { round_id: _id, run_id: _run, ...ofRound } = roundSchema.shape;
const { run_id: _ofRun, ...ofClient } = clientSchema.shape;
const { run_id: _r, round_id: _i, ...ofUpdate } = clientUpdateSchema.shape;
const { run_id: _of, ...ofPoint } = metricPointSchema.shape;
const { run_id: _o, log_id: _l, ...ofLog } = logEntrySchema.shape;
const { run_id: _c, ...ofCommand } = commandRecordSchema.shape;
const { condition: _now, imported_at: _when, ...ofRun } = runSchema.shape;

/** `run.json`. The id and the project are those of the server that wrote it. */
export const runRowSchema = z.strictObject({
  ...ofRun,
  name,
  framework: name.nullable(),
  reason: remark.nullable(),
  tags: z.array(name).max(limits.runTags),
  notes: text(limits.runNotes),
  commands_supported: z.array(name).max(limits.entries),
  edited: z.array(z.enum(['name', 'tags'])).max(limits.editedFields),
  status_at: momentSchema,
  declared_at: moment,
  waiting: z.strictObject({ needed: countSchema, here: countSchema.nullable(), since: momentSchema }).nullable(),
  presence_at: moment,
  pace: z.strictObject({
    durations: z.array(z.tuple([roundNumberSchema, z.number().min(0)])).max(limits.transferDurations),
    open: z.strictObject({ round: roundNumberSchema, started_at: momentSchema, deadline: moment }).nullable(),
  }),
  num_rounds_over: countSchema,
  num_rounds_empty: countSchema,
  ended_by: id.nullable(),
  ends: endsSchema,
  rounds_seen: countSchema,
  rounds_failed: countSchema,
  bytes_up: countSchema,
  bytes_down: countSchema,
});

export const runFile = {
  name: 'run.json',
  table: runs,
  left_out: ['condition', 'imported_at', 'epoch', 'seq', 'updated_seq', 'created_at'],
} as const;

const roundRow = row({
  ...ofRound,
  reason: remark.nullable(),
  stop_reason: remark.nullable(),
  status_at: momentSchema,
  announced_at: moment,
  parts_after: moment,
  parts_until: moment,
  num_named: countSchema,
  num_named_completed: countSchema,
  num_named_failed: countSchema,
  num_named_no_reply: countSchema,
  counted_completed: countSchema,
  counted_failed: countSchema,
  counted_no_reply: countSchema,
  ends: endsSchema,
  earlier: z.array(roundAttemptSchema.extend({ reason: remark.nullable() })).max(limits.transferEnds),
});

const clientRow = row({
  ...ofClient,
  status_at: momentSchema,
  joined_at: moment,
  seen_at: momentSchema,
  num_parts: countSchema,
  last_part: roundNumberSchema.nullable(),
  last_sample_count: countSchema.nullable(),
});

const seq = ['created_seq', 'updated_seq'];

/** Of every whole run, in the order in which they are written and read. */
export const rowFiles: readonly RowFile[] = [
  { name: 'rounds.jsonl', table: rounds, left_out: ['run_id', 'round_id', ...seq], order: ['round'], row: roundRow },
  { name: 'clients.jsonl', table: clients, left_out: ['run_id', ...seq], order: ['client_id'], row: clientRow },
  {
    name: 'client_updates.jsonl',
    table: clientUpdates,
    left_out: ['run_id'],
    order: ['round', 'client_id'],
    row: row({ ...ofUpdate, error: remark.nullable(), previous_part: roundNumberSchema.nullable() }),
  },
  {
    name: 'metrics.jsonl',
    table: metricPoints,
    left_out: ['run_id', 'updated_seq'],
    order: ['client_id', 'name', 'step', 'round'],
    row: row({ ...ofPoint, name: text(limits.name, 1) }),
  },
  {
    name: 'logs.jsonl',
    table: logs,
    left_out: ['run_id', 'log_id', 'updated_seq'],
    order: ['log_id'],
    row: row({ ...ofLog, message: text(limits.message), digest: id }),
  },
  {
    name: 'commands.jsonl',
    table: commands,
    left_out: ['run_id'],
    order: ['requested_at', 'command_id'],
    row: row({ ...ofCommand, command_id: id, reason: remark, requested_by: name, detail: remark.nullable() }),
  },
  {
    name: 'reporters.jsonl',
    table: runReporters,
    left_out: ['run_id'],
    order: ['reporter_id'],
    row: row({
      reporter_id: reporterIdSchema,
      commands_supported: z.array(name).max(limits.entries),
      declared_at: moment,
      clock_offset_ms: z.int(),
    }),
  },
  {
    name: 'mutes.jsonl',
    table: attentionMutes,
    left_out: ['run_id'],
    order: ['client_id', 'rule'],
    row: row({ ...muteSchema.shape, reason: remark, muted_by: name }),
  },
];

const version = modelSchema.shape.version;

/** With `models=true`: versions, what points to them, and after these each content once, as `models/SHA-256`. */
export const modelFiles: readonly RowFile[] = [
  {
    name: 'models.jsonl',
    table: models,
    left_out: ['run_id', 'updated_seq'],
    order: ['created_at', 'version'],
    row: row({
      version,
      round: roundNumberSchema.nullable(),
      format: name,
      sha256: sha256Schema,
      parent: version.nullable(),
      created_by: id.nullable(),
      created_at: momentSchema,
    }),
  },
  {
    name: 'aliases.jsonl',
    table: modelAliases,
    left_out: ['run_id'],
    order: ['alias'],
    row: row({
      alias: text(limits.alias, 1),
      version,
      set_at: momentSchema,
      set_by: id.nullable(),
      is_automatic: z.boolean(),
    }),
  },
  {
    name: 'alias_history.jsonl',
    table: modelAliasHistory,
    left_out: ['run_id', 'entry'],
    order: ['entry'],
    row: row({ alias: text(limits.alias, 1), version }),
  },
];

/** Text columns in which an empty text means none, which a primary key cannot hold as null. */
export const emptyIsNull: Readonly<Record<string, readonly string[]>> = {
  'metrics.jsonl': ['client_id'],
  'logs.jsonl': ['client_id'],
  'mutes.jsonl': ['client_id', 'rule'],
};

export const contentPrefix = 'models/';
const formatVersion = 1;

/** `manifest.json`, the last file: what the others are, so that one that is missing or changed is noticed. */
export const manifestSchema = z.object({
  format: z.literal('rondo-run', { error: 'is not rondo-run: this is not the export of a run' }),
  version: z.literal(formatVersion, { error: `must be ${formatVersion}: a newer Rondo wrote this; update this one` }),
  models: z.boolean(),
  files: z.array(
    z.object({ name: text(256, 1), rows: countSchema.nullable(), bytes: countSchema, sha256: sha256Schema }),
  ),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const makeManifest = (models: boolean, files: Manifest['files']): Manifest => ({
  format: 'rondo-run',
  version: formatVersion,
  models,
  files,
});
