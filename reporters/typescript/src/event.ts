import { type FactInput, type FactType, factSchema, limits } from '@rondo/protocol';
import { readable } from './log-text.ts';
import type { Masking } from './masking.ts';
import { isRecord, toConfig } from './plain.ts';
import type { EventClass } from './spool/records.ts';
import { clipId, clipText } from './storable.ts';

type WithoutEnvelope<F> = F extends FactInput ? Omit<F, 'run_id' | 'at'> & { at?: string | Date } : never;
/** A fact as a program reports it: `run_id` is the reporter's, `at` is now unless given. */
export type ReportedFact = WithoutEnvelope<FactInput>;

/** One event as it waits for its batch: already JSON, so that later changes to the caller's objects change nothing. */
export interface QueuedEvent {
  readonly type: FactType;
  /** Its priority when the spool is full. [R7] */
  readonly class: EventClass;
  readonly json: string;
  readonly bytes: number;
}

export type MadeEvent =
  | { readonly state: 'valid'; readonly event: QueuedEvent; readonly flaw: string | null }
  | { readonly state: 'invalid'; readonly flaw: string };

// Alone in its batch, beside the envelope.
const largestEventBytes = limits.batchBytes - 1_024;

// From the schema itself, so that a new field of the protocol travels without a change here.
const fieldsByType = new Map<string, readonly string[]>(
  factSchema.options.map((option) => [
    option.shape.type.value,
    Object.keys(option.shape).filter((field) => !['type', 'run_id', 'at'].includes(field)),
  ]),
);

/** Replaced by later events, or detail only. [R7] */
const telemetryTypes: ReadonlySet<FactType> = new Set([
  'client_heartbeat',
  'client_presence',
  'client_status',
  'log',
  'metric',
]);

export function classOf(type: FactType): EventClass {
  if (type === 'run_started') return 's';
  return telemetryTypes.has(type) ? 't' : 'f';
}

/**
 * The wire form of a fact. Values are brought within the protocol's bounds; an optional field that cannot be is left out
 * rather than the event lost (`flaw` says which); an event that still is not valid is `invalid`. May throw if the caller's
 * objects do. [R3]
 */
export function makeEvent(fact: ReportedFact, run_id: string, at: string, masking?: Masking): MadeEvent {
  const fields = fieldsByType.get(fact?.type);
  if (!fields) return { state: 'invalid', flaw: `unknown event type ${clipText(String(fact?.type), 64)}` };
  const event: Record<string, unknown> = { type: fact.type, run_id, at };
  const given = fact as unknown as Record<string, unknown>;
  for (const field of fields) {
    const value = given[field];
    if (value !== undefined && value !== null)
      event[field] = toWire(fact.type, field, presentable(field, value, masking));
  }
  const { removed, left } = leaveOutFlaws(event);
  if (left !== null) return { state: 'invalid', flaw: `${fact.type}: ${left}` };
  const json = JSON.stringify(event);
  const bytes = Buffer.byteLength(json);
  if (bytes > largestEventBytes) return { state: 'invalid', flaw: `${fact.type}: ${bytes} bytes are too many` };
  return {
    state: 'valid',
    event: { type: fact.type, class: classOf(fact.type), json, bytes },
    flaw: removed && `${fact.type}: left out what is not valid: ${removed}`,
  };
}

/** Before anything is on disk: no secrets in the configuration and in texts, no codes of a terminal. [R32] [R33] */
function presentable(field: string, value: unknown, masking: Masking | undefined): unknown {
  if (masking === undefined) return value;
  if (field === 'config') return masking.mask(toConfig(value));
  const isText = field === 'message' || field === 'reason' || field === 'detail';
  return isText && typeof value === 'string' ? masking.maskText(readable(value)) : value;
}

function toWire(type: FactType, field: string, value: unknown): unknown {
  switch (field) {
    case 'client_id':
      return toId(value, limits.clientId);
    case 'client_ids':
      return Array.isArray(value) ? value.map((id) => toId(id, limits.clientId)) : value;
    case 'command_id':
    case 'model_version':
      return toId(value, limits.id);
    case 'name':
      return type === 'metric' ? toId(value, limits.name) : toText(value, limits.name);
    case 'framework':
      return toText(value, limits.name);
    case 'tags':
    case 'commands_supported':
      return Array.isArray(value) ? value.slice(0, limits.entries).map((tag) => toText(tag, limits.name)) : value;
    case 'reason':
    case 'detail':
      return toText(value, limits.reason);
    case 'message':
      return toText(value, limits.message);
    case 'config':
      return toConfig(value);
    case 'metrics':
      return toEntries(value, toScalar);
    case 'labels':
      return toEntries(value, (label) => toText(label, limits.name));
    case 'system':
      return isRecord(value) ? { ...value } : value;
    default:
      return toScalar(value);
  }
}

const toId = (value: unknown, max: number): unknown =>
  typeof value === 'string' ? clipId(value, max) : isNumeric(value) ? String(value) : value;

const toText = (value: unknown, max: number): unknown =>
  typeof value === 'string' ? clipText(value, max) : isNumeric(value) ? String(value) : value;

const isNumeric = (value: unknown): boolean => typeof value === 'number' || typeof value === 'bigint';

function toScalar(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Date ? value.toISOString() : value;
}

function toEntries(value: unknown, toValue: (entry: unknown) => unknown): unknown {
  if (!isRecord(value)) return value;
  const entries: Record<string, unknown> = {};
  let count = 0;
  for (const key in value) {
    if (value[key] === undefined || value[key] === null) continue;
    if (++count > limits.entries) break;
    entries[clipId(key, limits.name)] = toValue(value[key]);
  }
  return entries;
}

// Without these an event would say something else, not less: a client's metric would become the server's.
const meaning: ReadonlySet<string> = new Set(['client_id', 'round', 'step', 'at', 'run_id']);

// The schema names only the first few issues at a time, so it is asked again; each pass removes one at least.
const mostPasses = 2 * limits.entries;
const namedFlaws = 3;

/** Removes every invalid field or entry in place. `left` is what could not be removed, `removed` names what was. */
function leaveOutFlaws(event: Record<string, unknown>): { removed: string | null; left: string | null } {
  const flaws: string[] = [];
  const answer = (left: string | null) => {
    const more = flaws.length > namedFlaws ? `, and ${flaws.length - namedFlaws} more` : '';
    return { removed: flaws.length === 0 ? null : `${flaws.slice(0, namedFlaws).join(', ')}${more}`, left };
  };
  for (let pass = 0; pass < mostPasses; pass++) {
    const issues = factSchema.safeParse(event).error?.issues ?? [];
    const removed = issues.filter(({ path }) => leaveOut(event, path));
    flaws.push(...removed.map(describe));
    if (removed.length === 0) return answer(issues[0] ? describe(issues[0]) : null);
  }
  return answer('too many fields are not valid');
}

/** Whether it removed anything. */
function leaveOut(event: Record<string, unknown>, [field, key]: readonly PropertyKey[]): boolean {
  if (typeof field !== 'string' || meaning.has(field) || !(field in event)) return false;
  const holder = event[field];
  if (typeof key === 'string' && isRecord(holder) && key in holder) delete holder[key];
  else delete event[field];
  return true;
}

const describe = ({ path, message }: { path: PropertyKey[]; message: string }): string =>
  `${path.map(String).join('.')} ${message}`;

/** The type of a stored event, for messages. */
export function typeOf(json: string | undefined): string {
  const event: unknown = json === undefined ? null : JSON.parse(json);
  return isRecord(event) ? String(event.type) : 'an event';
}
