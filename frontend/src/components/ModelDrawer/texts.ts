/** The words of the model drawer. See docs/decisions/0045. */
export const texts = {
  removed: (alias: string) => `The alias “${alias}” was removed.`,
} as const;
