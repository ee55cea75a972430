import { createHmac } from 'node:crypto';
import { projectIdSchema, runIdSchema } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import type { DeliveredAlert } from '../db/queries/alert-outbox.ts';
import { type AlertMessage, jsonBody, mailOf, noticeOf, signatureOf, slackBody, titleOf } from './message.ts';

const alertOf = (fields: Partial<DeliveredAlert> = {}): DeliveredAlert => ({
  id: 'an-alert',
  kind: 'run_failed',
  severity: 'critical',
  attention_rule: null,
  client_id: null,
  round: 7,
  detail: 'the run failed: out of memory',
  evidence: {},
  at: '2026-01-31T12:00:00.000Z',
  over_at: null,
  rule_name: 'failures',
  run_id: runIdSchema.parse('run/1'),
  run_name: 'ward study',
  is_over: false,
  ...fields,
});

const messageOf = (alerts: DeliveredAlert[], more: Partial<AlertMessage> = {}): AlertMessage => ({
  delivery_id: 'a-delivery',
  attempt: 1,
  may_be_repeated: false,
  is_test: false,
  project_id: projectIdSchema.parse('default'),
  rule: { id: 'a-rule', name: 'failures' },
  alerts,
  num_alerts: alerts.length,
  sent_at: '2026-01-31T12:00:05.000Z',
  publicUrl: 'https://rondo.example/app',
  ...more,
});

describe('the text of an alert', () => {
  it('of one alert names the run and what happened', () => {
    expect(titleOf(messageOf([alertOf()]))).toBe('critical: ward study: the run failed: out of memory');
  });

  it('of many has the worst severity and their number, and says how many it leaves out', () => {
    const message = messageOf([alertOf(), alertOf({ severity: 'info' })], { num_alerts: 130 });
    expect(titleOf(message)).toBe('critical: 130 alerts of failures');
    expect(mailOf(message).text).toContain('and 128 more');
  });

  it('[E11] of what is over says so, and is no critical message', () => {
    const over = alertOf({ is_over: true, over_at: '2026-01-31T12:30:00.000Z' });
    expect(titleOf(messageOf([over]))).toBe('over: ward study: the run failed: out of memory');
    expect(titleOf(messageOf([over, over]))).toBe('over: 2 alerts of failures');
    expect(JSON.parse(jsonBody(messageOf([over])))).toMatchObject({ severity: 'info', alerts: [{ is_over: true }] });
    const both = messageOf([alertOf({ severity: 'warning' }), over]);
    expect(titleOf(both)).toBe('warning: 2 alerts of failures');
    expect(mailOf(both).text).toContain('[over] ward study, round 7');
    expect(noticeOf(both).severity).toBe('warning');
  });

  it('has no line break or control character in a subject, whatever a run is called', () => {
    const message = messageOf([alertOf({ run_name: 'x\r\nBcc: all@example.org\u0007\u2028y' })]);
    expect(mailOf(message).subject).toBe('critical: x Bcc: all@example.org y: the run failed: out of memory');
    expect(mailOf(message).subject).not.toMatch(/[\p{Cc}\u2028]/u);
  });

  it('links to the run, with its id escaped, where the server knows its address', () => {
    const { alerts } = JSON.parse(jsonBody(messageOf([alertOf()])));
    expect(alerts).toMatchObject([{ url: 'https://rondo.example/app/runs/run%2F1', run_id: 'run/1' }]);
    expect(JSON.parse(jsonBody(messageOf([alertOf()], { publicUrl: undefined }))).alerts[0].url).toBeNull();
  });

  it('makes no mention, link or markup in Slack out of a name', () => {
    const { text } = JSON.parse(slackBody(messageOf([alertOf({ run_name: '<!channel> & <https://evil.test|x>' })])));
    expect(text).toContain('&lt;!channel&gt; &amp; &lt;https://evil.test|x&gt;');
    expect(text).not.toMatch(/<[!@#h]/);
  });

  it('on a page names the run only where it is one run', () => {
    const two = [alertOf(), alertOf({ run_id: runIdSchema.parse('other') })];
    expect(noticeOf(messageOf([alertOf()]))).toMatchObject({ type: 'alert', run_id: 'run/1', num_alerts: 1 });
    expect(noticeOf(messageOf(two))).toMatchObject({ run_id: null, num_alerts: 2 });
  });

  it('has the same id at every attempt', () => {
    const [first, second] = [messageOf([alertOf()]), messageOf([alertOf()], { attempt: 2, may_be_repeated: true })];
    expect(mailOf(first).messageId).toBe(mailOf(second).messageId);
    expect(JSON.parse(jsonBody(second))).toMatchObject({
      delivery_id: 'a-delivery',
      attempt: 2,
      may_be_repeated: true,
    });
  });
});

it('[E8] a signature is over the time and the body', () => {
  const expected = createHmac('sha256', 'a secret of 16 +').update('1769860800.{"a":1}').digest('hex');
  expect(signatureOf('a secret of 16 +', 1_769_860_800, '{"a":1}')).toBe(`t=1769860800,v1=${expected}`);
});
