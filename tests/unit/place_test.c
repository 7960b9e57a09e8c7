/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Containers and units, as the cgroups of the runtimes that there are say them. */
#include "model/place.h"
#include "tap.h"

#define ID "3f4a5b6c7d8e9f00112233445566778899aabbccddeeff00112233445566aa77"
#define OTHER "00ff5b6c7d8e9f00112233445566778899aabbccddeeff00112233445566aa77"
#define POD "kubepods-besteffort-pod4d3c2b1a_0000_4111_8222_0123456789ab.slice"

static const struct {
	const char *path, *container, *unit;
} cases[] = {
	{ "/", NULL, NULL },
	{ "", NULL, NULL },
	{ "/init.scope", NULL, "init.scope" },
	{ "/system.slice", NULL, "system.slice" },
	{ "/system.slice/cron.service", NULL, "cron.service" },
	{ "/system.slice/system-getty.slice/getty@tty1.service", NULL, "getty@tty1.service" },
	{ "/user.slice/user-1000.slice/session-3.scope", NULL, "session-3.scope" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service", NULL, "user@1000.service" },
	{ "/system.slice/docker-" ID ".scope", ID, "docker-" ID ".scope" },
	{ "/docker/" ID, ID, NULL },
	{ "/docker/" ID "/system.slice/nginx.service", ID, NULL },
	{ "/docker/" ID "/docker/" OTHER, OTHER, NULL },
	{ "/machine.slice/libpod-" ID ".scope/container", ID, "libpod-" ID ".scope" },
	{ "/machine.slice/libpod-conmon-" ID ".scope", NULL, "libpod-conmon-" ID ".scope" },
	{ "/kubepods.slice/" POD "/crio-conmon-" ID ".scope", NULL, "crio-conmon-" ID ".scope" },
	{ "/kubepods.slice/kubepods-besteffort.slice/" POD "/cri-containerd-" ID ".scope", ID, "cri-containerd-" ID ".scope" },
	{ "/kubepods/burstable/pod4d3c2b1a-0000-4111-8222-0123456789ab/" ID, ID, NULL },
	{ "/kubepods.slice/" POD "/crio-" ID ".scope", ID, "crio-" ID ".scope" },
	{ "/lxc.payload.web/system.slice/ssh.service", "web", NULL },
	{ "/lxc/web/init.scope", "web", NULL },
	{ "/lxc", NULL, NULL },
	{ "/machine.slice/machine-deb.scope", "deb", "machine-deb.scope" },
	{ "/machine.slice/systemd-nspawn@deb.service/payload", "deb", "systemd-nspawn@deb.service" },
	/* one digit too many or too few, and what only looks like one */
	{ "/docker/" ID "0", NULL, NULL },
	{ "/docker/3f4a5b6c", NULL, NULL },
	{ "/system.slice/x" ID ".service", NULL, "x" ID ".service" },
	{ "/system.slice/.service", NULL, "system.slice" },
	{ "/machine.slice/machine-.scope", NULL, "machine-.scope" },
};

int main(void)
{
	char long_path[2 * PLACE_LEN + 32] = "/lxc/", got[PLACE_LEN];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char container[PLACE_LEN] = "", unit[PLACE_LEN] = "";

		is_str(place_container(cases[i].path, container) ? container : NULL, cases[i].container, "container of %s",
		       cases[i].path);
		is_str(place_unit(cases[i].path, unit) ? unit : NULL, cases[i].unit, "unit of %s", cases[i].path);
	}
	memset(long_path + 5, 'a', 2 * PLACE_LEN);
	ok(place_container(long_path, got) && strlen(got) == PLACE_LEN - 1, "a name that is too long is cut");
	return done_testing();
}
