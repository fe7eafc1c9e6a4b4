// SPDX-License-Identifier: MIT
/* main.c - the `faultline` command: finds the subcommand and hands it the rest of the line. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include <faultline/version.h>

#include "../lib/run/nearest.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{ "list", cmd_list, "the scenarios: one bug each, and its variants" },
	{ "show", cmd_show, "a scenario's story, what a release sets, a policy field's values" },
	{ "check", cmd_check, "explore all executions of scenarios that a memory model allows" },
	{ "matrix", cmd_matrix, "scenarios by releases: which are affected" },
	{ "replay", cmd_replay, "run one recorded execution again" },
	{ "litmus", cmd_litmus, "the final states of litmus tests, as herd7 prints them" },
	{ "program", cmd_program, "explore all executions of a C11 + pthreads program" },
	{ "stress", cmd_stress, "scenarios on real threads, over and over" },
	{ "bench", cmd_bench, "lock strategies under load: throughput and latency" },
	{ "differential", cmd_differential, "the same calls on the simulator and on this kernel" },
	{ "barriers", cmd_barriers, "which orderings of a scenario or program are needed" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int help(FILE *f)
{
	fprintf(f, "Usage: faultline COMMAND [ARGUMENTS]\n"
		   "\n"
		   "Finds, shows and rules out ordering bugs in kernel memory management.\n"
		   "\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(f, "  %-12s  %s\n", commands[i].name, commands[i].what);
	fprintf(f, "\n"
		   "'faultline COMMAND --help' explains one of them.\n"
		   "Exit status: 0 as it should be, 1 violation, 2 bad input, 3 inconclusive.\n");
	return CLI_OK;
}

static int unknown_command(const char *name)
{
	const char *known[NR_COMMANDS];
	char near[128];

	for (size_t i = 0; i < NR_COMMANDS; i++)
		known[i] = commands[i].name;
	fl_nearest(near, sizeof(near), name, known, NR_COMMANDS);
	return cli_error("no command \"%s\"%s 'faultline --help' shows all", name,
			 near[0] ? near : ";");
}

static int run(int argc, char **argv)
{
	if (argc < 2) {
		help(stderr);
		return CLI_BAD_INPUT;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help(stdout);
	if (!strcmp(argv[1], "--version")) {
		printf("faultline %s\n", FL_VERSION);
		return CLI_OK;
	}
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return unknown_command(argv[1]);
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);

	/* a full disk behind a redirection must not look like success */
	if (fflush(stdout) || ferror(stdout)) {
		cli_error("can't write the output");
		return CLI_BAD_INPUT;
	}
	return status;
}
