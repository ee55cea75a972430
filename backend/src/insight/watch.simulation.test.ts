import { expect, it } from 'vitest';
import { Watch } from './watch.ts';

/** `RONDO_LONG_SIMULATIONS=1` repeats each federation more often: minutes instead of seconds. */
const isLong = process.env.RONDO_LONG_SIMULATIONS === '1';

/** Mulberry32, seeded: the same federations every time. */
function makeRandom(seed: number) {
  let a = seed >>> 0;
  const uniform = () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  // Student's distribution with three degrees of freedom.
  const student3 = () => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3);
  return { uniform, normal, student3 };
}

const kinds = ['normal', 'lognormal', 'heavy tails', 'non-IID'] as const;
type Kind = (typeof kinds)[number];
const measures = 3;
const rounds = 110;

/** ln of what the clients of an honest federation report, round by round. */
function* honest(kind: Kind, n: number, seed: number) {
  const random = makeRandom(seed);
  const clients = Uint32Array.from({ length: n }, (_, i) => i);
  const lasting = Float64Array.from({ length: n }, () => (kind === 'normal' ? 0 : 0.5 * random.normal()));
  const own = Float64Array.from({ length: n }, () => (kind === 'non-IID' ? Math.exp(0.3 * random.normal()) : 1));
  for (let t = 0; t < rounds; t++) {
    const values = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      if (kind === 'non-IID') lasting[i] = (lasting[i] as number) + 0.005 * random.normal();
      const noise =
        kind === 'normal'
          ? Math.log(Math.max(0.05, 1 + 0.15 * random.normal()))
          : kind === 'heavy tails'
            ? 0.15 * random.student3()
            : 0.15 * (own[i] as number) * random.normal();
      values[i] = -t / 60 + (lasting[i] as number) + noise;
    }
    yield { t, clients, values };
  }
}

function falseMarks(kind: Kind, n: number, repeats: number) {
  let [marks, drifts, marked, counted] = [0, 0, 0, 0];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const perRound = new Float64Array(rounds);
    for (let measure = 0; measure < measures; measure++) {
      const watch = new Watch({ measures });
      const lastMark = new Map<number, number>();
      const lastDrift = new Map<number, number>();
      for (const { t, clients, values } of honest(kind, n, 1_000 * repeat + 17 * measure + n)) {
        const seen = watch.step(clients, values);
        for (const { client } of seen.marks) {
          if (t - (lastMark.get(client) ?? -99) > 10) {
            marks += 1;
            perRound[t] = 1;
          }
          lastMark.set(client, t);
        }
        for (const { client } of seen.drifts) {
          if (t - (lastDrift.get(client) ?? -99) > 10) {
            drifts += 1;
            perRound[t] = 1;
          }
          lastDrift.set(client, t);
        }
      }
    }
    counted += rounds;
    marked += perRound.reduce((sum, each) => sum + each, 0);
  }
  return { marks: (100 * marks) / counted, drifts: (100 * drifts) / counted, rounds: (100 * marked) / counted };
}

/** The share of attacks on one measure that are marked in the round in which they begin. */
function detection(kind: Kind, n: number, factor: number, repeats: number): number {
  let found = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const watch = new Watch({ measures });
    for (const { t, clients, values } of honest(kind, n, 31 * repeat + n)) {
      if (t > 60) break;
      if (t === 60) values[0] = (values[0] as number) + Math.log(factor);
      const { marks } = watch.step(clients, values);
      if (t === 60 && marks.some(({ client }) => client === 0)) found += 1;
    }
  }
  return found / repeats;
}

const sizes = [5, 10, 50, 500];

/** Rounds in a hundred with a false mark of any of three measures: what the list states, and what remains where it does not hold. */
const mostRounds: Record<Kind, number> = { normal: 1, lognormal: 1, 'non-IID': 4.5, 'heavy tails': 7 };
const leastFound: Partial<Record<Kind, number>> = { normal: 0.7, lognormal: 0.75 };

it('[G5] marks honest clients in at most one round in a hundred, and finds threefold norms', {
  timeout: 600_000,
}, () => {
  const rows: string[] = [];
  for (const kind of kinds) {
    for (const n of sizes) {
      const repeats = isLong ? 200 : n === 500 ? 3 : 20;
      const honestly = falseMarks(kind, n, repeats);
      const times = isLong ? 500 : n === 500 ? 20 : 100;
      const [twice, thrice] = [detection(kind, n, 2, times), detection(kind, n, 3, times)];
      const few = n < 10 ? 2 : 0;
      expect
        .soft(honestly.rounds, `${kind}, ${n} clients: rounds with a false mark`)
        .toBeLessThanOrEqual(mostRounds[kind] + few);
      if (n >= 10)
        expect
          .soft(thrice, `${kind}, ${n} clients: threefold norms found`)
          .toBeGreaterThanOrEqual(leastFound[kind] ?? 0);
      rows.push(
        [kind, n, honestly.marks, honestly.drifts, honestly.rounds, 100 * twice, 100 * thrice]
          .map((cell) => (typeof cell === 'number' ? String(Math.round(cell * 100) / 100) : cell))
          .join(' | '),
      );
    }
  }
  console.log(
    `kind | clients | false marks per 100 rounds | false drifts | rounds with any | finds 2× % | finds 3× %\n${rows.join('\n')}`,
  );
  expect(rows).toHaveLength(kinds.length * sizes.length);
});
