/** A WebSocket whose other end is the test. */
export class FakeSocket {
  static all: FakeSocket[] = [];
  static last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  }

  readonly url: string;
  readonly sent: string[] = [];
  readonly closedWith: number[] = [];
  isOpen = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  /** It has all that the link uses of a WebSocket. */
  asWebSocket(): WebSocket {
    return this as unknown as WebSocket;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(code: number): void {
    this.isOpen = false;
    this.closedWith.push(code);
  }

  opens(): void {
    this.isOpen = true;
    this.onopen?.();
  }

  says(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  ends(code: number): void {
    this.isOpen = false;
    this.onclose?.({ code });
  }
}
