import type { Model } from '@rondo/protocol';
import { parseRange } from './range.ts';
import type { ByteRange } from './store.ts';

interface Conditions {
  readonly range?: string | undefined;
  readonly 'if-range'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
}

export interface DownloadPlan {
  readonly status: 200 | 206 | 304 | 416;
  readonly headers: Readonly<Record<string, string>>;
  /** The part of the content to send; undefined means all of it. */
  readonly range: ByteRange | undefined;
}

/** The response to a download (RFC 9110, sections 13 to 15). Content never changes, so its digest is its ETag. [K3] */
export function planDownload(model: Model, asked: Conditions): DownloadPlan {
  const etag = `"${model.sha256}"`;
  const size = model.size_bytes;
  const headers = {
    etag,
    'accept-ranges': 'bytes',
    // A cache must not serve it to a user who signed out, so a client that has it revalidates.
    'cache-control': 'private, no-cache',
  };
  if (matches(asked['if-none-match'], etag)) return { status: 304, headers, range: undefined };
  const isSame = asked['if-range'] === undefined || asked['if-range'].trim() === etag;
  const range = isSame ? parseRange(asked.range, size) : null;
  if (range === 'unsatisfiable')
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` }, range: undefined };
  const content = {
    ...headers,
    'content-type': 'application/octet-stream',
    'content-disposition': attachment(model),
    'content-length': String(range ? range.end - range.start + 1 : size),
    'repr-digest': `sha-256=:${Buffer.from(model.sha256, 'hex').toString('base64')}:`,
  };
  if (!range) return { status: 200, headers: content, range: undefined };
  const contentRange = `bytes ${range.start}-${range.end}/${size}`;
  return { status: 206, headers: { ...content, 'content-range': contentRange }, range };
}

const matches = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag) ?? false;

/** RFC 6266: a name that every browser reads, and beside it the one in full. */
function attachment({ version, format }: Model): string {
  const ending = format === 'binary' ? 'bin' : format;
  const name = version.endsWith(`.${ending}`) ? version : `${version}.${ending}`;
  const plain = name.replaceAll(/[^\w.+@=~-]/g, '_');
  const full = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${full}`;
}
