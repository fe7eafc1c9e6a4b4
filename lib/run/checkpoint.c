/* SPDX-License-Identifier: MIT */
/* checkpoint.c - see checkpoint.h. JSON, written beside the old file and put in its place. */
#include "checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include <faultline/run.h>

#define VERSION 1
#define SAVE_EVERY 60 /* seconds */

static json_t *write_paths(const struct flx_path *path, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++) {
		json_t *choices = json_array();

		for (int k = 0; k < path[i].n; k++)
			json_array_append_new(choices, json_integer(path[i].choice[k]));
		json_array_append_new(list, json_pack("{s:f, s:o}", "weight", path[i].weight,
						      "choices", choices));
	}
	return list;
}

static int write_file(const char *file, json_t *root)
{
	size_t n = strlen(file) + 8;
	char *fresh = malloc(n);
	int err = 0;

	if (!fresh)
		return -ENOMEM;
	snprintf(fresh, n, "%s.new", file);
	errno = 0;
	if (json_dump_file(root, fresh, JSON_COMPACT) || rename(fresh, file)) {
		err = errno ? -errno : -EIO;
		unlink(fresh);
	}
	free(fresh);
	return err;
}

static void save(void *arg, const struct flx_left *left)
{
	struct checkpoint *c = arg;
	json_t *root;

	c->unsaved = left->seconds < c->at_least;
	if (c->unsaved)
		return;
	root = json_pack("{s:i, s:s, s:I, s:I, s:I, s:i, s:f, s:f, s:b, s:o, s:o}",
			 "faultline-checkpoint", VERSION, "of", c->identity, "executions",
			 (json_int_t)left->executions, "blocked", (json_int_t)left->blocked,
			 "duplicates", (json_int_t)left->duplicates, "events", (int)left->events,
			 "done", left->done, "seconds", left->seconds, "partial", left->partial,
			 "known", write_paths(left->known, left->nr_known), "left",
			 write_paths(left->left, left->nr_left));
	c->err = root ? write_file(c->file, root) : -ENOMEM;
	c->saved = !c->err;
	json_decref(root);
}

static void free_paths(struct flx_path *path, int n)
{
	for (int i = 0; i < n; i++)
		free(path[i].choice);
	free(path);
}

static void free_left(struct flx_left *left)
{
	if (!left)
		return;
	free_paths(left->known, left->nr_known);
	free_paths(left->left, left->nr_left);
	free(left);
}

static bool read_path(struct flx_path *path, const json_t *o)
{
	const json_t *choices = json_object_get(o, "choices"),
		     *weight = json_object_get(o, "weight");
	size_t n = json_array_size(choices);

	if (!json_is_array(choices) || !json_is_number(weight) || n > INT32_MAX)
		return false;
	path->choice = calloc(n + 1, sizeof(*path->choice));
	if (!path->choice)
		return false;
	path->n = (int)n;
	path->weight = json_number_value(weight);
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(choices, i);

		if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		    json_integer_value(v) > INT32_MAX)
			return false;
		path->choice[i] = (uint32_t)json_integer_value(v);
	}
	return true;
}

static bool read_paths(struct flx_path **path, int *nr, const json_t *list)
{
	size_t n = json_array_size(list);

	if (!json_is_array(list) || n > INT32_MAX)
		return false;
	*path = calloc(n + 1, sizeof(**path));
	if (!*path)
		return false;
	*nr = (int)n;
	for (size_t i = 0; i < n; i++)
		if (!read_path(&(*path)[i], json_array_get(list, i)))
			return false;
	return true;
}

static bool read_left(struct flx_left *left, json_t *root)
{
	json_int_t executions, blocked, duplicates, events;
	json_t *known, *rest;
	int partial;

	if (json_unpack(root, "{s:I, s:I, s:I, s:I, s:F, s:F, s:b, s:o, s:o}", "executions",
			&executions, "blocked", &blocked, "duplicates", &duplicates, "events",
			&events, "done", &left->done, "seconds", &left->seconds, "partial",
			&partial, "known", &known, "left", &rest) ||
	    executions < 0 || blocked < 0 || duplicates < 0 || events < 0 || events > INT32_MAX)
		return false;
	left->partial = partial;
	left->executions = (uint64_t)executions;
	left->blocked = (uint64_t)blocked;
	left->duplicates = (uint64_t)duplicates;
	left->events = (uint32_t)events;
	return read_paths(&left->known, &left->nr_known, known) &&
	       read_paths(&left->left, &left->nr_left, rest);
}

static int refuse(char *err, size_t err_size, const char *file, const char *why)
{
	snprintf(err, err_size, "can't resume from \"%s\": %s", file, why);
	return -EINVAL;
}

static int read_checkpoint(struct checkpoint *c, char *err, size_t err_size)
{
	json_error_t e;
	json_t *root;
	const char *of;
	int version = 0, ret = 0;

	if (access(c->resume, R_OK))
		return refuse(err, err_size, c->resume, strerror(errno));
	root = json_load_file(c->resume, 0, &e);
	if (!root || json_unpack(root, "{s:i, s:s}", "faultline-checkpoint", &version, "of", &of))
		ret = refuse(err, err_size, c->resume, "it is not a checkpoint");
	else if (version != VERSION)
		ret = refuse(err, err_size, c->resume, "another version of faultline has made it");
	else if (strcmp(of, c->identity))
		ret = refuse(err, err_size, c->resume,
			     "it is of another program, or of other options; the program must be "
			     "unchanged");
	if (!ret) {
		c->left = calloc(1, sizeof(*c->left));
		if (!c->left || !read_left(c->left, root))
			ret = refuse(err, err_size, c->resume, "it is damaged");
	}
	json_decref(root);
	return ret;
}

int checkpoint_begin(struct checkpoint *c, struct flx_options *fo, char *err, size_t err_size)
{
	int ret = c->resume ? read_checkpoint(c, err, err_size) : 0;

	if (ret)
		return ret;
	fo->resume = c->left;
	if (c->file && fo->search == FLX_EXHAUSTIVE) {
		fo->save = save;
		fo->save_arg = c;
		fo->save_every = SAVE_EVERY;
	}
	return 0;
}

void checkpoint_end(struct checkpoint *c, bool finished)
{
	if (finished && (c->saved || (c->resume && c->file && !strcmp(c->resume, c->file))))
		c->cleared = !unlink(c->file);
	free_left(c->left);
	c->left = NULL;
}

void checkpoint_result(const struct checkpoint *c, struct fl_run_result *result)
{
	bool open = result->verdict == FL_VERDICT_INCONCLUSIVE && !c->cleared;

	result->saved = c->saved && open;
	result->unsaved = c->unsaved && open;
	result->cleared = c->cleared;
	result->save_err = c->err;
}
