/** The words of the button that copies the address. See docs/decisions/0045. */
export const texts = {
  copy: 'Copy a link to this page',
  copied: 'The link to this page was copied, with its filters and zoom.',
  failed: 'The browser does not let this page copy. Copy the address by hand.',
} as const;
