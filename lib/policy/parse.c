// SPDX-License-Identifier: MIT
/*
 * parse.c - from "6.4" and "field=value,field=value" to a policy, with messages that help.
 *
 * A message is one line: what was not understood, the nearest that there is, and all that there is.
 */
#include "policy/policy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the user's text; not terminated. */
struct word {
	const char *text;
	size_t len;
};

/* The name of something that can be chosen, NULL past the end. */
typedef const char *(*name_fn)(const void *arg, size_t i);

static const char *field_name(const void *arg, size_t i)
{
	const struct fl_policy_field *field = fl_policy_field(i);

	return field ? field->name : NULL;
}

static const char *value_name(const void *arg, size_t i)
{
	const struct fl_policy_field *field = arg;

	return i < field->nr_values ? field->values[i].name : NULL;
}

static const char *profile_name(const void *arg, size_t i)
{
	const struct fl_policy_profile *profile = fl_policy_profile(i);

	return profile ? profile->name : NULL;
}

static bool word_is(struct word w, const char *name)
{
	return strlen(name) == w.len && memcmp(name, w.text, w.len) == 0;
}

/* Levenshtein's distance; what is longer than a name can be is far from all names. */
static size_t distance(struct word w, const char *name)
{
	enum { LONGEST = 63 };
	size_t n = strlen(name), row[LONGEST + 1];

	if (n > LONGEST || w.len > LONGEST)
		return 2 * LONGEST;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; i <= w.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t best = diagonal + (w.text[i - 1] != name[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

/* Appends to @err, which stays terminated; what does not fit is cut off. */
__attribute__((format(printf, 3, 4))) static void append(char *err, size_t size, const char *fmt,
							 ...)
{
	size_t used = size ? strnlen(err, size) : 0;
	va_list ap;

	if (used + 1 >= size)
		return;
	va_start(ap, fmt);
	vsnprintf(err + used, size - used, fmt, ap);
	va_end(ap);
}

/* The one with the fewest mistakes, if these are few. */
static const char *nearest_name(struct word w, name_fn name, const void *arg)
{
	const char *nearest = NULL;
	size_t best = 0;

	for (size_t i = 0; name(arg, i); i++) {
		size_t d = distance(w, name(arg, i));

		if (!nearest || d < best) {
			nearest = name(arg, i);
			best = d;
		}
	}
	return nearest && best <= (strlen(nearest) + 1) / 2 ? nearest : NULL;
}

/* "There are: a, b, c" */
static int list_all(char *err, size_t size, name_fn name, const void *arg)
{
	append(err, size, " There are: ");
	for (size_t i = 0; name(arg, i); i++)
		append(err, size, "%s%s", i ? ", " : "", name(arg, i));
	return -EINVAL;
}

static void begin_unknown(char *err, size_t size, const char *what, struct word w)
{
	if (size)
		err[0] = '\0';
	append(err, size, "unknown %s \"%.*s\"", what, (int)w.len, w.text);
}

/* "unknown WHAT "WORD"; did you mean "X"? There are: a, b, c" */
static int unknown(char *err, size_t size, const char *what, struct word w, name_fn name,
		   const void *arg)
{
	const char *nearest = nearest_name(w, name, arg);

	begin_unknown(err, size, what, w);
	if (nearest)
		append(err, size, "; did you mean \"%s\"?", nearest);
	else
		append(err, size, ".");
	return list_all(err, size, name, arg);
}

struct version {
	unsigned int major, minor;
};

/* Of "6.5", "6.5.3", "6.5-rc1". */
static bool read_version(struct version *v, const char *text)
{
	return text[0] >= '0' && text[0] <= '9' && sscanf(text, "%u.%u", &v->major, &v->minor) == 2;
}

static bool is_later(struct version a, struct version b)
{
	return a.major > b.major || (a.major == b.major && a.minor > b.minor);
}

/* What a release has that has no profile is mostly what the profile before it has; NULL: it is before all, or no release. */
static const char *profile_before(const char *release)
{
	const char *newest = NULL;
	struct version asked, v;

	if (!read_version(&asked, release))
		return NULL;
	for (size_t i = 0; i < fl_policy_nr_releases; i++) {
		const char *name = fl_policy_releases[i].profile.name;

		if (read_version(&v, name) && !is_later(v, asked))
			newest = name;
	}
	return newest;
}

static int unknown_release(char *err, size_t size, const char *kernel, const char *release)
{
	struct word w = { kernel, strlen(kernel) };
	const char *before = profile_before(release);

	begin_unknown(err, size, "kernel release", w);
	if (before)
		append(err, size, "; the newest profile up to it is \"%s\".", before);
	else
		append(err, size, ".");
	return list_all(err, size, profile_name, NULL);
}

static int set_one(struct fl_policy *policy, struct word item, char *err, size_t err_size)
{
	const char *eq = memchr(item.text, '=', item.len);
	const struct fl_policy_field *field;
	struct word name = item, value;
	char what[64];
	size_t f;

	if (!eq) {
		if (err_size)
			snprintf(err, err_size, "\"%.*s\" is not of the form field=value",
				 (int)item.len, item.text);
		return -EINVAL;
	}
	name.len = (size_t)(eq - item.text);
	value.text = eq + 1;
	value.len = item.len - name.len - 1;
	for (f = 0; (field = fl_policy_field(f)); f++) {
		if (word_is(name, field->name))
			break;
	}
	if (!field)
		return unknown(err, err_size, "policy field", name, field_name, NULL);
	for (unsigned int v = 0; v < field->nr_values; v++) {
		if (word_is(value, field->values[v].name)) {
			fl_policy_set_value(policy, f, v);
			return 0;
		}
	}
	snprintf(what, sizeof(what), "value of %s", field->name);
	return unknown(err, err_size, what, value, value_name, field);
}

static int set_all(struct fl_policy *policy, const char *set, char *err, size_t err_size)
{
	while (set && *set) {
		size_t len = strcspn(set, ",");
		int ret = set_one(policy, (struct word){ set, len }, err, err_size);

		if (ret)
			return ret;
		set += len;
		if (*set == ',' && *++set == '\0')
			return set_one(policy, (struct word){ set, 0 }, err, err_size);
	}
	return 0;
}

static bool needs_vma_rcu(enum fl_vma_lock vma_lock)
{
	return vma_lock != FL_VMA_LOCK_NONE && vma_lock != FL_VMA_LOCK_REFCNT;
}

int fl_policy_init(struct fl_policy *policy, const char *kernel, const char *set, char *err,
		   size_t err_size)
{
	const char *release = kernel;
	size_t last;
	int ret;

	if (strncmp(release, "linux-", 6) == 0)
		release += 6;
	for (last = 0; last < fl_policy_nr_releases; last++) {
		if (strcmp(release, fl_policy_releases[last].profile.name) == 0)
			break;
	}
	if (last == fl_policy_nr_releases)
		return unknown_release(err, err_size, kernel, release);

	memset(policy, 0, sizeof(*policy));
	for (size_t i = 0; i <= last; i++) {
		ret = set_all(policy, fl_policy_releases[i].changes, err, err_size);
		if (ret)
			return ret;
	}
	ret = set_all(policy, set, err, err_size);
	if (!ret && policy->vma_free == FL_VMA_FREE_TYPESAFE && needs_vma_rcu(policy->vma_lock)) {
		snprintf(err, err_size,
			 "policy vma_free=typesafe goes with vma_lock=refcnt: %s can't tell "
			 "one life of a VMA from the next; add vma_free=rcu or vma_lock=refcnt",
			 policy->vma_lock == FL_VMA_LOCK_RWSEM_SEQ ? "a rw_semaphore"
								   : "this lock");
		ret = -EINVAL;
	}
	return ret;
}

int fl_policy_change(struct fl_policy *policy, const char *set)
{
	return set_all(policy, set, NULL, 0);
}

int fl_policy_create(struct fl_policy **out, const char *kernel, const char *set, char *err,
		     size_t err_size)
{
	struct fl_policy *policy = malloc(sizeof(*policy));
	int ret;

	if (!policy) {
		if (err_size)
			snprintf(err, err_size, "out of memory");
		return -ENOMEM;
	}
	ret = fl_policy_init(policy, kernel, set, err, err_size);
	if (ret)
		free(policy);
	else
		*out = policy;
	return ret;
}

void fl_policy_free(struct fl_policy *policy)
{
	free(policy);
}
