import { existsSync, readFileSync } from 'node:fs';

/**
 * Loaded before the server (`node --import`): its wall clock is off by as many milliseconds as the file says, in every
 * thread. Timers and `performance.now` run on, as they do when an operator sets the clock.
 */
const file = process.env.TEST_CLOCK_FILE;
const RealDate = Date;
const realNow = Date.now;
const lookMs = 20;
let offsetMs = 0;

class ShiftedDate extends RealDate {
  constructor(...args: [] | [string | number | Date]) {
    super(...((args.length === 0 ? [ShiftedDate.now()] : args) as [number]));
  }

  static override now(): number {
    return realNow() + offsetMs;
  }
}

if (file !== undefined) {
  setInterval(() => {
    if (existsSync(file)) offsetMs = Number(readFileSync(file, 'utf8'));
  }, lookMs).unref();
  globalThis.Date = ShiftedDate as DateConstructor;
}
