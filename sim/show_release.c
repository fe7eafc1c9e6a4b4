// SPDX-License-Identifier: MIT
/* show_release.c - faultline show RELEASE: what a profile sets, since when, and which commit it stands for. */
#include "show.h"

#include "cli.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

const struct fl_policy_profile *show_find_release(const char *name)
{
	if (!strncmp(name, "linux-", 6))
		name += 6;
	for (size_t i = 0; i < fl_policy_nr_profiles(); i++) {
		if (!strcmp(fl_policy_profile(i)->name, name))
			return fl_policy_profile(i);
	}
	return NULL;
}

bool show_is_release(const char *name)
{
	struct fl_policy *policy;
	char err[512];

	if (strncmp(name, "linux-", 6) && (name[0] < '0' || name[0] > '9'))
		return false;
	if (!fl_policy_create(&policy, name, NULL, err, sizeof(err))) {
		fl_policy_free(policy);
		return false;
	}
	cli_error("%s", err);
	return true;
}

static size_t number_of(const struct fl_policy_profile *profile)
{
	size_t i = 0;

	while (fl_policy_profile(i) != profile)
		i++;
	return i;
}

/* The release that brought the value that @release has; NULL: the first profile has it already. */
static const char *since(size_t release, size_t field)
{
	const struct fl_policy_value *value = show_value_in(release, field);

	while (release > 0 && show_value_in(release - 1, field) == value)
		release--;
	return release ? fl_policy_profile(release)->name : NULL;
}

void show_release(const struct fl_policy_profile *profile)
{
	size_t release = number_of(profile);

	printf("linux-%s  %s\n\n", profile->name, profile->doc);
	printf("  %-20s  %-19s  %-6s  %-12s  %s\n", "field", "value", "since", "commit", "meaning");
	for (size_t i = 0; i < fl_policy_nr_fields(); i++) {
		const struct fl_policy_value *value = show_value_in(release, i);
		const char *from = since(release, i);

		if (value)
			printf("  %-20s  %-19s  %-6s  %-12s  %s\n", fl_policy_field(i)->name,
			       value->name, from ? from : "-", value->commit ? value->commit : "-",
			       value->doc);
	}
	printf("\n  since: the first profile that has the value; -: the oldest has it.\n");
}

void show_release_json(const struct fl_policy_profile *profile)
{
	json_t *o = json_object(), *fields = json_object();
	size_t release = number_of(profile);

	json_object_set_new(o, "kernel", json_string(profile->name));
	json_object_set_new(o, "doc", json_string(profile->doc));
	for (size_t i = 0; i < fl_policy_nr_fields(); i++) {
		const struct fl_policy_value *value = show_value_in(release, i);
		const char *from = since(release, i);
		json_t *f = json_object();

		if (value) {
			json_object_set_new(f, "value", json_string(value->name));
			json_object_set_new(f, "doc", json_string(value->doc));
			json_object_set_new(f, "since", from ? json_string(from) : json_null());
			json_object_set_new(f, "commit",
					    value->commit ? json_string(value->commit)
							  : json_null());
		}
		json_object_set_new(fields, fl_policy_field(i)->name, f);
	}
	json_object_set_new(o, "policies", fields);
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}
