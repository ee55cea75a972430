import { configureGlobal } from 'fast-check';

// The same streams in every run, so that only a change breaks a test. `FC_SEED=$RANDOM npx vitest run` looks at others.
configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_261_130) });
