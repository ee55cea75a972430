import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits, safe in URLs and cookies. */
export const randomSecret = (bytes = 32): string => randomBytes(bytes).toString('base64url');

/** How secrets of ours are stored: 256 random bits need no salt and no slow hash. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');
