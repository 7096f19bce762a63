#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# tools/layers: who may include whom.
. "$(atf_get_srcdir)/common.sh"

cli_private_do() { echo '#include "base/buf.h"' >>t/src/cli/main.c; }
core_os_folder_do() { echo '#include "os/linux/jail.h"' >>t/src/core/start.c; }
core_cli_do() { echo '#  include  "cli/cmd.h"' >>t/src/core/start.c; }
os_core_do() { echo '#include "safe/fetch.h"' >>t/src/os/linux/jail.c; }
base_safe_do() { echo '#include "safe/path.h"' >t/src/base/buf.h; }
dotdot_do() { echo '#include "../core/start.h"' >>t/src/cli/main.c; }
curl_do() { echo '#include <curl/curl.h>' >t/src/safe/fetch.c; }
ifdef_do() { echo '#ifdef __FreeBSD__' >>t/src/core/start.c; }
if_defined_do() { echo '#if defined(__linux__)' >>t/include/ioc/base.h; }
folder_do() { mkdir t/src/more && echo >t/src/more/a.c; }

atf_init_test_cases()
{
	clean_test layers
	violation cli_private layers 'src/cli/main.c:4: .*base/buf.h'
	violation core_os_folder layers 'may not include "os/linux/jail.h"'
	violation core_cli layers 'may not include "cli/cmd.h"'
	violation os_core layers 'may not include "safe/fetch.h"'
	violation base_safe layers 'may not include "safe/path.h"'
	violation dotdot layers 'path with [.][.]'
	violation curl layers 'curl/curl.h. is for src/worker/'
	violation ifdef layers 'src/core/start.c:17: a difference'
	violation if_defined layers 'include/ioc/base.h:[0-9]*: a difference'
	violation folder layers 'no row in the table'
}
