/* SPDX-License-Identifier: MIT */
/*
 * policy.h - in what kernels differ: one field per bug or design choice, one profile per release.
 *
 * A profile gives each field a value; "field=value,field=value" then changes single fields. A
 * policy is constant once it is built. The tables are constant too: any thread may read them at
 * any time.
 */
#ifndef FAULTLINE_POLICY_H
#define FAULTLINE_POLICY_H

#include <stddef.h>

struct fl_policy;

/* A value that a field can have. */
struct fl_policy_value {
	const char *name;   /* "smp_mb" */
	const char *doc;    /* one line */
	const char *commit; /* of mainline, that brought it; NULL: the field's, or none */
};

/* A field, as `faultline show` prints it. */
struct fl_policy_field {
	const char *name;   /* "pae_clear_barrier" */
	const char *doc;    /* one line */
	const char *commit; /* of mainline, that changed it; NULL: no release did */
	const struct fl_policy_value *values; /* oldest first, constant */
	size_t nr_values;		      /* of values */
};

/* A release of Linux. */
struct fl_policy_profile {
	const char *name; /* "6.4"; "linux-6.4" means the same wherever a name is taken */
	const char *doc;  /* one line: what was new, as far as it is modelled */
};

/* How many fields there are. */
size_t fl_policy_nr_fields(void);
/* The fields in the order of the documentation, 0 to fl_policy_nr_fields() - 1; NULL beyond. */
const struct fl_policy_field *fl_policy_field(size_t i);

/* How many profiles there are. */
size_t fl_policy_nr_profiles(void);
/* The profiles, oldest release first; NULL beyond the last. */
const struct fl_policy_profile *fl_policy_profile(size_t i);

/*
 * The policy of release @kernel ("6.4" or "linux-6.4") with the changes in @set
 * ("field=value,field=value"; NULL or "" for none; the last of two for the same field counts).
 * The caller frees it with fl_policy_free(); a machine keeps a copy of its own.
 *
 * -EINVAL with one line in @err, which lists what there is and names the nearest: no such release,
 * field or value, or an item without '='. -ENOMEM. @err may be NULL if @err_size is 0.
 */
int fl_policy_create(struct fl_policy **out, const char *kernel, const char *set, char *err,
		     size_t err_size);
/* NULL is allowed. */
void fl_policy_free(struct fl_policy *policy);

/* The name of the value that field number @field has in @policy; NULL if there is no such field. */
const char *fl_policy_get(const struct fl_policy *policy, size_t field);

#endif
