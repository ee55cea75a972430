/** The path at which a proxy serves Rondo, such as `/rondo`; empty at the root. The server writes it into the page. */
export const basePath: string = document.querySelector<HTMLMetaElement>('meta[name="rondo-base-path"]')?.content ?? '';

/** The address of this server in the browser, as reporters need it. */
export const serverAddress = (): string => location.origin + basePath;
