/** Loaded into a measured server with `--import`: nothing is looked at after a commit. */
import { AttentionService } from '../../../backend/src/insight/attention.ts';

AttentionService.prototype.note = () => {};
AttentionService.prototype.handRound = () => {};
