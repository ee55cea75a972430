/** The words of what needs attention of a client. See docs/decisions/0045. */
export const texts = {
  muted: (rule: string, client_id: string) => `“${rule}” is muted for ${client_id}.`,
  unmuted: (rule: string | null, client_id: string) =>
    `${rule === null ? 'Every rule' : `“${rule}”`} is no longer muted for ${client_id}.`,
} as const;
