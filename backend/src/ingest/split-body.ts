import { limits } from '@rondo/protocol';
import { BadRequest, Invalid } from '../errors.ts';

/** An event as it came, not yet taken apart. */
export class RawEvent {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An event that has more in it than any fact may have. It is never taken apart. */
export class OversizedEvent {
  readonly detail = `must have at most ${maxMembers} values, and no object of more than ${maxKeys}`;
}

export interface SplitBody {
  /** The body as text, with an empty list in place of the events. */
  readonly envelope: string;
  readonly events: readonly (RawEvent | OversizedEvent)[];
}

/** A smaller body is parsed whole within 100 ms, whatever is in it. */
export const splitAboveBytes = 1024 * 1024;

// Twice the largest selection.
const maxMembers = 2 * limits.selectedClients;
// The shortest member of an object has five characters; no object of a fact is longer than `config`.
const maxKeys = Math.ceil(limits.configBytes / 5);
const maxDepth = 256;
// Of all fields except `events`, which has four.
const maxAround = 10_000;
// About 5 ms each.
const bytesPerTurn = 1024 * 1024;

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Finds the events in the text of a batch without parsing it: they are counted before any is built in memory, each is
 * parsed on its own, and other requests run in between. [B2] [B3]
 */
export async function splitBody(body: Buffer): Promise<SplitBody> {
  const events: (RawEvent | OversizedEvent)[] = [];
  // Members of the open containers, by depth; whether each is an object.
  const members = new Int32Array(maxDepth + 2);
  const isObject = new Uint8Array(maxDepth + 2);
  let depth = 0;
  let name = '';
  let listAt = -1;
  let listEnd = -1;
  let begin = -1;
  let inEvent = 0;
  let around = 0;
  let isOversized = false;
  let turn = bytesPerTurn;
  const finishEvent = (end: number) => {
    if (events.length >= limits.batchEvents)
      throw new Invalid([{ path: 'events', message: `must have at most ${limits.batchEvents} events` }]);
    events.push(isOversized ? new OversizedEvent() : new RawEvent(body.toString('utf8', begin, end)));
    begin = end + 1;
    inEvent = 0;
    isOversized = false;
  };
  for (let at = 0; at < body.length; at++) {
    if (at >= turn) {
      turn = at + bytesPerTurn;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const byte = body[at];
    if (byte === quote) {
      const end = endOfText(body, at + 1);
      if (depth === 1) name = body.toString('utf8', at + 1, Math.min(end, at + 32));
      at = end;
    } else if (byte === comma) {
      if (begin < 0) around += 1;
      if (depth === 2 && begin >= 0) finishEvent(at);
      else if (begin >= 0) {
        const count = (members[depth] ?? 0) + 1;
        members[depth] = count;
        inEvent += 1;
        if (inEvent > maxMembers || (isObject[depth] === 1 && count >= maxKeys)) isOversized = true;
      }
    } else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      inEvent += 1;
      if (begin < 0) around += 1;
      if (depth > maxDepth) throw new BadRequest(`the body nests more than ${maxDepth} deep`);
      if (inEvent > maxMembers) isOversized = true;
      members[depth] = 0;
      isObject[depth] = byte === openBrace ? 1 : 0;
      if (depth === 2 && byte === openBracket && name === 'events') {
        if (listAt >= 0) throw new BadRequest('the body has `events` twice');
        [listAt, begin, inEvent] = [at, at + 1, 0];
      }
    } else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 2 && begin >= 0) {
        if (events.length > 0 || hasText(body, begin, at)) finishEvent(at);
        [listEnd, begin] = [at + 1, -1];
      }
      depth -= 1;
    }
  }
  if (listEnd < 0 || around > maxAround)
    throw new BadRequest('the body is not one JSON object with its events in `events`');
  return { envelope: `${body.toString('utf8', 0, listAt)}[]${body.toString('utf8', listEnd)}`, events };
}

/** The place of the quotation mark that ends the text. */
function endOfText(body: Buffer, from: number): number {
  for (let end = body.indexOf(quote, from); end >= 0; end = body.indexOf(quote, end + 1)) {
    let slashes = 0;
    while (body[end - 1 - slashes] === backslash) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return body.length;
}

function hasText(body: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if ((body[at] ?? 0) > 0x20) return true;
  return false;
}
