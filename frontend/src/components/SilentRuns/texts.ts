/** See docs/decisions/0045. */
export const texts = {
  label: 'Silent runs',
  passedOver: (age: string) => `started later, but its FL server has been silent for ${age}.`,
};
