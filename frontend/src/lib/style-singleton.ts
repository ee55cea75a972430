import { useEffect } from 'react';

/**
 * In the place of the package `react-style-singleton` (see vite.config.ts), by which Radix locks the page below a dialog. The
 * package adds a `<style>` element, which the content security policy forbids; a constructed sheet needs no exception.
 */
export function styleSingleton() {
  const sheet = new CSSStyleSheet();
  let users = 0;
  return function Sheet({ styles, dynamic = false }: { readonly styles: string; readonly dynamic?: boolean }): null {
    // As in the package: the first one's styles hold until the last one ends, unless they are dynamic.
    const key = dynamic ? styles : '';
    // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the styles
    useEffect(() => {
      if (users++ === 0) {
        sheet.replaceSync(styles);
        document.adoptedStyleSheets.push(sheet);
      }
      return () => {
        if (--users === 0)
          document.adoptedStyleSheets = document.adoptedStyleSheets.filter((adopted) => adopted !== sheet);
      };
    }, [key]);
    return null;
  };
}
