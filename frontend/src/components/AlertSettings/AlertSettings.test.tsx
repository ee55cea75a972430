import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { renderPage } from '../../test/render-page.tsx';
import { changesOf, type Routes, serve, signInAs } from '../../test/serve.ts';
import { AlertSettings } from './AlertSettings.tsx';

const at = '2026-01-31T12:00:00.000Z';
const page = <T,>(...items: T[]) => ({ items, total: items.length, limit: 200, offset: 0 });
const common = { project_id: 'default', enabled: true, quiet_hours: null, created_at: at, created_by: 'ada' };
const channel = {
  ...common,
  id: 'c1',
  name: 'on call',
  kind: 'webhook',
  origin: 'https://hooks.example.org',
  format: 'json',
  has_secret: true,
  last_delivery: { state: 'retrying', at, error: 'the receiver answered 503' },
};
const rule = {
  ...common,
  id: 'r1',
  name: 'failures',
  tag: 'nightly',
  when: { kind: 'run_failed' },
  channel_ids: ['c1'],
  throttle_s: 300,
  notify_over: true,
};
const alert = {
  id: 'a1',
  project_id: 'default',
  rule_id: 'r1',
  rule_name: 'failures',
  run_id: 'run-1',
  run_name: 'ward study',
  kind: 'run_failed',
  severity: 'critical',
  attention_rule: null,
  client_id: null,
  round: 7,
  detail: 'the run failed: out of memory',
  evidence: {},
  at,
  over_at: at,
  state: 'failed',
  deliveries: [
    {
      id: 'd1',
      channel_id: 'c1',
      channel_name: 'on call',
      channel_kind: 'webhook',
      is_over: false,
      state: 'given_up',
      attempts: 104,
      due_at: at,
      next_at: null,
      sent_at: null,
      last_error: 'the receiver answered 503',
      duplicates: 0,
    },
  ],
};

let routes: Routes;
let asked: ReturnType<typeof serve>;
beforeEach(() => {
  signInAs('admin');
  routes = {
    'GET /api/projects': page({ id: 'default', name: 'Default', created_at: at, role: 'admin' }),
    'GET /api/alert-rules': page(rule),
    'GET /api/alert-channels': { ...page(channel), can_send_email: false },
    'GET /api/alerts': { ...page(alert), next: null },
  };
  asked = serve(routes);
});

const open = () => renderPage('/settings/alerts', <AlertSettings />, '/settings/alerts');
const press = (name: string | RegExp) => fireEvent.click(screen.getByRole('button', { name }));
const type = (label: RegExp | string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
const changes = () => changesOf(asked).map(({ what, body }) => [what, body]);

describe('alerts in the settings', () => {
  it('say what a rule waits for, where it is sent, and what became of messages', async () => {
    open();
    const rules = await screen.findByRole('table', { name: 'Alert rules' });
    expect(rules.textContent).toContain('a run fails, runs tagged nightly');
    await waitFor(() => expect(rules.textContent).toContain('on call'));
    const channels = await screen.findByRole('table', { name: 'Channels' });
    expect(channels.textContent).toContain('https://hooks.example.org, signed');
    const history = await screen.findByRole('table', { name: 'History of alerts' });
    expect(history.textContent).toContain('not delivered');
    expect(history.textContent).toContain('given up, 104 attempts: the receiver answered 503');
    expect(within(history).getByRole('link').getAttribute('href')).toBe('/runs/run-1/rounds/7');
  });

  it('a viewer sees the history alone, and not where messages went', async () => {
    signInAs('viewer');
    routes['GET /api/projects'] = page({ id: 'default', name: 'Default', created_at: at, role: 'viewer' });
    routes['GET /api/alerts'] = { ...page({ ...alert, deliveries: null }), next: null };
    open();
    expect((await screen.findByRole('table')).textContent).toContain('out of memory');
    expect(screen.queryByRole('button', { name: 'Add a rule' })).toBeNull();
    expect(asked.map(({ what }) => what)).not.toContain('GET /api/alert-channels');
  });

  it('adds a rule about a metric', async () => {
    routes['POST /api/alert-rules'] = rule;
    open();
    await screen.findByRole('table', { name: 'Channels' });
    press('Add a rule');
    type('Name', ' loss explodes ');
    fireEvent.change(screen.getByLabelText('Alert when'), { target: { value: 'metric_threshold' } });
    type('Metric of the rounds or of the FL server', 'loss');
    type('Bound', '2.5');
    type('For this many values in a row', '3');
    fireEvent.click(within(screen.getByTestId('edit-rule')).getByLabelText(/on call/));
    press('Add the rule');
    await waitFor(() => expect(screen.queryByTestId('edit-rule')).toBeNull());
    expect(changes()).toEqual([
      [
        'POST /api/alert-rules',
        {
          name: 'loss explodes',
          project_id: 'default',
          tag: null,
          when: { kind: 'metric_threshold', name: 'loss', op: '>', value: 2.5, for_rounds: 3 },
          channel_ids: ['c1'],
          throttle_s: 300,
          quiet_hours: null,
          notify_over: true,
        },
      ],
    ]);
  });

  it('switches a rule off', async () => {
    routes['PATCH /api/alert-rules/r1'] = { ...rule, enabled: false };
    open();
    await screen.findByRole('table', { name: 'Alert rules' });
    press('failures is on');
    await waitFor(() => expect(changes()).toEqual([['PATCH /api/alert-rules/r1', { enabled: false }]]));
  });

  it('changes a channel without its address, which the server does not return', async () => {
    routes['PATCH /api/alert-channels/c1'] = channel;
    open();
    await screen.findByRole('table', { name: 'Channels' });
    press('Change on call');
    expect((screen.getByLabelText(/Another address/) as HTMLInputElement).value).toBe('');
    type('Name', 'at night');
    press('Save');
    await waitFor(() => expect(screen.queryByTestId('edit-channel')).toBeNull());
    expect(changes()).toEqual([
      ['PATCH /api/alert-channels/c1', { name: 'at night', quiet_hours: null, format: 'json' }],
    ]);
  });

  it('tests a channel and says how it was answered', async () => {
    routes['POST /api/alert-channels/c1/test'] = {
      delivered: false,
      detail: 'the receiver refuses the connection',
      duration_ms: 3,
    };
    open();
    await screen.findByRole('table', { name: 'Channels' });
    press('Test on call');
    expect((await screen.findByTestId('test-result')).textContent).toBe(
      'on call: the test was not delivered, the receiver refuses the connection.',
    );
  });
});
