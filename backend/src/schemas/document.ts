import { factSchema } from '@rondo/protocol';
import { z } from 'zod';
import { examples } from './examples/operations.ts';

/** The parts of an OpenAPI document that are read or written here. */
export interface OpenApiDocument {
  paths?: Record<string, Partial<Record<string, Operation>>>;
  components?: { schemas?: Record<string, object> };
}

interface Media {
  schema?: object;
  example?: unknown;
}

interface Operation {
  operationId?: string;
  parameters?: { name: string; in: string; description?: string; schema?: { description?: string } }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description?: string; content?: Record<string, Media> }>;
}

/** Adds the parts that routes do not declare: examples, descriptions of parameters, the shape of an event. */
export function completeDocument<D extends OpenApiDocument>(document: D): D {
  for (const operations of Object.values(document.paths ?? {})) {
    // Every GET has a HEAD; the document lists only those that are routes of their own.
    if (operations.get) delete operations.head;
    for (const operation of Object.values(operations)) if (operation) complete(operation);
  }
  const schemas = document.components?.schemas ?? {};
  schemas.Fact = { ...z.toJSONSchema(factSchema, { io: 'input', unrepresentable: 'any' }), $schema: undefined };
  removeUnused(document, schemas);
  return document;
}

function complete(operation: Operation): void {
  // The suffix with which the library distinguishes a HEAD from its GET.
  operation.operationId = operation.operationId?.replace(/-head$/, '');
  const example = examples[operation.operationId ?? ''];
  for (const parameter of operation.parameters ?? []) {
    parameter.description ??= parameter.schema?.description ?? meanings[parameter.name];
  }
  addExample(operation.requestBody?.content, example?.request);
  for (const [status, response] of Object.entries(operation.responses)) {
    if (response.description === 'Default Response') response.description = said[status] ?? 'Answered';
    if (status < '300') addExample(response.content, example?.response);
  }
}

function addExample(content: Record<string, Media> | undefined, example: unknown): void {
  const json = content?.['application/json'];
  if (json && example !== undefined) json.example = example;
}

/** zod emits an input and an output variant of each schema; drop the unused one. */
function removeUnused(document: OpenApiDocument, schemas: Record<string, object>): void {
  const unused = Object.keys(schemas).filter(
    (name) => name !== 'Fact' && !JSON.stringify(document).includes(`"#/components/schemas/${name}"`),
  );
  for (const name of unused) delete schemas[name];
  // They may have been the only ones that spoke of others.
  if (unused.length > 0) removeUnused(document, schemas);
}

const said: Record<string, string> = {
  200: 'As asked',
  201: 'Made',
  202: 'Asked for; what becomes of it shows on the answer and on the live socket',
  204: 'Done',
  302: 'Elsewhere',
  503: 'The database does not answer',
};

const meanings: Record<string, string> = {
  limit: 'How many items a page has at most',
  offset: 'How many items come before the page; deep pages cost less with a cursor, where the list has one',
  run_id: 'The id that the FL server gave to the run',
  round_id: 'The id that this server gave to the round',
  client_id: 'The id of a client, which is one over all runs',
  version: 'The name of a checkpoint version',
  alias: 'A name that points to a version of the run',
  project: 'Only those of this project',
  user_id: 'The id that this server gave to the user',
  status: 'Only those of this status',
  state: 'Only those in this state',
  id: 'The id that this server gave',
  name: 'The name of the metric',
  from: 'The first that counts: a step of a series, a moment of the audit log',
  to: 'The end: the last step of a series, the first moment of the audit log that is too late',
  measure: 'which number of a client update',
  rule: 'a rule of the attention list',
  label: 'which label of the clients the costs are added up by',
  max_points: 'How many points are drawn; of more, the least and the greatest of every bucket are kept',
  round: 'The number of the round that made it',
  parent: 'The version that it was made from',
  format: 'The format of the content, as the uploader names it',
  actor: 'Only what this user did',
  action: 'Only acts of this kind',
  target: 'Only what was done to this user, round, run, key, model or alias',
  return_to: 'The page to come back to: a path on this server',
  ticket: 'From a download link, instead of a token',
  'x-content-sha256': 'The SHA-256 of the body, in hex',
};
