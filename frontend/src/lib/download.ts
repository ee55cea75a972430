/** Hands the user a file made in the browser. */
export const downloadText = (filename: string, text: string, type: string): void =>
  downloadBlob(filename, new Blob([text], { type }));

/** The same, of what the browser may keep on its disk. */
export function downloadBlob(filename: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = filename;
  link.click();
  URL.revokeObjectURL(url);
}
