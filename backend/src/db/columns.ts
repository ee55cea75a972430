import { type MetricValue, toMetricValue, toNumber } from '@rondo/protocol';
import { customType } from 'drizzle-orm/pg-core';

/** A `timestamptz` that reads and writes as on the wire: ISO 8601, UTC, milliseconds. [W1] */
export const moment = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamptz(3)',
  fromDriver: (value) => new Date(value).toISOString(),
});

/** A `double precision` that reads and writes as on the wire: non-finite values are strings. [W2] */
export const metricValue = customType<{ data: MetricValue; driverData: number }>({
  dataType: () => 'double precision',
  fromDriver: (value) => toMetricValue(Number(value)),
  toDriver: toNumber,
});

/** A `bigint` that JavaScript holds exactly: every count on the wire is below 2^53. */
export const count = customType<{ data: number; driverData: string }>({
  dataType: () => 'bigint',
  fromDriver: Number,
});

/** A text column that holds one of a closed set of values, or a branded id. */
export const textOf = <T extends string>(name: string) =>
  customType<{ data: T; driverData: string }>({ dataType: () => 'text' })(name);
