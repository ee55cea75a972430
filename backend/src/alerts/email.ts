import { createTransport } from 'nodemailer';
import { Failure } from './failure.ts';
import type { Mail } from './message.ts';

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  readonly from: string;
  /** `starttls` refuses to go on without encryption; `implicit` encrypts from the first byte. */
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface Mailer {
  /** Says how the message was taken. Throws `Failure`. */
  send(to: readonly string[], mail: Mail): Promise<string>;
}

const timeoutMs = 10_000;

export function createMailer({ host, port, from, tls, username, password }: SmtpSettings): Mailer {
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(username !== undefined && { auth: { user: username, pass: password ?? '' } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // No text of an alert may make it read a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(to, { subject, text, messageId }) {
      try {
        const { accepted = [], rejected = [] } = await transport.sendMail({
          from,
          to: [...to],
          subject,
          text,
          messageId,
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
        const refused = rejected.length > 0 ? `; it refused ${rejected.length} addresses` : '';
        return `the mail server took it for ${accepted.length} addresses${refused}`;
      } catch (error) {
        throw explain(error);
      }
    },
  };
}

function explain(error: unknown): Failure {
  const {
    code = 'unknown',
    responseCode,
    command,
  } = error as {
    code?: string;
    responseCode?: number;
    command?: string;
  };
  if (code === 'EAUTH') return new Failure('the mail server refuses the user name or the password of this server');
  if (responseCode !== undefined) {
    // 5xx to an address is for good; to anything else an operator may mend it.
    const isFinal = code === 'EENVELOPE' && responseCode >= 500;
    return new Failure(`the mail server answered ${responseCode}`, { isFinal });
  }
  if (code === 'ETLS') return new Failure('the mail server does not offer encryption: see SMTP_TLS');
  // Once the text was sent, a lost answer leaves open whether it was taken.
  return new Failure(`the mail server cannot be reached (${code})`, { mayHaveArrived: command === 'DATA' });
}
