import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

export interface Sealer {
  seal(text: string): string;
  /** Undefined when the text was sealed with another key, or changed. */
  open(sealed: string): string | undefined;
}

/** Encrypts what must be sent again later and never shown. Servers that share a database share the key. [E8] */
export function createSealer(secretKey: string): Sealer {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'rondo alert channels', 32));
  return {
    seal(text) {
      const iv = randomBytes(ivBytes);
      const box = createCipheriv(cipher, key, iv);
      const inside = Buffer.concat([box.update(text, 'utf8'), box.final()]);
      return Buffer.concat([iv, box.getAuthTag(), inside]).toString('base64');
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      try {
        const box = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes));
        box.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
        return Buffer.concat([box.update(bytes.subarray(ivBytes + tagBytes)), box.final()]).toString('utf8');
      } catch {
        return undefined; // GCM refuses what another key sealed
      }
    },
  };
}
