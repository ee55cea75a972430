/** The words of changes to a run. See docs/decisions/0045. */
export const texts = {
  changed: (name: string) => `“${name}” was changed.`,
} as const;
