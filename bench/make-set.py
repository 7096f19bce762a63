# SPDX-License-Identifier: BSD-2-Clause
"""A set like those of FreeBSD, always the same one, as tar on stdout."""
import io
import random
import sys
import tarfile

FILES, LINKS, HARD, SIZE = 21000, 1500, 500, 240 << 20
rng = random.Random(20)
words = [bytes(rng.choice(b"etaoinshrdlucmfwypvbgkjqxz") for _ in range(n))
         for n in range(2, 12) for _ in range(300)]
code = [rng.randbytes(rng.randrange(3, 24)) for _ in range(6000)]


def text(size):
    return b" ".join(rng.choices(words, k=size // 7 + 1))[:size]


def program(size):
    return b"".join(rng.choices(code, k=size // 13 + 1))[:size].ljust(size)


def add(tar, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname = kind, mode, link
    info.size, info.mtime = len(data), 1700000000
    tar.addfile(info, io.BytesIO(data))


def main():
    sizes = [min(int(rng.lognormvariate(7.6, 1.9)), 8 << 20) + 1
             for _ in range(FILES)]
    scale = SIZE / sum(sizes)
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|",
                      format=tarfile.PAX_FORMAT) as tar:
        names = []
        for i, size in enumerate(sizes):
            if i % 20 == 0:
                directory = "./usr/share/d%03d/e%d" % (i // 400, i // 20)
                if i % 400 == 0:
                    add(tar, directory.rsplit("/", 1)[0], tarfile.DIRTYPE,
                        mode=0o755)
                add(tar, directory, tarfile.DIRTYPE, mode=0o755)
            name = "%s/f%d" % (directory, i)
            size = int(size * scale) + 1
            add(tar, name, data=(program if i % 3 == 0 else text)(size),
                mode=0o555 if i % 3 == 0 else 0o644)
            names.append(name)
        for i in range(LINKS):
            add(tar, names[i * 7] + ".s", tarfile.SYMTYPE,
                link="f%d" % (i * 7))
        for i in range(HARD):
            add(tar, names[i * 31] + ".h", tarfile.LNKTYPE,
                link=names[i * 31])


main()
