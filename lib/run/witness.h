/* SPDX-License-Identifier: MIT */
/*
 * witness.h - what oracles were told of in an execution that is to be shown, and by what the one that
 * failed judged (check engine, internal).
 *
 * The search keeps events of the engine: "a store to this host address". That it was a program's
 * store to 0x10, from which line of the scenario, and that the oracle means this one: these are
 * known only while the code runs. An execution that is shown is run once more anyway (check, to
 * find where the oracle failed) or is being replayed; then this listens. Nothing of it costs a
 * search anything.
 */
#ifndef FL_RUN_WITNESS_H
#define FL_RUN_WITNESS_H

#include <stdint.h>

#include <faultline/scenario.h>

struct flx_record;
struct fl_trace;

/* From now on. False from end(): nobody listens any more, and what was heard stays. */
void fl_witness_begin(const struct fl_scenario *s);
void fl_witness_end(void);
/* Before each execution. */
void fl_witness_forget(void);
/* An oracle fails: what it said before goes with the first failure. */
void fl_witness_failed(const char *oracle);
/* After an execution, with its final values in memory. */
void fl_witness_look(void);
/* Tells @t, whose events are those of @r. Addresses are compared with @r's, which is of the run that was heard. */
void fl_witness_tell(struct fl_trace *t, const struct flx_record *r);

#endif
