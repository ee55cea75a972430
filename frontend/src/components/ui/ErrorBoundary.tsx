import { Component, type ReactNode } from 'react';
import { Button } from './Button.tsx';

interface ErrorBoundaryProps {
  /** As the subject of a sentence: "The stop dialog". */
  readonly what: string;
  /** Another value clears the error, as when another page is opened. */
  readonly resetKey?: string;
  readonly children: ReactNode;
}

interface ErrorBoundaryState {
  readonly error: unknown;
  readonly resetKey: string | undefined;
}

const noError = Symbol('no error');

/** An error while drawing replaces this part only. React offers error boundaries as classes alone. [B1] */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { error: noError, resetKey: this.props.resetKey };

  static getDerivedStateFromError(error: unknown): Partial<ErrorBoundaryState> {
    return { error };
  }

  static getDerivedStateFromProps(
    { resetKey }: ErrorBoundaryProps,
    state: ErrorBoundaryState,
  ): Partial<ErrorBoundaryState> | null {
    return resetKey === state.resetKey ? null : { error: noError, resetKey };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === noError) return this.props.children;
    const message = error instanceof Error ? error.message : String(error);
    return (
      <section
        role="alert"
        aria-label={this.props.what}
        data-testid="error-boundary"
        className="panel m-1 flex flex-col items-start gap-3 border-failed/60 p-4 text-sm text-soft"
      >
        <p>
          {this.props.what} could not be shown because of an error in it. Try again, or reload; the address is kept.
        </p>
        <pre className="max-w-full overflow-x-auto font-mono text-xs text-muted">{message}</pre>
        <span className="flex gap-2">
          <Button size="small" onClick={() => this.setState({ error: noError })}>
            Try again
          </Button>
          <Button size="small" onClick={() => location.reload()}>
            Reload
          </Button>
        </span>
      </section>
    );
  }
}
