import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Busy, NotFound } from '../errors.ts';
import type { CheckpointStore } from './store.ts';

export interface S3Place {
  readonly bucket: string;
  /** Empty, or ending in a slash. */
  readonly prefix: string;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly forcePathStyle: boolean;
}

// Two parts of 8 MiB are under way at once; larger parts only where S3's 10,000 would not be enough.
const partBytes = 8 * 1024 * 1024;
const partsAtOnce = 2;
const maxParts = 9_000;

/** Objects named by their digest. Credentials come by the AWS SDK's own chain: environment, profile, instance. */
export function createS3Store({ bucket, prefix, region, endpoint, forcePathStyle }: S3Place): CheckpointStore {
  const client = new S3Client({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle,
    // Many compatible stores refuse the checksums that the SDK adds of itself; ours is the digest.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000 },
  });
  const at = (sha256: string) => ({ Bucket: bucket, Key: `${prefix}${sha256.slice(0, 2)}/${sha256}` });

  const sizeOf = (sha256: string) =>
    client.send(new HeadObjectCommand(at(sha256))).then(
      ({ ContentLength }) => ContentLength,
      (error: unknown) => (isMissing(error) ? undefined : unavailable(error)),
    );

  return {
    sizeOf,

    async put(sha256, file) {
      const { size } = await stat(file);
      if ((await sizeOf(sha256)) === size) return;
      const upload = new Upload({
        client,
        params: { ...at(sha256), Body: createReadStream(file, { highWaterMark: 1024 * 1024 }) },
        partSize: Math.max(partBytes, Math.ceil(size / maxParts)),
        queueSize: partsAtOnce,
      });
      await upload.done().catch(unavailable);
    },

    async open(sha256, range) {
      const Range = range && `bytes=${range.start}-${range.end}`;
      const { Body } = await client.send(new GetObjectCommand({ ...at(sha256), Range })).catch((error: unknown) => {
        if (isMissing(error)) throw new NotFound(`the content ${sha256} is not in the model store`);
        return unavailable(error);
      });
      return Body as Readable;
    },

    async remove(sha256) {
      await client.send(new DeleteObjectCommand(at(sha256))).catch((error: unknown) => {
        if (!isMissing(error)) unavailable(error);
      });
    },

    close: () => client.destroy(),
  };
}

const isMissing = (error: unknown): boolean =>
  error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.name === 'NotFound');

/** The reason goes to the log; the caller may retry. */
function unavailable(cause: unknown): never {
  throw new Busy('the model store does not answer; try again', 5, { cause });
}
