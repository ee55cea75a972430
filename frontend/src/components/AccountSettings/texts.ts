/** The words of the account page. See docs/decisions/0045. */
export const texts = {
  density: {
    title: 'Density',
    legend: 'How much room rows have',
    names: { comfortable: 'Comfortable', compact: 'Compact' },
    hints: { comfortable: 'rows are easy to tell apart', compact: 'more rows fit on the screen' },
  },
} as const;
