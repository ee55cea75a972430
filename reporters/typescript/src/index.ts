export type { Reporter, ReporterStats } from './api.ts';
export type { Clock } from './clock.ts';
export type { CommandHandler, CommandOutcome } from './commands.ts';
export type { ReportedFact } from './event.ts';
export type { ModelAbout, ModelSource, ModelUpload } from './models.ts';
export type { Omission } from './omissions.ts';
export type { ReporterOptions } from './options.ts';
export type { Problem, ProblemCode } from './problems.ts';
export { createReporter } from './reporter.ts';
