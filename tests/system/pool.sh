# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A source in a pool of ZFS, for the tests of this folder.

# begin_pool: a pool with an active source instead of the directory.
begin_pool()
{
	begin
	made_pool
	plain=$src
	ok deactivate "$plain"
	ok activate "$pool" -m "$dir/zsource" --name "$source"
	src=$dir/zsource
}

made_pool()
{
	pool=ioct$source
	echo "$pool" >pool
	"$tree/tests/common/pool" up "$pool" "$dir" 2>pool.err
	case $? in
	0) ;;
	77) atf_skip "$(sed 's/^skipped: //' pool.err)" ;;
	*) atf_fail "no pool: $(cat pool.err)" ;;
	esac
}

end_pool()
{
	if [ -f dir ] && [ -f pool ]; then
		dir=$(cat dir)
		timeout 60 "$program" -c "$dir/ioc.conf" -q stop -f '*' \
		    >/dev/null 2>&1
		"$tree/tests/common/pool" down "$(cat pool)" "$dir"
	fi
	end
}

zcase()
{
	testcase "$1" "$2"
	eval "$1_cleanup() { end_pool; }"
}
