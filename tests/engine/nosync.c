/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of fsync(2) and syncfs(2): whether it is on disk is the matter
 * of other tests, and would take these minutes.
 */
int	__wrap_fsync(int fd);
int	__wrap_syncfs(int fd);

int
__wrap_fsync(int fd)
{
	return (0);
}

int
__wrap_syncfs(int fd)
{
	return (0);
}
