-- The sums of a round now also say what became of its clients and how far their updates agree.
-- Rows without that are derived again when they are next read.
delete from insight_rounds;
