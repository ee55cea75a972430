import { expect, it } from 'vitest';
import { cutPower } from '../../testing/faults/power-cut.ts';

// `npm run test:faults -- --only power-cut` has 500 cuts, and a control without fsync that loses.
it('[B1] the embedded database loses nothing acknowledged when the power is cut', async () => {
  const report = await cutPower({ seed: 7, cuts: 5 });
  expect(report).toMatchObject({ cuts: 5, lost: 0, corrupt: 0, troubles: [] });
  expect(report.acknowledged).toBeGreaterThan(0);
}, 600_000);
