import { z } from 'zod';
import { modelSchema } from '../entities.ts';
import { limits } from '../limits.ts';
import { momentSchema, roundNumberSchema, runIdSchema, text } from '../values.ts';
import { numberInAddress } from './number-in-address.ts';

// A version becomes a file's name, a part of an address and a heading: a name, never a path.
const nameForm = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._+@=:~-]*$/u;
const nameRule = 'must begin with a letter or digit, and have only letters, digits and . _ - + @ = : ~';

/** The name under which a checkpoint may be stored. [K1] */
export const newVersionSchema = text(limits.id, 1).regex(nameForm, nameRule).brand('ModelVersion');

export const aliasNameSchema = text(limits.alias, 1).regex(nameForm, nameRule);

/** The server's own. [K6] */
export const automaticAliases: readonly string[] = ['best', 'latest'];

export const sha256Schema = z
  .string('is required: the SHA-256 of the whole content, in hex')
  .regex(/^[0-9a-f]{64}$/i, 'must be a SHA-256 in hex: 64 digits')
  .toLowerCase();

const lineage = {
  run_id: runIdSchema,
  parent: newVersionSchema.optional(),
  format: text(limits.name, 1)
    .regex(/^[\w.+-]+$/, 'must be a short name such as safetensors, npz or pt')
    .optional()
    .describe('as the uploader calls it; by default what the content shows'),
};

export const saveQuery = z.object({ ...lineage, round: numberInAddress(roundNumberSchema).optional() });

/** The fields in the `Upload-Metadata` of a resumable upload. */
export const uploadMetadataSchema = z.object({
  ...lineage,
  version: newVersionSchema,
  sha256: sha256Schema,
  round: numberInAddress(roundNumberSchema).optional(),
});

export const modelDetailSchema = modelSchema.extend({
  tensors: z
    .array(z.object({ name: z.string(), dtype: z.string(), shape: z.array(z.int().min(0)) }))
    .describe('the first 1,000 of a safetensors file'),
  tensor_count: z.int().min(0),
  created_by: z.string().nullable().describe('name of the API key that stored it'),
  round_metrics: modelSchema.shape.metrics,
});

/** One checkpoint with what its file and its round say about it. */
export type ModelDetail = z.infer<typeof modelDetailSchema>;
export type Tensor = ModelDetail['tensors'][number];

export const aliasSchema = z.object({
  alias: z.string(),
  version: z.string(),
  previous_version: z.string().nullable().describe('where a rollback would go'),
  set_at: momentSchema,
  set_by: z.string().nullable(),
  is_automatic: z.boolean().describe('best and latest, which the server moves by itself'),
});
export type Alias = z.infer<typeof aliasSchema>;

export const downloadLinkSchema = z.object({ url: z.string(), expires_in: z.int().describe('seconds') });
export type DownloadLink = z.infer<typeof downloadLinkSchema>;
