import { outcomeCodes, type Privacy, type RunId, toNumber } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { latestOf, newestPoints } from '../db/queries/insight.ts';
import { findRunRow } from '../db/queries/runs.ts';
import { numberInConfig, targetEpsilonOf, textInConfig } from './privacy-config.ts';
import { prepareRounds, readDerivedRounds } from './rounds.ts';
import { normalTwoSided } from './statistics.ts';

type Config = Readonly<Record<string, unknown>>;

export interface Attended {
  /** Rounds that each client took part in. */
  readonly perClient: readonly number[];
  readonly rounds: number;
}

/**
 * Tests whether the clients look like a simple random sample of each round. Then each client's number of rounds has
 * variance T·p(1 − p), so their sum of squares around T·p is about χ² with n − 1 degrees of freedom.
 */
export function attendanceOf({ perClient, rounds }: Attended): Privacy['attendance'] {
  const n = perClient.length;
  const total = perClient.reduce((sum, count) => sum + count, 0);
  const p = n === 0 || rounds === 0 ? 0 : total / (n * rounds);
  const none = { z: null, p_value: null };
  if (p >= 1)
    return { kind: 'everyone', ...none, sentence: 'every client took part in every round: nothing is sampled' };
  if (n < 5 || rounds * p * (1 - p) < 2) {
    return {
      kind: 'not_known',
      ...none,
      sentence: 'there are too few rounds or clients to tell whether attendance was random',
    };
  }
  const squares = perClient.reduce((sum, count) => sum + (count - rounds * p) ** 2, 0) / (rounds * p * (1 - p));
  const z = (squares * ((n - 1) / n) - (n - 1)) / Math.sqrt(2 * (n - 1));
  const p_value = normalTwoSided(z);
  const isRandom = Math.abs(z) < 2.576;
  const sentence = isRandom
    ? 'attendance looks like a random sample'
    : `attendance was not random (z = ${z.toFixed(1)}): amplification by sampling is not justified`;
  return { kind: isRandom ? 'random' : 'not_random', z, p_value, sentence };
}

/** ε of T rounds of the Gaussian mechanism with full participation: zero-concentrated DP, ρ = T/(2σ²). */
export const epsilonOf = (rounds: number, sigma: number, delta: number): number => {
  const rho = rounds / (2 * sigma * sigma);
  return rho + 2 * Math.sqrt(rho * Math.log(1 / delta));
};

/** The maximum number of rounds whose ε stays within the target. */
export function roundsWithin(target: number, sigma: number, delta: number): number {
  const root = Math.sqrt(Math.log(1 / delta));
  return Math.floor(2 * sigma * sigma * (Math.sqrt(root * root + target) - root) ** 2);
}

interface Spent {
  readonly config: Config;
  readonly epsilon: number | null;
  readonly delta: number | null;
  readonly spentRounds: number;
  /** ε by round, oldest first. */
  readonly recent: readonly { readonly round: number; readonly epsilon: number }[];
  readonly attendance: Privacy['attendance'];
}

/** How many rounds are left, by the closed form where it is justified, else by the trend. */
export function roundsLeft({ config, epsilon, delta, spentRounds, recent, attendance }: Spent): Privacy['rounds_left'] {
  const target = targetEpsilonOf(config);
  const none = (sentence: string) => ({ basis: 'none' as const, rounds: null, sentence });
  if (target === null) return none('no target for ε is in the config');
  if (epsilon === null) return none('ε was not reported');
  if (epsilon >= target) return { basis: 'trend', rounds: 0, sentence: 'the target is reached' };
  const sigma = numberInConfig(config, sigmaNames);
  const isGaussian = /gauss/i.test(textInConfig(config, mechanismNames) ?? '');
  if (
    sigma !== null &&
    sigma > 0 &&
    delta !== null &&
    delta > 0 &&
    delta < 1 &&
    isGaussian &&
    attendance.kind === 'everyone'
  ) {
    const said = epsilonOf(spentRounds, sigma, delta);
    if (Math.abs(said / epsilon - 1) <= 0.1) {
      const rounds = Math.max(0, roundsWithin(target, sigma, delta) - spentRounds);
      return {
        basis: 'zcdp',
        rounds,
        sentence: `${rounds} rounds are left (Gaussian mechanism, everybody takes part, zero-concentrated differential privacy)`,
      };
    }
  }
  const [first, last] = [recent[0], recent.at(-1)];
  const slope =
    first && last && last.round > first.round ? (last.epsilon - first.epsilon) / (last.round - first.round) : 0;
  if (recent.length < 5 || slope <= 0)
    return none('the parameters do not justify a closed form, and too few rounds reported ε for a trend');
  const rounds = Math.floor((target - epsilon) / slope);
  return {
    basis: 'trend',
    rounds,
    sentence: `about ${rounds} rounds are left if ε goes on as in the last ${recent.length}; this is no guarantee`,
  };
}

/** The newest rounds that say whether attendance is random. */
const attendanceRounds = 1_000;

const sigmaNames = ['noise_multiplier', 'sigma'];
const mechanismNames = ['mechanism', 'dp_mechanism', 'noise_mechanism'];

export async function readPrivacy(db: Db, runId: RunId): Promise<Privacy> {
  const run = await findRunRow(db, runId);
  const config: Config = run?.config ?? {};
  const latest = await latestOf(db, runId, ['privacy_epsilon', 'privacy_delta']);
  const epsilon = latest.find(({ name }) => name === 'privacy_epsilon');
  const delta = latest.find(({ name }) => name === 'privacy_delta');
  const points = await newestPoints(db, runId, 'privacy_epsilon', 20);
  const prepared = await prepareRounds(db, runId, {}, attendanceRounds);
  const counts = new Array<number>(prepared.numbers.ids.length).fill(0);
  let rounds = 0;
  let unnamed = 0;
  for await (const { row, columns } of readDerivedRounds(db, runId, prepared, [])) {
    if (columns.client.length === 0) continue;
    rounds += 1;
    unnamed += row.num_clients_expected - row.num_named;
    for (const [at, client] of columns.client.entries())
      if (columns.outcome[at] !== 0 && columns.outcome[at] !== outcomeCodes.pending)
        counts[client] = (counts[client] as number) + 1;
  }
  const attendance =
    unnamed > 0
      ? {
          kind: 'not_known' as const,
          z: null,
          p_value: null,
          sentence: 'some clients are not known by name, so their attendance is not known',
        }
      : attendanceOf({ perClient: counts, rounds: Math.max(0, rounds - prepared.open.size) });
  const target = targetEpsilonOf(config);
  const value = epsilon ? toNumber(epsilon.value) : null;
  const deltaValue = delta ? toNumber(delta.value) : null;
  const recent = points.flatMap(({ round, value }) => (round === null ? [] : [{ round, epsilon: toNumber(value) }]));
  const sampling = numberInConfig(config, ['sampling_rate', 'sample_rate', 'fraction_fit', 'fraction_train']);
  const fields = {
    unit: textInConfig(config, ['privacy_unit', 'unit']),
    adjacency: textInConfig(config, ['adjacency', 'neighbouring', 'neighboring']),
    mechanism: textInConfig(config, mechanismNames),
    noise_multiplier: numberInConfig(config, sigmaNames),
    clip: numberInConfig(config, ['clip', 'clip_norm', 'clipping_norm', 'max_grad_norm', 'l2_norm_clip']),
    sampling_rate: sampling !== null && sampling >= 0 && sampling <= 1 ? sampling : null,
  };
  const missing = Object.entries(fields).flatMap(([name, known]) => (known === null ? [name] : []));
  return {
    run_id: runId,
    is_reported: epsilon !== undefined,
    epsilon: epsilon?.value ?? null,
    delta: delta?.value ?? null,
    round: epsilon?.round ?? null,
    ...fields,
    attendance,
    target_epsilon: target,
    share_of_target: target !== null && value !== null && Number.isFinite(value) ? value / target : null,
    rounds_left: roundsLeft({
      config,
      epsilon: value,
      delta: deltaValue,
      spentRounds: epsilon?.round ?? rounds,
      recent,
      attendance,
    }),
    missing,
    statement: statementOf({
      epsilon: epsilon?.value ?? null,
      delta: delta?.value ?? null,
      ...fields,
      missing,
      attendance: attendance.sentence,
    }),
  };
}

type Stated = Pick<Privacy, 'epsilon' | 'delta' | 'unit' | 'adjacency' | 'mechanism' | 'missing'> & {
  readonly attendance: string;
};

/** The guarantee and its basis; an ε is meaningless without its unit of privacy. */
function statementOf({ epsilon, delta, unit, adjacency, mechanism, missing, attendance }: Stated): string {
  if (epsilon === null) return 'This run reports no privacy loss.';
  const what = `The run reports (ε = ${epsilon}, δ = ${delta ?? 'not reported'})-differential privacy`;
  const of = ` for each ${unit ?? 'unit that the report does not name'}`;
  const how = `${adjacency ? `, ${adjacency} adjacency` : ''}${mechanism ? `, by the ${mechanism} mechanism` : ''}`;
  const lacks = missing.length > 0 ? ` Not reported: ${missing.join(', ').replaceAll('_', ' ')}.` : '';
  return `${what}${of}${how}; ${attendance}.${lacks} Rondo shows what the FL server says and cannot check it.`;
}
