import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { LightMyRequestResponse } from 'fastify';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
}

interface Body {
  readonly description?: string;
  readonly content?: Readonly<Record<string, Media>>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: object;
  }[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

export const operationsOf = ({ paths }: OpenApi) =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operationId: operation.operationId,
      operation,
    })),
  );

export type Listed = ReturnType<typeof operationsOf>[number];

/** Says what is wrong with a value by a schema of the document, or nothing. */
export function checkerOf({ components }: OpenApi): (schema: object, value: unknown) => string | undefined {
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
  addFormats.default(ajv);
  const compiled = new Map<object, ReturnType<typeof ajv.compile>>();
  return (schema, value) => {
    // The references lead to `#/components`, so each schema carries these.
    const validate = compiled.get(schema) ?? ajv.compile({ ...schema, components });
    compiled.set(schema, validate);
    return validate(value) ? undefined : ajv.errorsText(validate.errors);
  };
}

/** Says what an answer has that the document does not say of it, or nothing. */
export function judgeOf(document: OpenApi): (listed: Listed, answer: LightMyRequestResponse) => string | undefined {
  const check = checkerOf(document);
  return ({ operation, method }, answer) => {
    const declared = operation.responses[answer.statusCode];
    if (!declared) return 'is not declared';
    if (method === 'HEAD') return undefined;
    const type = mediaType(String(answer.headers['content-type'] ?? ''));
    const media = Object.entries(declared.content ?? {}).find(([name]) => mediaType(name) === type)?.[1];
    if (!media) return answer.body === '' ? undefined : `has a body of ${type}, which is not declared`;
    return type.endsWith('json') ? check(media.schema, answer.json()) : undefined;
  };
}

const mediaType = (header: string): string => header.split(';')[0] ?? '';
