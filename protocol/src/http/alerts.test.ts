import { expect, it } from 'vitest';
import { newAlertChannelSchema } from './alerts.ts';

it.each(['', ' ', 'x', 'http://', 'ftp://a.example', 'https://ada:secret@a.example/x'])(
  '[E8] a webhook to %j is refused, and nothing throws',
  (url) => {
    const channel = { project_id: 'default', name: 'on call', kind: 'webhook', url };
    expect(newAlertChannelSchema.safeParse(channel).success).toBe(false);
  },
);
