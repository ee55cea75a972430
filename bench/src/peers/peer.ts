/** What every peer takes: values of ten metrics of eight runs, from eight producers that each wait for their answer. */
export const producers = 8;
export const valuesPerBatch = 1_000;
export const namesPerBatch = 10;
export const spikes = 100;
export const spikeValue = 1_000;

export interface Written {
  readonly values: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}

/** A long series, from the question to the last byte of the answer. */
export interface Opened {
  readonly ms: number;
  readonly points: number;
  /** Of the planted spikes. */
  readonly spikes: number;
  readonly note?: string;
}

export interface RunningPeer {
  /** Takes values for so long. */
  readonly write: (seconds: number) => Promise<Written>;
  /** The newest of what was written is on the disk, as far as that can be asked for. */
  readonly bytes: () => Promise<number>;
  readonly openSeries?: (points: number) => Promise<Opened>;
  readonly close: () => Promise<void>;
}

export interface Peer {
  readonly name: string;
  /** What has been forced to the disk when a batch is acknowledged. */
  readonly forced: string;
  /** Throws `Skipped` where it cannot be installed. */
  readonly start: (folder: string) => Promise<RunningPeer>;
}

/** The place of each spike of a series, and so their number in what a peer shows of it. */
export const isSpike = (step: number, points: number): boolean => step % (points / spikes) === 77;

export const countSpikes = (values: Iterable<unknown>): number =>
  [...values].filter((value) => Number(value) >= spikeValue).length;
