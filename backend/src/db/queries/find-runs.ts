import {
  isLowerBetter,
  type ProjectId,
  type RunCondition,
  type RunId,
  type RunSort,
  type RunStatus,
} from '@rondo/protocol';
import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { runs } from '../schema.ts';
import type { KeysetPage, Listed } from './page.ts';
import { inProjects, type Visible } from './projects.ts';
import { readRunTotal } from './run-totals.ts';

/** The order, the part of the list and the values of the run that ends a page. */
export type RunKey = readonly [order: string, part: number, value: string | number, run_id: RunId];

export interface RunFilter {
  readonly visible: Visible;
  readonly ids?: readonly RunId[] | undefined;
  readonly project?: ProjectId | undefined;
  readonly status?: RunStatus | undefined;
  /** Part of the name, the id, the notes or a tag, in any case. */
  readonly q?: string | undefined;
  readonly tag?: string | undefined;
  readonly framework?: string | undefined;
  readonly condition?: RunCondition['state'] | undefined;
  readonly config?: readonly (readonly [key: string, value: string])[] | undefined;
}

export interface RunOrder {
  readonly sort: RunSort;
  readonly order?: 'asc' | 'desc' | undefined;
}

type RunRow = typeof runs.$inferSelect;

/**
 * A part of the list that one index has in its order. A list is one part, or two: the running runs before those that are
 * over, and the runs with a value before those without one.
 */
interface Part {
  readonly from: SQL;
  readonly where: SQL;
  /** As the index has it. */
  readonly value: SQL;
  /** As a cursor has it. */
  readonly shown: SQL;
  /** From a cursor's value. */
  readonly read: (value: string | number) => SQL;
}

const moment = (value: SQL) => ({
  value,
  shown: sql`(extract(epoch from ${value}) * 1000)::float8`,
  read: (ms: string | number) => sql`to_timestamp(${Number(ms)}::float8 / 1000)`,
});
const words = (value: SQL) => ({ value, shown: value, read: (shown: string | number) => sql`${String(shown)}::text` });
const noValue = words(sql`''::text`);
const everyRun = { from: sql`runs`, where: sql`true` };
const ofRuns = everyRun.from;

function partsOf(sort: RunSort): { parts: Part[]; isDescending: boolean } {
  switch (sort) {
    case 'newest':
      return {
        isDescending: true,
        parts: [
          { from: ofRuns, where: sql`runs.status = 'running'`, ...moment(sql`runs.started_at`) },
          {
            from: ofRuns,
            where: sql`runs.status <> 'running'`,
            ...moment(sql`coalesce(runs.completed_at, runs.started_at)`),
          },
        ],
      };
    case 'started_at':
      return { isDescending: true, parts: [{ ...everyRun, ...moment(sql`runs.started_at`) }] };
    case 'name':
      return { isDescending: false, parts: [{ ...everyRun, ...words(sql`lower(runs.name)`) }] };
    case 'status':
      return { isDescending: false, parts: [{ ...everyRun, ...words(sql`runs.status`) }] };
    case 'rounds':
      return {
        isDescending: true,
        parts: [
          {
            from: sql`runs`,
            where: sql`true`,
            value: sql`runs.rounds_seen`,
            shown: sql`runs.rounds_seen::float8`,
            read: (value) => sql`${Number(value)}::float8::bigint`,
          },
        ],
      };
    case 'duration_ms': {
      const value = sql`(runs.completed_at - runs.started_at)`;
      return {
        isDescending: true,
        parts: [
          {
            from: ofRuns,
            where: sql`runs.completed_at is not null`,
            value,
            shown: sql`(extract(epoch from ${value}) * 1000)::float8`,
            read: (ms) => sql`make_interval(secs => ${Number(ms)}::float8 / 1000)`,
          },
          { from: ofRuns, where: sql`runs.completed_at is null`, ...noValue },
        ],
      };
    }
    default:
      return partsOfMetric(sort);
  }
}

function partsOfMetric(sort: string): { parts: Part[]; isDescending: boolean } {
  const [which = '', ...rest] = sort.split('.');
  const name = rest.join('.').replace(/^global_(?=loss$|accuracy$)/, '');
  const column = sql.identifier(which);
  return {
    isDescending: !isLowerBetter(name),
    parts: [
      {
        from: sql`run_metrics join runs on runs.run_id = run_metrics.run_id`,
        where: sql`run_metrics.name = ${name} and run_metrics.${column} is not null`,
        value: sql`run_metrics.${column}`,
        shown: sql`run_metrics.${column}::text`,
        read: (value) => sql`${String(value)}::float8`,
      },
      {
        from: sql`runs`,
        where: sql`not exists (select from run_metrics
          where run_metrics.run_id = runs.run_id and name = ${name} and ${column} is not null)`,
        ...noValue,
      },
    ],
  };
}

/** The cursor's fields in this order. */
export const orderName = ({ sort, order }: RunOrder): string => `${sort} ${order ?? ''}`;

/** Pages along an index, whatever the order; exact totals. [Q5] */
export async function findRuns(
  db: Db,
  filter: RunFilter & RunOrder & KeysetPage<RunKey>,
): Promise<Listed<RunRow, RunKey>> {
  const { limit, offset, after } = filter;
  const { parts, isDescending } = partsOf(filter.sort);
  const isDown = filter.order === undefined ? isDescending : filter.order === 'desc';
  const ordered = filter.sort === 'newest' && !isDown ? [...parts].reverse() : parts;
  if (isSearched(filter) && parts.every(({ from }) => from === everyRun.from) && filter.condition === undefined)
    return pageOfFound(db, filter, ordered, isDown);
  const where = conditionOf(filter);
  const found: { id: RunId; key: RunKey }[] = [];
  let skip = offset;
  for (let at = after?.[1] ?? 0; at < ordered.length && found.length <= limit; at++) {
    const part = ordered[at] as Part;
    const begin = after?.[1] === at ? after : undefined;
    const rows = await readPart(db, part, where, { isDown, begin, limit: limit + 1 - found.length, offset: skip });
    // A part that is skipped whole is counted, so that the rest is skipped in the next.
    if (skip > 0) {
      const next = at + 1 < ordered.length && rows.length === 0;
      skip = next ? Math.max(0, skip - (await countOf(db, part, where))) : 0;
    }
    for (const { run_id, shown } of rows) found.push({ id: run_id, key: [orderName(filter), at, shown, run_id] });
  }
  return {
    ...(await readPage(db, found, limit)),
    total: isCounted(filter) ? await readRunTotal(db, filter) : await countOf(db, everyRun, where),
  };
}

interface Found {
  readonly id: RunId;
  readonly key: RunKey;
}

/** Of what was found, one more than the page has. */
async function readPage(db: Db, found: readonly Found[], limit: number) {
  const shown = found.slice(0, limit);
  const byId = new Map(
    (
      await readRuns(
        db,
        shown.map(({ id }) => id),
      )
    ).map((row) => [row.run_id, row]),
  );
  return {
    items: shown.flatMap(({ id }) => byId.get(id) ?? []),
    next: found.length > limit ? (shown.at(-1)?.key ?? null) : null,
  };
}

/**
 * A page of the runs with a word, a tag or a value, and how many there are, from `run_search` alone. Which runs these are is
 * found once, by an index: to look for them along the order of the list would pass all others.
 */
async function pageOfFound(
  db: Db,
  filter: RunFilter & RunOrder & KeysetPage<RunKey>,
  ordered: readonly Part[],
  isDown: boolean,
): Promise<Listed<RunRow, RunKey>> {
  const { limit, offset, after } = filter;
  const most = offset + limit + 1;
  const begin = after?.[1] ?? 0;
  const pages = ordered.slice(begin).map((part, n) => {
    const at = begin + n;
    const { where, order } = cutOf(part, isDown, after?.[1] === at ? after : undefined);
    return sql`(select ${at}::int as part, runs.run_id, (${part.shown})::text as shown from found as runs
      where ${and(part.where, where)} ${order} limit ${most})`;
  });
  const rows = await db.execute<{ total: string; part: number; run_id: RunId | null; shown: string }>(sql`
    with found as materialized (
      select run_id, status, name, started_at, completed_at from run_search as runs where ${searchOf(filter)}
    )
    select counted.total, page.* from (select count(*)::text as total from found) as counted
    left join (${sql.join(pages.length > 0 ? pages : [nothing], sql` union all `)}) as page on true`);
  const found = rows
    .flatMap(({ run_id, part, shown }) =>
      run_id === null ? [] : [{ id: run_id, key: [orderName(filter), part, shown, run_id] as const }],
    )
    // The parts come in their order, each in its own.
    .sort((a, b) => a.key[1] - b.key[1])
    .slice(offset, most);
  return { ...(await readPage(db, found, limit)), total: Number(rows[0]?.total ?? 0) };
}

const nothing = sql`select 0 as part, null::text as run_id, null::text as shown where false`;

const readRuns = async (db: Db, ids: readonly RunId[]): Promise<RunRow[]> =>
  ids.length === 0
    ? []
    : db
        .select()
        .from(runs)
        .where(inArray(runs.run_id, [...ids]));

interface Cut {
  readonly isDown: boolean;
  readonly begin: RunKey | undefined;
  readonly limit: number;
  readonly offset: number;
}

function readPart(db: Db, part: Part, where: SQL | undefined, { isDown, begin, limit, offset }: Cut) {
  const { where: since, order } = cutOf(part, isDown, begin);
  return db.execute<{ run_id: RunId; shown: string | number }>(sql`
    select runs.run_id, ${part.shown} as shown from ${part.from} where ${and(part.where, where, since)}
    ${order} limit ${limit} offset ${offset}`);
}

/** The order of a part, and the condition that a row comes after the one at which a page ended. */
function cutOf(part: Part, isDown: boolean, begin: RunKey | undefined) {
  const direction = isDown ? sql`desc` : sql`asc`;
  const isAfter = isDown ? sql`<` : sql`>`;
  return {
    where: begin && sql`(${part.value}, runs.run_id) ${isAfter} (${part.read(begin[2])}, ${begin[3]}::text)`,
    order: sql`order by ${part.value} ${direction}, runs.run_id ${direction}`,
  };
}

async function countOf(db: Db, { from, where: ofPart }: Pick<Part, 'from' | 'where'>, where: SQL | undefined) {
  const [row] = await db.execute<{ total: string }>(
    sql`select count(*)::text as total from ${from} where ${and(ofPart, where)}`,
  );
  return Number(row?.total ?? 0);
}

/** True if the stored totals cover the filter. */
const isCounted = ({ ids, q, tag, framework, condition, config = [] }: RunFilter): boolean =>
  ids === undefined &&
  !q &&
  tag === undefined &&
  framework === undefined &&
  condition === undefined &&
  config.length === 0;

function conditionOf(filter: RunFilter): SQL | undefined {
  const { condition } = filter;
  const { own, searched } = conditionsOf(filter);
  return and(
    own,
    // Only running runs have one, and these have an index.
    condition && sql`runs.status = 'running' and runs.condition ->> 'state' = ${condition}`,
    searched && sql`runs.run_id in (select run_id from run_search where ${searched})`,
  );
}

const searchOf = (filter: RunFilter): SQL | undefined => {
  const { own, searched } = conditionsOf(filter);
  return and(own, searched);
};

const isSearched = ({ q, tag, config = [] }: RunFilter): boolean => !!q || tag !== undefined || config.length > 0;

/** On columns that `runs` and `run_search` have, and on those that only `run_search` has. */
function conditionsOf({ visible, ids, project, status, q, tag, framework, config = [] }: RunFilter) {
  return {
    own: and(
      inProjects(runs.project_id, visible),
      ids && inArray(runs.run_id, [...ids]),
      project && eq(runs.project_id, project),
      status && eq(runs.status, status),
      framework === undefined ? undefined : eq(runs.framework, framework),
    ),
    searched: and(
      q ? search(q) : undefined,
      tag === undefined ? undefined : sql`tags @> ${JSON.stringify([tag])}::text::jsonb`,
      ...config.map(([key, value]) => hasConfig(key, value)),
    ),
  };
}

/** Words of three characters or more are looked up in an index; shorter ones are compared with every run. */
const search = (q: string): SQL =>
  sql`strpos(words, lower(${q}::text)) > 0${[...q].length < 3 ? sql`` : sql` and search_trigrams(words) @> search_trigrams(lower(${q}::text))`}`;

/** A key may be a path, as in `optimizer.lr`. A value is compared as text and, if it is one, as a JSON value. */
function hasConfig(key: string, value: string): SQL {
  const nested = key.split('.').reduceRight<(inner: unknown) => unknown>(
    (make, name) => (inner) => ({ [name]: make(inner) }),
    (inner) => inner,
  );
  const candidates = valuesOf(value).flatMap((one) => [{ [key]: one }, ...(key.includes('.') ? [nested(one)] : [])]);
  const conditions = candidates.map((one) => sql`config @> ${JSON.stringify(one)}::text::jsonb`);
  return sql`(${sql.join(conditions, sql` or `)})`;
}

function valuesOf(value: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === 'number' || typeof parsed === 'boolean' || parsed === null) return [value, parsed];
  } catch {
    // It is text.
  }
  return [value];
}
