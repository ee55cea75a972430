import type { Run, RunEdit } from '@rondo/protocol';

/** What stands in the fields. */
export interface RunDraft {
  readonly name: string;
  /** With commas between them. */
  readonly tags: string;
  readonly notes: string;
}

export const draftOf = ({ name, tags, notes }: Run): RunDraft => ({ name, tags: tags.join(', '), notes });

/** Only what was changed here, so that changes by other people in the same time stay; `null` when nothing was. */
export function changeOf(before: RunDraft, draft: RunDraft): RunEdit | null {
  const change: RunEdit = {
    ...(draft.name.trim() !== before.name && { name: draft.name.trim() }),
    ...(draft.tags !== before.tags && { tags: tagsOf(draft.tags) }),
    ...(draft.notes !== before.notes && { notes: draft.notes }),
  };
  return Object.keys(change).length === 0 ? null : change;
}

const tagsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
  ),
];
