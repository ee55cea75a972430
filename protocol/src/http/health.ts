import { z } from 'zod';

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded']),
  reason: z.string().optional().describe('why it is degraded'),
  version: z.string(),
  database: z.enum(['embedded', 'postgresql']),
  viewers: z.int().min(0),
  uptime_s: z.int().min(0),
});
