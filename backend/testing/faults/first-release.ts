import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { restoreBackup } from '../../src/backup/restore-backup.ts';
import { admin } from './site.ts';

/**
 * What the first release stored and answered: its own server received these reports, wrote the backup, and answered the
 * paths. Answers that change with time were left out: whether a client is online, and when a user signed in.
 */
const folder = join(import.meta.dirname, 'first-release');
const answers = JSON.parse(gunzipSync(readFileSync(join(folder, 'answers.json.gz'))).toString()) as Record<
  string,
  unknown
>;

interface Place {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
}

/** Makes the data folder, or the database, as the first release left it: its schema and its rows. */
export async function restoreFirstRelease(place: Place): Promise<void> {
  await restoreBackup({ ...place, modelStoreUrl: undefined }, join(folder, 'backup.gz'), { upgrade: false });
}

/** Asks all again, and says what is not as the first release answered it. New fields are no difference. */
export async function compareWithFirstRelease(url: string): Promise<{ compared: number; troubles: string[] }> {
  const signedIn = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(admin),
  });
  if (!signedIn.ok) return { compared: 0, troubles: [`the admin of the first release gets ${signedIn.status}`] };
  const { access_token } = (await signedIn.json()) as { access_token: string };
  const headers = { authorization: `Bearer ${access_token}` };
  const troubles: string[] = [];
  let compared = 0;
  for (const [path, before] of Object.entries(answers)) {
    const answer = await fetch(`${url}${path}`, { headers });
    const now: unknown = answer.ok ? await answer.json() : answer.status;
    compared += countLeaves(before);
    troubles.push(...differences(before, now, path));
  }
  return { compared, troubles };
}

function differences(before: unknown, now: unknown, at: string): string[] {
  if (isDeepStrictEqual(before, now)) return [];
  if (isObject(before) && isObject(now))
    return Object.keys(before).flatMap((name) => differences(before[name], now[name], `${at} ${name}`));
  return [`${at}: ${JSON.stringify(before)} became ${JSON.stringify(now)}`];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const countLeaves = (value: unknown): number =>
  isObject(value) ? Object.values(value).reduce<number>((sum, each) => sum + countLeaves(each), 0) : 1;
