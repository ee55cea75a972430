import { expect, it } from 'vitest';
import { startReceiver } from '../../testing/receiver.ts';
import { parseNetwork } from './addresses.ts';
import { Failure } from './failure.ts';
import { postWebhook, type Resolved } from './webhook.ts';

const loopback = parseNetwork('127.0.0.1') as NonNullable<ReturnType<typeof parseNetwork>>;
const request = (url: string, resolve: (host: string) => Promise<Resolved[]>) =>
  postWebhook({ url, body: '{}', headers: {}, allowed: [loopback], signal: new AbortController().signal, resolve });
const v4 = (address: string): Resolved => ({ address, family: 4 });

it('[E10] connects to the address that it checked: a name that changes meanwhile changes nothing', async () => {
  const receiver = await startReceiver();
  const { port } = new URL(receiver.url);
  const asked: string[] = [];
  // The first answer may be reached; every later one is the metadata service.
  const rebinding = async (host: string) => {
    asked.push(host);
    return [v4(asked.length === 1 ? '127.0.0.1' : '169.254.169.254')];
  };
  try {
    const url = `http://rebinding.example:${port}/hook`;
    expect(await request(url, rebinding)).toBe('the receiver answered 200');
    expect(asked).toEqual(['rebinding.example']);
    expect(receiver.received.map(({ headers }) => headers.host)).toEqual([`rebinding.example:${port}`]);
    // The next message asks again and is refused before a connection.
    await expect(request(url, rebinding)).rejects.toThrow(/not public/);
    expect(receiver.received).toHaveLength(1);
  } finally {
    await receiver.close();
  }
});

it('[E10] a redirect to the same name is resolved and checked again', async () => {
  const receiver = await startReceiver();
  const { port } = new URL(receiver.url);
  receiver.answer(() => ({ status: 307, headers: { location: `http://rebinding.example:${port}/again` } }));
  let turn = 0;
  const rebinding = async () => [v4(turn++ === 0 ? '127.0.0.1' : '10.0.0.1')];
  try {
    await expect(request(`http://rebinding.example:${port}/hook`, rebinding)).rejects.toThrow(/not public/);
    expect([turn, receiver.received.length]).toEqual([2, 1]);
  } finally {
    await receiver.close();
  }
});

it('[E10] one address of a name that may not be reached refuses all of them', async () => {
  const both = async () => [v4('127.0.0.1'), v4('169.254.169.254')];
  const failure = await request('http://mixed.example:8080/', both).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({ isFinal: true, mayHaveArrived: false });
  await expect(request('http://none.example:8080/', async () => [])).rejects.toThrow(/not public/);
});
