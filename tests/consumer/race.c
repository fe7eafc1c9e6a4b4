/* SPDX-License-Identifier: MIT */
/*
 * race.c - an outside program for the check engine: message passing, with its barriers and without.
 *
 * One thread writes a message, then a flag; the other reads the flag, then the message. It exits 0 if
 * the engine finds the stale message exactly where the barriers are missing.
 */
#include <stdio.h>
#include <string.h>

#include <faultline/oracle.h>
#include <faultline/rt.h>
#include <faultline/run.h>
#include <faultline/version.h>

struct world {
	int message, flag;
	bool ordered;
};

static bool ordered; /* what the next run's world is set up with */

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *arg)
{
	struct world *w = arg;

	(void)cpu;
	(void)mm;
	w->ordered = ordered;
	return 0;
}

static void send(struct fl_cpu *cpu, void *arg)
{
	struct world *w = arg;

	(void)cpu;
	WRITE_ONCE(w->message, 42);
	if (w->ordered)
		smp_wmb();
	WRITE_ONCE(w->flag, 1);
}

static void receive(struct fl_cpu *cpu, void *arg)
{
	struct world *w = arg;
	int message;

	(void)cpu;
	if (!READ_ONCE(w->flag))
		return;
	if (w->ordered)
		smp_rmb();
	message = READ_ONCE(w->message);
	if (message != 42)
		fl_oracle_fail("stale-message", "the flag is up and the message is %d", message);
}

FL_SCENARIO(message_passing, .name = "message-passing",
	    .summary = "a flag that overtakes its message", .needs = { .cpus = 2, .mms = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "send", send }, { "receive", receive } });

static int expect(bool with_barriers, const char *model, enum fl_verdict verdict)
{
	struct fl_run_options opt = { .kernel = "6.12", .model = model };
	struct fl_run_result result;
	char err[256] = "";
	int ret;

	ordered = with_barriers;
	ret = fl_run_check(fl_scenario_find("message-passing"), &opt, &result, err, sizeof(err));
	if (ret) {
		fprintf(stderr, "fl_run_check: %d: %s\n", ret, err);
		return 1;
	}
	printf("%s %s barriers: %s\n", model, with_barriers ? "with" : "without",
	       result.verdict == FL_VERDICT_VIOLATION ? result.message : "never stale");
	if (result.trace)
		fl_trace_print(result.trace, stdout);
	ret = result.verdict != verdict ||
	      (verdict == FL_VERDICT_VIOLATION && strcmp(result.oracle, "stale-message") != 0);
	fl_run_result_free(&result);
	return ret;
}

int main(void)
{
	printf("Faultline %s\n", FL_VERSION);
	return expect(false, "lkmm", FL_VERDICT_VIOLATION) +
	       expect(true, "lkmm", FL_VERDICT_VERIFIED) +
	       expect(false, "tso", FL_VERDICT_VERIFIED);
}
