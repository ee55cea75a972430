/** The File System Access API, as far as browsers have it and TypeScript does not. */
interface PickerWindow {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

const picker = (): PickerWindow => window as PickerWindow;

/** Whether a page may write to a file that the user picks; others leave the file to the browser's own download. */
export const canWriteToDisk = (): boolean => typeof picker().showSaveFilePicker === 'function';

/** Asks where to save; `null` when the user thinks better of it. */
export async function pickFile(suggestedName: string): Promise<FileSystemFileHandle | null> {
  try {
    return (await picker().showSaveFilePicker?.({ suggestedName })) ?? null;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw error;
  }
}

/** A name that every file system takes. */
export const safeFileName = (name: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it takes out.
  name.replace(/[\u0000-\u001f<>:"/\\|?*]+/g, '_').replace(/^\.+/, '_');

/** Starts the browser's own download, which streams to disk and shows its own progress. */
export function letBrowserDownload(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  link.click();
}
