# SPDX-License-Identifier: BSD-2-Clause
# Results of meson's test log, as tools/check feeds it: a line "\1RESULT NAME"
# and then what the program printed.  Gives "pass|fail|skip TAB NAME TAB REASON"
# and "text TAB LINE" for what a failed program printed last.

function flush_program(    i, kind)
{
	if (program == "")
		return
	for (i = 1; i <= n; i++)
		print kinds[i] "\t" dir "/" program "/" names[i] "\t" reasons[i]
	kind = "fail"
	if (outcome == "OK" || outcome == "EXPECTEDFAIL")
		kind = "pass"
	else if (outcome == "SKIP")
		kind = "skip"
	# A program that dies, hangs or complains at its end has failed, too.
	if ((kind == "fail" && nfail == 0) || n == 0)
		print kind "\t" dir "/" program "\t" \
		    (kind == "pass" ? "" : kind == "skip" ? last : outcome)
	if (kind == "fail")
		for (i = (nl > 60 ? nl - 60 : 0); i < nl; i++)
			print "text\t" text[i]
}

/^\001/ {
	flush_program()
	outcome = substr($1, 2)
	# After the suites, where meson names them as well.
	program = $NF
	n = nl = nfail = summary = 0
	last = ""
	next
}

/^\[ RUN      \]/ {
	last = ""
}

/^\[=+\] .* run\./ {
	summary = 1
}

!summary && /^\[       OK \]/ {
	kinds[++n] = "pass"
	names[n] = $4
	reasons[n] = ""
}

!summary && /^\[  SKIPPED \]/ {
	kinds[++n] = "skip"
	names[n] = $4
	reasons[n] = last
}

!summary && /^\[  FAILED  \]/ {
	kinds[++n] = "fail"
	names[n] = $4
	reasons[n] = last
	nfail++
}

{
	text[nl++] = $0
	if ($0 !~ /^\[/ && $0 != "")
		last = $0
}

END {
	flush_program()
}
