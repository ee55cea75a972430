import { uploadMetadataSchema } from '@rondo/protocol';
import { Invalid } from '../errors.ts';
import type { Upload } from './registry.ts';

type Metadata = Record<string, string | null>;
/** The owner comes from the API key. */
type Said = Omit<Upload, 'created_by' | 'project_id' | 'key_id'>;

/** Parses the `Upload-Metadata` of a resumable upload; throws `Invalid` if it is not valid. */
export function parseMetadata(metadata: Metadata): Said {
  const given = Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== null));
  const { data, error } = uploadMetadataSchema.safeParse(given);
  if (error) {
    const issues = error.issues.map(({ path, message }) => ({ path: `Upload-Metadata.${path.join('.')}`, message }));
    throw new Invalid(issues);
  }
  const { round = null, parent = null, format = null, ...said } = data;
  return { ...said, round, parent, format };
}

/** The same as it is noted beside the bytes. */
export function metadataOf({ round, parent, format, ...said }: Said): Metadata {
  return {
    ...said,
    ...(round !== null && { round: String(round) }),
    ...(parent !== null && { parent }),
    ...(format !== null && { format }),
  };
}
