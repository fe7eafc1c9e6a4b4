/* SPDX-License-Identifier: MIT */
/*
 * cli.h - what the subcommands of `faultline` share: exit codes, messages, options, numbers.
 *
 * A command is a function that gets its own name as argv[0] and returns an exit code. Results go to
 * stdout; what went wrong goes to stderr as one line, which names the input and the remedy.
 */
#ifndef FL_SIM_CLI_H
#define FL_SIM_CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fl_scenario;

/* Scripts depend on these. */
enum cli_exit {
	CLI_OK = 0,
	CLI_VIOLATION = 1, /* or a verdict that is not the declared one */
	CLI_BAD_INPUT = 2,
	CLI_INCONCLUSIVE = 3,
};

int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_matrix(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_litmus(int argc, char **argv);
int cmd_program(int argc, char **argv);
int cmd_barriers(int argc, char **argv);
int cmd_stress(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_differential(int argc, char **argv);

/* "faultline: ..." and a newline, to stderr. Returns CLI_BAD_INPUT. */
int cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * argp_parse() with one-line errors. @argp's parser sees options and arguments in the order given.
 * Answers --help itself, by printing and exiting. 0, or CLI_BAD_INPUT if a message was printed; a
 * parser that finds a bad value prints it by cli_error() and returns CLI_REPORTED.
 */
int cli_parse(const struct argp *argp, int argc, char **argv, void *input);
#define CLI_REPORTED 0x1000

/* NULL after an error message that has the nearest names. */
const struct fl_scenario *cli_find_scenario(const char *name);
/* The one of that name that @s declares; NULL: it has none, or @name is NULL. No message. */
const struct fl_variant *cli_find_variant(const struct fl_scenario *s, const char *name);

/* Values of options. False after an error message. */
bool cli_number(uint64_t *out, const char *option, const char *text, uint64_t min);
bool cli_jobs(unsigned int *out, const char *text);
/* Of --set: adds "field=value" to those in @set, of @size characters. */
bool cli_setting(char *set, size_t size, const char *text);
/* "-1..2" and the like; not both 0. */
bool cli_range(int *min, int *max, const char *option, const char *text);
/*
 * Where a search is saved: in *@file if that is chosen, else in what it resumes, else in "BASE.checkpoint", which is put into
 * @name, if it takes more than *@after seconds.
 */
void cli_choose_checkpoint(const char **file, double *after, const char *resume, char *name,
			   size_t size, const char *base);
bool cli_seconds(double *out, const char *option, const char *text);

/*
 * Before a search: can a file be written at @path, which @option names (NULL: it was not given)? Leaves everything as it is.
 * And afterwards: was it, or is @err a negative errno? False after an error message. @what: "trace".
 */
bool cli_can_write(const char *what, const char *path, const char *option);
bool cli_was_written(int err, const char *what, const char *path, const char *option);

/* "0.4 ms", "12.3 s", "4 min 10 s" */
const char *cli_time(char *buf, size_t size, double seconds);

#endif
