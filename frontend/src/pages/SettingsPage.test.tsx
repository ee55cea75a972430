import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { renderPage } from '../test/render-page.tsx';
import { changesOf, Refused, type Routes, serve, signInAs } from '../test/serve.ts';
import { SettingsPage } from './SettingsPage.tsx';

const at = '2026-01-31T12:00:00.000Z';
const user = (username: string, given = {}) => ({
  id: `id-${username}`,
  username,
  role: 'viewer',
  disabled: false,
  created_at: at,
  last_sign_in_at: null,
  has_password: true,
  provider: null,
  ...given,
});
const key = (name: string, given = {}) => ({
  id: `id-${name}`,
  name,
  scopes: ['ingest'],
  created_at: at,
  created_by: 'ada',
  last_used_at: null,
  expires_at: null,
  is_expired: false,
  ...given,
});
const page = <T,>(...items: T[]) => ({ items, total: items.length, limit: 100, offset: 0 });

let routes: Routes;
let asked: ReturnType<typeof serve>;
beforeEach(() => {
  signInAs('admin');
  routes = {
    'GET /api/users': page(user('ada', { role: 'admin' }), user('bob'), user('eve', { disabled: true })),
    'GET /api/keys': page(key('hospital'), key('old', { expires_at: at, is_expired: true })),
    'GET /api/auth/sessions': page(
      {
        id: 's1',
        created_at: at,
        last_used_at: at,
        expires_at: at,
        user_agent: null,
        address: '::1',
        is_current: true,
      },
      {
        id: 's2',
        created_at: at,
        last_used_at: at,
        expires_at: at,
        user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/153.0 Safari/537.36',
        address: '10.0.0.7',
        is_current: false,
      },
    ),
    'GET /api/audit': page(),
  };
  asked = serve(routes);
});

const open = (address: string) => renderPage('/settings/*', <SettingsPage />, `/settings/${address}`);
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
const type = (label: RegExp | string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
const changes = () => changesOf(asked).map(({ what, body }) => [what, body]);

describe('who sees what', () => {
  it('a viewer has an account, sees alerts, and has nothing to manage', async () => {
    signInAs('viewer');
    open('users');
    await screen.findByText('Change password', { selector: 'h2' });
    const links = within(screen.getByRole('navigation')).getAllByRole('link');
    expect(links.map(({ textContent }) => textContent)).toEqual(['Account', 'Alerts']);
    expect(asked.map(({ what }) => what)).not.toContain('GET /api/users');
  });

  it.each([
    ['users', 'The users', 'GET /api/users'],
    ['keys', 'The API keys', 'GET /api/keys'],
    ['audit', 'The audit log', 'GET /api/audit'],
    ['account', 'Your sessions', 'GET /api/auth/sessions'],
  ])('%s: shows that it loads, then what went wrong', async (address, what, route) => {
    routes[route] = new Refused(503, 'The database does not answer.');
    open(address);
    screen.getByRole('status', { name: `${what} load` });
    expect((await screen.findByRole('alert')).textContent).toContain('The database does not answer.');
  });
});

describe('account', () => {
  it('changes the password with the current one, and says that other sessions end', async () => {
    routes['POST /api/auth/password'] = '';
    open('account');
    type('Current password', 'old password');
    type(/New password/, 'short');
    expect((screen.getByRole('button', { name: 'Change password' }) as HTMLButtonElement).disabled).toBe(true);
    type(/New password/, 'a longer password');
    press('Change password');
    await screen.findByText(/All your other sessions have ended/);
    expect(changes()).toEqual([
      ['POST /api/auth/password', { current_password: 'old password', new_password: 'a longer password' }],
    ]);
  });

  it('ends another session, and never offers to end this one', async () => {
    routes['DELETE /api/auth/sessions/s2'] = '';
    open('account');
    await screen.findByText('this one');
    expect(screen.getAllByRole('button', { name: /^End the session/ })).toHaveLength(1);
    press('End the session in Chrome on Linux');
    await waitFor(() => expect(changes()).toEqual([['DELETE /api/auth/sessions/s2', undefined]]));
  });
});

describe('users', () => {
  it('adds one', async () => {
    routes['POST /api/users'] = user('grace');
    open('users');
    await screen.findByText('bob');
    press('Add a user');
    type('Username', ' grace ');
    type(/^Password/, 'a longer password');
    press('Add the user');
    await waitFor(() => expect(screen.queryByTestId('add-user')).toBeNull());
    expect(changes()).toEqual([
      ['POST /api/users', { username: 'grace', password: 'a longer password', role: 'viewer' }],
    ]);
  });

  it('sends only what was changed, and shows what the server says when it refuses', async () => {
    routes['PATCH /api/users/id-ada'] = new Refused(409, 'ada is the last admin who can sign in.');
    open('users');
    await screen.findByText('bob');
    press('Edit ada');
    expect((screen.getByRole('button', { name: 'Save' }) as HTMLButtonElement).disabled).toBe(true);
    fireEvent.click(screen.getByRole('checkbox', { name: /Disabled/ }));
    press('Save');
    expect((await screen.findByRole('alert')).textContent).toContain('the last admin');
    expect(changes()).toEqual([['PATCH /api/users/id-ada', { disabled: true }]]);
  });

  it('deletes one only after asking', async () => {
    routes['DELETE /api/users/id-bob'] = '';
    open('users');
    await screen.findByText('bob');
    press('Edit bob');
    press('Delete this user…');
    expect(changes()).toEqual([]);
    press('Delete bob');
    await waitFor(() => expect(changes()).toEqual([['DELETE /api/users/id-bob', undefined]]));
    await waitFor(() => expect(screen.queryByTestId('edit-user')).toBeNull());
  });

  it('tells who is disabled by a word, not by colour alone', async () => {
    open('users');
    await screen.findByText('disabled');
    expect(screen.getAllByText('enabled')).toHaveLength(2);
  });
});

describe('API keys', () => {
  it('makes one with scopes and an expiry, and shows it once', async () => {
    routes['POST /api/keys'] = { ...key('edge'), key: 'rk_secret' };
    open('keys');
    await screen.findByText('hospital');
    press('Make a key');
    type(/^Name/, 'edge');
    fireEvent.click(screen.getByRole('checkbox', { name: /store models/ }));
    fireEvent.change(screen.getByLabelText('It expires'), { target: { value: '30' } });
    press('Make the key');
    expect((await screen.findByTestId('api-key')).textContent).toBe('rk_secret');
    const [, body] = changes()[0] as [string, { scopes: string[]; expires_at: string }];
    expect(body).toMatchObject({ name: 'edge', scopes: ['ingest'] });
    const days = (Date.parse(body.expires_at) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThan(30.1);
    press('I have copied it');
    expect(screen.queryByText('rk_secret')).toBeNull();
  });

  it('a key without any scope cannot be made', async () => {
    open('keys');
    await screen.findByText('hospital');
    press('Make a key');
    type(/^Name/, 'edge');
    fireEvent.click(screen.getByRole('checkbox', { name: /store models/ }));
    fireEvent.click(screen.getByRole('checkbox', { name: /report/ }));
    expect((screen.getByRole('button', { name: 'Make the key' }) as HTMLButtonElement).disabled).toBe(true);
  });

  it('says what has expired, and revokes only after asking', async () => {
    routes['DELETE /api/keys/id-hospital'] = '';
    open('keys');
    await screen.findByText(/^expired/);
    press('Revoke hospital');
    expect(changes()).toEqual([]);
    press('Revoke it');
    await waitFor(() => expect(changes()).toEqual([['DELETE /api/keys/id-hospital', undefined]]));
  });

  it('without any says what they are for', async () => {
    routes['GET /api/keys'] = page();
    open('keys');
    await screen.findByText('No API key yet');
  });
});

describe('audit log', () => {
  const entry = {
    id: 7,
    at,
    actor: 'ada',
    action: 'round.stop',
    target_type: 'round',
    target: '101',
    detail: { reason: 'stuck', round: 3 },
    address: '10.0.0.7',
    request_id: 'req-1',
  };

  it('says who did what, to what, how and from where', async () => {
    routes['GET /api/audit'] = page(entry, { ...entry, id: 6, action: 'something.new' });
    open('audit');
    const [, row, other] = await screen.findAllByRole('row');
    for (const words of ['ada', 'asked for a stop', 'round', '101', 'reason: stuck · round: 3', '10.0.0.7']) {
      expect(row?.textContent).toContain(words);
    }
    expect(other?.textContent).toContain('something.new');
  });

  it('asks the server for what is filtered, and pages through the rest', async () => {
    routes['GET /api/audit'] = { ...page(entry), total: 120 };
    open('audit?offset=50');
    await screen.findByText('51–100 of 120');
    type('Who', 'ada');
    press('Filter');
    await waitFor(() => expect(asked.at(-1)?.url).toBe('/api/audit?actor=ada&limit=50&offset=0'));
    fireEvent.change(await screen.findByLabelText('Did what'), { target: { value: 'key.revoke' } });
    await waitFor(() => expect(asked.at(-1)?.url).toBe('/api/audit?actor=ada&action=key.revoke&limit=50&offset=0'));
    fireEvent.click(await screen.findByRole('button', { name: 'Older' }));
    await waitFor(() => expect(asked.at(-1)?.url).toContain('offset=50'));
    press('Show all');
    await waitFor(() => expect(asked.at(-1)?.url).toBe('/api/audit?limit=50&offset=0'));
  });

  it('an empty result of a filter differs from an empty log', async () => {
    open('audit?actor=nobody');
    await screen.findByText('Nothing matches');
  });
});
