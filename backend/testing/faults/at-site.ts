import type { FaultOptions, FaultReport } from './report.ts';
import { openSite, type Site, type SiteOptions } from './site.ts';

/** The site that was given, or one for the time of this fault. */
export async function atSite(
  { site: given, postgres }: FaultOptions,
  wanted: SiteOptions,
  run: (site: Site) => Promise<FaultReport>,
): Promise<FaultReport> {
  if (given) return run(given);
  const site = await openSite({ postgres, ...wanted });
  try {
    return await run(site);
  } finally {
    await site.close();
  }
}
