import { type CutReport, cutPowerInParallel } from './power-cut.ts';
import type { FaultOptions, FaultReport } from './report.ts';

/** The embedded database loses power at seeded moments; beside it the control, without fsync, which must lose. */
export async function powerCut({ seed, count, say }: FaultOptions): Promise<FaultReport> {
  const onProgress = ({ cuts, lost, corrupt }: CutReport) => say(`${cuts} cuts, ${lost} lost, ${corrupt} corrupt`);
  const durable = await cutPowerInParallel({ seed, cuts: count, lanes: 2, onProgress });
  const controlCuts = Math.max(10, Math.round(count / 25));
  const control = await cutPowerInParallel({ seed, cuts: controlCuts, lanes: 2, isDurable: false });
  const controlBroken = control.lost + control.corrupt;
  return {
    injected: durable.cuts,
    acknowledged: durable.acknowledged,
    lost: durable.lost,
    doubled: 0,
    troubles: [
      ...durable.troubles,
      ...(controlBroken === 0 ? ['the control without fsync lost nothing: the cuts prove nothing'] : []),
    ],
    notes: [
      `with fsync: ${durable.cuts} cuts, ${durable.lost} with a loss, ${durable.corrupt} corrupt`,
      `control without fsync: ${control.cuts} cuts, ${control.lost} with a loss, ${control.corrupt} corrupt (must lose)`,
    ],
  };
}
