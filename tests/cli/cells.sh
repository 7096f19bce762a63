#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Attack 61: foreign text in a cell stays in it, whoever reads the output.
. "$(atf_get_srcdir)/common.sh"

cells()
{
	IOC_FAKE_JAILS='web stopped' python3 "$(atf_get_srcdir)/cells.py" \
	    "$ioc" "$1" || atf_fail "$1"
}

table_do() { cells table; }
people_do() { cells people; }
csv_do() { cells csv; }
json_do() { cells json; }
terminal_do() { cells terminal; }

atf_init_test_cases()
{
	testcase table "TAB between columns: one cell, one line, read back" python3
	testcase people "the aligned table" python3
	testcase csv "read back by Python's csv" python3
	testcase json "read back by Python's json and by jq" "python3 jq"
	testcase terminal "shown by tmux" "python3 tmux"
}
