/** The words of notices. See docs/decisions/0045. */
export const texts = {
  region: 'Notices',
  undo: 'Undo',
  dismiss: 'Dismiss the notice',
  undone: 'It is as it was before.',
  failed: 'It could not be undone. Look at its page for what it is now.',
} as const;
