import { BadRequest, CallerError } from '../errors.ts';
import { splitAboveBytes, splitBody } from './split-body.ts';

/** The body of a batch: parsed whole if it is small, else with events that are not taken apart yet. [B3] */
export async function parseBatch(body: Buffer, parse: (text: string) => unknown): Promise<unknown> {
  try {
    if (body.length <= splitAboveBytes) return parse(body.toString('utf8'));
    const { envelope, events } = await splitBody(body);
    return { ...(parse(envelope) as object), events };
  } catch (error) {
    if (error instanceof CallerError) throw error;
    throw new BadRequest(body.length === 0 ? 'the body is empty' : 'the body is not JSON', { cause: error });
  }
}
