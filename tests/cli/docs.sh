#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Manual pages and completions say what the tables say.
. "$(atf_get_srcdir)/common.sh"

commands_current_do()
{
	"$tree/tools/man-update.sh" --check "$mdoc" "$tree/man/ioc.8" ||
	    atf_fail "the section COMMANDS is old: tools/man-update.sh $mdoc man/ioc.8"
	sed 's/This jail/That jail/; s/^Makes a data/Eats a data/' \
	    "$tree/man/ioc.8" >other.8
	! "$tree/tools/man-update.sh" --check "$mdoc" other.8 >/dev/null ||
	    atf_fail "does not see a change"
	"$tree/tools/man-update.sh" "$mdoc" other.8
	cmp other.8 "$tree/man/ioc.8" || atf_fail "does not mend it"
}

lint_do()
{
	"$mdoc" properties >ioc-properties.7 || atf_fail "status $?"
	for page in "$tree"/man/*.[1-9] ioc-properties.7; do
		# Other manuals need not be installed here.
		mandoc -T lint "$page" 2>&1 |
		    grep -v -e 'referenced manual not found' \
		    -e 'outdated mandoc.db lacks' >found
		[ ! -s found ] || atf_fail "$page: $(cat found)"
		# Our own must be there.
		sed -n 's/^\.Xr \(ioc[^ ]*\) \([1-9]\).*/\1.\2/p' "$page" |
		    while read -r other; do
			[ -f "$tree/man/$other" ] ||
			    [ "$other" = ioc-properties.7 ] ||
			    atf_fail "$page names $other"
		done
	done
	for name in boot mount_type 'user\.\*'; do
		grep -q "^\.It Va $name$" ioc-properties.7 || atf_fail "$name"
	done
}

# Every option of every command is offered, and every command.
offers()
{
	COMP=$1 bash -c '
		PATH=$(dirname "$1"):$PATH
		source ./ioc.bash
		read -ra COMP_WORDS <<<"$COMP"
		[[ $COMP != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_ioc
		printf "%s\n" "${COMPREPLY[@]}" | sort
	' bash "$ioc" 2>/dev/null
}

bash_do()
{
	ln -s "$ioc" ioc
	PATH=$PWD:$PATH
	gives 0 completion bash
	cp out ioc.bash
	bash -n ioc.bash || atf_fail "syntax"
	[ "$(offers 'ioc st')" = "$(printf 'start\nstop')" ] ||
	    atf_fail "commands: $(offers 'ioc st')"
	[ "$(offers 'ioc ' | wc -l)" -eq 30 ] ||
	    atf_fail "all commands: $(offers 'ioc ')"
	[ "$(offers 'ioc -q star')" = "$(printf 'start')" ] ||
	    atf_fail "behind an option"
	[ "$(offers 'ioc -c x star')" = "$(printf 'start')" ] ||
	    atf_fail "behind an option with a value"
	[ "$(offers 'ioc start w')" = web ] || atf_fail "jails"
	[ "$(offers 'ioc stop --f')" = --force ] || atf_fail "options"
	[ "$(offers 'ioc --ver')" = --version ] || atf_fail "common options"
	[ "$(offers 'ioc list -f c')" = csv ] || atf_fail "words"
	[ "$(offers 'ioc run -r b')" = bookworm ] || atf_fail "releases"
	[ "$(offers 'ioc fetch t')" = trixie ] || atf_fail "remote releases"
	[ "$(offers 'ioc get b')" = boot ] || atf_fail "properties"
	[ "$(offers 'ioc set b')" = boot= ] || atf_fail "changes"
	[ "$(offers 'ioc fstab s')" = show ] || atf_fail "verbs"
	[ "$(offers 'ioc fstab show w')" = web ] || atf_fail "their jails"
	[ "$(offers 'ioc completion z')" = zsh ] || atf_fail "shells"
	[ "$(offers 'ioc help upd')" = update ] || atf_fail "help"
	touch afile
	[ "$(offers 'ioc --ca-file af')" = '' ] || atf_fail "no such option"
	[ "$(offers 'ioc fetch --ca-file af')" = afile ] || atf_fail "files"
}

# all SHELL: every long option of every command stands in the script.
all()
{
	gives 0 completion "$1"
	cp out script
	gives 0 help
	# shellcheck disable=SC2013 # one word a line
	for command in $(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' out)
	do
		grep -q "$command" script || atf_fail "$1: no $command"
		"$ioc" help "$command" | grep -o -e '--[a-z-]*' | sed 's/--//' |
		    sort -u | while read -r option; do
			grep -qE -e "(--|-l )$option" script ||
			    atf_fail "$1: no --$option"
		done
	done
}

all_do()
{
	for shell in bash zsh fish; do
		all "$shell"
	done
}

zsh_do()
{
	gives 0 completion zsh
	zsh -n out || atf_fail "syntax"
	cp out _ioc
	ln -s "$ioc" ioc
	# The functions are defined and the specifications are accepted.
	cat >run.zsh <<-'END'
	path=($PWD $path)
	fpath=($PWD $fpath)
	autoload -Uz compinit
	compinit -u -D -d $PWD/dump
	zmodload zsh/zpty
	zpty z "PS1='> '; cd $PWD; path=($PWD \$path); zsh -f -i"
	zpty -w z "fpath=($PWD \$fpath); path=($PWD \$path); autoload -Uz compinit; compinit -u -D; PS1='> '; zstyle ':completion:*' list-prompt ''"
	sleep 1
	zpty -w -n z $'ioc restar\tw\t -\t'
	sleep 2
	local text=
	while zpty -r -t z chunk; do text+=$chunk; done
	print -r -- $text
	zpty -d z
	END
	zsh -f run.zsh >said 2>&1
	grep -q 'ioc restart web' said || atf_fail "$(cat -v said)"
	! grep -qE '_arguments:|_describe:|parse error|bad ' said ||
	    atf_fail "$(cat -v said)"
}

fish_do()
{
	gives 0 completion fish
	fish -n out || atf_fail "syntax"
	cp out ioc.fish
	ln -s "$ioc" ioc
	PATH=$PWD:$PATH
	for pair in 'ioc resta=restart' 'ioc start w=web' 'ioc list -f c=csv' \
	    'ioc get bo=boot' 'ioc stop --for=--force'; do
		fish -c "source ioc.fish; complete -C '${pair%%=*}'" |
		    cut -f 1 | grep -qE -e "^(-f)?${pair#*=}\$" ||
		    atf_fail "$pair: $(fish -c \
		    "source ioc.fish; complete -C '${pair%%=*}'")"
	done
}

atf_init_test_cases()
{
	testcase commands_current "ioc.8 is as the tables have it"
	testcase lint "manual pages are clean" mandoc
	testcase all "every command and option stands in every script"
	testcase bash "completes for bash" bash
	testcase zsh "completes for zsh" zsh
	testcase fish "completes for fish" fish
}
